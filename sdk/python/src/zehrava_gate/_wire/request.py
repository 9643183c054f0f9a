"""One request to Gate, before it has a key or an address."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from .options import require_id

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    #: Whose key goes along: `agent`, `reviewer`, `nobody`; any other text is the token itself.
    key: str = field(default="agent", repr=False)
    #: Seconds for the whole call; None: the client's.
    limit: float | None = None
    #: Attempts at most; 1 never repeats.
    attempts: int = 4
    #: Seconds for one attempt, after which it counts as lost; None: the whole call's.
    attempt_limit: float | None = None
    #: Under one key the server acts once and repeats its stored answer, so that a lost answer can be asked for again.
    #: None: the request carries none.
    idempotency_key: str | None = field(default_factory=lambda: uuid.uuid4().hex)


def get(path: str, query: Mapping[str, Any] | None = None, *, key: str = "agent") -> Request:
    return Request("GET", path + query_of(query or {}), key=key)


def post(path: str, body: Mapping[str, Any], *, key: str = "agent") -> Request:
    return Request("POST", path, body, key=key)


def query_of(values: Mapping[str, Any]) -> str:
    given = {name: _query_text(value) for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _query_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def intent_path(intent: Any, tail: str = "") -> str:
    return f"/v1/intents/{quote(require_id(intent, 'intent_id'), safe='')}{tail}"


def execution_path(execution: Any, tail: str = "") -> str:
    return f"/v1/executions/{quote(require_id(execution, 'execution_id'), safe='')}{tail}"
