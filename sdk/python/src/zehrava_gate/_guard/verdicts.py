"""What the state of an intent means to a guarded call: docs/guard.md, By state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._steps.send import send
from .._wire.interpret import links_of
from .._wire.request import get, intent_path
from ..answers import Answer, Result, plain
from ..errors import (
    GateBlockedError,
    GateDuplicateError,
    GateError,
    GateExpiredError,
    GateFailedError,
    GateIndeterminateError,
    GatePendingError,
    GateRejectedError,
)
from .outcome import is_omitted

if TYPE_CHECKING:
    from .._config import Config
    from .._steps.effects import Steps

_REJECTED = ("rejected", "cancelled", "withdrawn", "revoked")

_REMEDIES = {
    "pending_approval": "Have a person decide at links['page'], then call again, or set wait.",
    "already_running": "Call again later: it returns the result, or says how the run ended.",
    "indeterminate": "A person finds out whether it was written, and resolves the intent at links['page'].",
    "result_unavailable": "The write was made. Read what it did at its destination.",
    "duplicate_blocked": "The same payload was proposed under another key: use that intent.",
    "edited": "A reviewer changed the payload: propose the successor's as a call of its own.",
    "failed": "Use another key for another attempt.",
    "expired": "Use another key to propose it again.",
}


def settle(config: Config, view: Answer) -> Steps[Any]:
    """What an earlier run returned, where the write succeeded. Raises the error that the state stands for."""
    state = view.get("state")
    if state == "succeeded":
        result = yield from _result(config, view)
        if result is not None and not is_omitted(result.get("result")):
            return plain(result.get("result"))
        raise verdict(config, GateDuplicateError, view, "succeeded, and its result is not stored", "result_unavailable")
    if state == "failed":
        result = yield from _result(config, view)
        raise _failed(config, view, None if result is None else plain(result.get("result")))
    raise _refusal(config, view)


def verdict(config: Config, kind: type[GateError], view: Answer, what: str, code: str) -> GateError:
    intent_id = view.get("intentId") or view.get("id")
    reason = view.get("block_reason") or view.get("hold_reason")
    return kind(
        f"{intent_id} {what}" + (f": {str(reason).rstrip('.')}" if reason else ""),
        body=view,
        code=code,
        reason_code=view.get("reason_code"),
        remedy=_REMEDIES.get(code) or view.get("remedy"),
        links=links_of(config.endpoint, intent_id),
        intent_id=intent_id,
    )


def _refusal(config: Config, view: Answer) -> GateError:
    state = str(view.get("state"))
    if state == "pending_approval":
        return verdict(config, GatePendingError, view, "waits for a person", state)
    if state == "claimed":
        what = "is run by another call, or by one that ended without a report"
        return verdict(config, GateDuplicateError, view, what, "already_running")
    if state == "indeterminate":
        return verdict(config, GateIndeterminateError, view, "may have been written", state)
    if state == "blocked":
        return verdict(config, GateBlockedError, view, "is blocked", state)
    if state == "expired":
        return verdict(config, GateExpiredError, view, "expired", state)
    if state in _REJECTED:
        successor = view.get("successor_id")
        is_edited = isinstance(successor, str)
        what = "was edited" if is_edited else f"was {state}"
        rejected = verdict(config, GateRejectedError, view, what, "edited" if is_edited else state)
        if isinstance(rejected, GateRejectedError) and isinstance(successor, str):
            rejected.successor_id = successor
        return rejected
    return verdict(config, GateError, view, f"is in the state {state!r}, which this SDK doesn't know", "wrong_state")


def _failed(config: Config, view: Answer, result: Any) -> GateError:
    error = result.get("error") if isinstance(result, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    failed = verdict(config, GateFailedError, view, "failed" + (f": {message}" if message else ""), "failed")
    if isinstance(failed, GateFailedError):
        failed.result = result
    return failed


def _result(config: Config, view: Answer) -> Steps[Any]:
    path = intent_path(view.get("intentId") or view.get("id"), "/result")
    try:
        return (yield from send(config, get(path), Result))
    except GateError as error:
        if error.status == 404:
            return None
        raise
