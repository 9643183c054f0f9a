"""What a response means: an answer, or an error with what to do."""

from __future__ import annotations

import email.utils
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from ..answers import Answer
from ..errors import (
    GateDuplicateError,
    GateError,
    GateKeyError,
    GateUnavailableError,
)
from .remedies import REMEDIES

if TYPE_CHECKING:
    from collections.abc import Mapping

AnswerType = TypeVar("AnswerType", bound=Answer)


@dataclass(frozen=True)
class Received:
    """A response; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Lost:
    """No whole response came. `code`: `network`, `timeout` or `too_large`."""

    code: str
    why: str
    cause: BaseException | None = field(default=None, compare=False)


def interpret(outcome: Received | Lost, kind: type[AnswerType], endpoint: str) -> AnswerType | GateError:
    if isinstance(outcome, Lost):
        lost = GateUnavailableError(
            f"Gate at {endpoint} {outcome.why}", code=outcome.code, remedy=REMEDIES[outcome.code]
        )
        lost.__cause__ = outcome.cause
        return lost
    if 300 <= outcome.status < 400:
        where = outcome.headers.get("location", "elsewhere")[:200]
        return _unusable(outcome, "redirected", f"{endpoint} redirects to {where!r}", None)
    body = _json_object(outcome.content)
    if body is None:
        text = outcome.content.decode("utf-8", "replace")
        message = f"HTTP {outcome.status}: {endpoint} answered no whole JSON object, so it is not Gate that answered"
        return _unusable(outcome, "not_json", message, text)
    # A used idempotency key: a verdict on the first intent, and no failure of the call.
    is_duplicate = outcome.status == 409 and body.get("status") == "duplicate_blocked"
    if 200 <= outcome.status < 300 or is_duplicate:
        return kind(body)
    return _refusal(outcome, Answer(body), endpoint)


def links_of(endpoint: str, intent_id: str | None) -> dict[str, str]:
    """The addresses of an intent; empty where none is known."""
    if not intent_id:
        return {}
    name = quote(intent_id, safe="")
    intent = f"{endpoint}/v1/intents/{name}"
    return {
        "self": intent,
        "page": f"{endpoint}/cases/{name}",
        "wait": f"{intent}/wait",
        "result": f"{intent}/result",
    }


def _refusal(received: Received, body: Answer, endpoint: str) -> GateError:
    status = received.status
    code = _first_text(body, "code", "error") or f"http_{status}"
    intent_id = _first_text(body, "intent_id")
    message = _first_text(body, "detail", "message", "error") or f"HTTP {status}"
    details = {
        "code": code,
        "reason_code": _first_text(body, "reason_code"),
        "remedy": _first_text(body, "remedy") or REMEDIES.get(code),
        "links": links_of(endpoint, intent_id),
        "intent_id": intent_id,
        "retry_after": retry_after(received.headers.get("retry-after")),
    }
    kind: type[GateError] = GateError
    if status == 401:
        kind = GateKeyError
    elif status >= 500:
        kind = GateUnavailableError
    elif code == "idempotency_key_reused":
        kind = GateDuplicateError
    return kind(message.rstrip("."), status, body, **details)  # type: ignore[arg-type]


def _unusable(received: Received, code: str, message: str, body: str | None) -> GateError:
    after = retry_after(received.headers.get("retry-after"))
    remedy = REMEDIES[code]
    return GateUnavailableError(message, received.status, body, code=code, remedy=remedy, retry_after=after)


def _first_text(body: Mapping[str, Any], *names: str) -> str | None:
    return next((body[name] for name in names if name in body and isinstance(body[name], str)), None)


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content.decode(), object_hook=Answer, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def retry_after(value: str | None) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return max(at.timestamp() - time.time(), 0.0)
