"""What is reported of a run, and what a repeat reads of it."""

from __future__ import annotations

from typing import Any

from .._wire.json_text import json_text
from ..answers import plain
from ..errors import GateOptionError
from .options import OnRaise, check_meaning

#: The server's limit of a report's result.
MAX_RESULT_BYTES = 64 * 1024

_MAX_MESSAGE_CHARACTERS = 1_000

#: By name, of every library: after these the write may have arrived.
_OPEN_ENDED = frozenset(
    [
        "AbortError",
        "TimeoutError",
        "Timeout",
        "TimeoutException",
        "TimeoutExpired",
        "CancelledError",
        "Cancelled",
    ]
)


def result_of(value: Any) -> Any:
    """The value as the report carries it, or the mark of what it can't carry."""
    if value is None:
        return None
    try:
        text = json_text(value, "result")
    except GateOptionError:
        return omitted("not_json")
    return plain(value) if len(text.encode()) <= MAX_RESULT_BYTES else omitted("too_large")


def omitted(why: str) -> dict[str, Any]:
    return {"$gate": {"result_omitted": why}}


def is_omitted(result: Any) -> bool:
    return isinstance(result, dict) and "$gate" in result


def error_result(error: BaseException) -> dict[str, Any]:
    message = str(error).encode("utf-8", "replace").decode()[:_MAX_MESSAGE_CHARACTERS]
    return {"error": {"name": type(error).__name__, "message": message}}


def meaning_of(error: BaseException, on_raise: OnRaise) -> str:
    """`failed`, `retryable` or `indeterminate`. An error of `on_raise` itself leaves the outcome open."""
    if callable(on_raise):
        try:
            return check_meaning(on_raise(error))
        except Exception:  # noqa: BLE001
            return "indeterminate"
    if on_raise is not None:
        return on_raise
    if not isinstance(error, Exception):
        return "indeterminate"
    names = {kind.__name__ for kind in type(error).__mro__}
    return "indeterminate" if names & _OPEN_ENDED else "failed"
