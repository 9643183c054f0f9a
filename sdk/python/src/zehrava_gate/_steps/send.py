"""One call: sent, and sent again where that is safe, within its time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from .._wire.interpret import Lost, interpret
from .._wire.json_text import json_text
from .._wire.retry import is_passing, pause_before
from ..answers import Answer
from ..errors import GateError
from .effects import Exchange, Pause, Steps

if TYPE_CHECKING:
    from .._config import Config
    from .._wire.request import Request

AnswerType = TypeVar("AnswerType", bound=Answer)

_VERSION_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": "zehrava-gate-python",
}


_SHORTEST_ATTEMPT_SECONDS = 1.0


def send(config: Config, request: Request, kind: type[AnswerType]) -> Steps[AnswerType]:
    """The answer. A POST has an `Idempotency-Key`, under which the server acts once: both kinds of request may be
    repeated. Raises `GateError`, `limit` seconds later at most."""
    headers, content = _wire_form(config, request)
    limit = config.timeout if request.limit is None else request.limit
    end = time.monotonic() + limit
    # An attempt that can't succeed would put its own timeout in the place of what went wrong.
    shortest = min(limit / 4, _SHORTEST_ATTEMPT_SECONDS)
    attempt = 0
    while True:
        left = max(end - time.monotonic(), 0.001)
        attempt_left = left if request.attempt_limit is None else min(left, request.attempt_limit)
        outcome = yield Exchange(request.method, config.endpoint + request.path, headers, content, attempt_left)
        if isinstance(outcome, Lost) and outcome.code == "timeout" and attempt_left == left:
            outcome = Lost("timeout", f"did not answer within {limit:.3g} s", outcome.cause)
        result = interpret(outcome, kind, config.endpoint)
        if not isinstance(result, GateError):
            return result
        attempt += 1
        pause = pause_before(result, attempt)
        if attempt >= request.attempts or not is_passing(result) or time.monotonic() + pause + shortest >= end:
            raise result
        yield Pause(pause)


def _wire_form(config: Config, request: Request) -> tuple[dict[str, str], bytes | None]:
    headers = dict(_VERSION_HEADERS)
    key = _key_of(config, request)
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    if request.method != "POST":
        return headers, None
    if request.idempotency_key is not None:
        headers["idempotency-key"] = f'"{request.idempotency_key}"'
    headers["content-type"] = "application/json"
    return headers, json_text(dict(request.body or {}), "").encode()


def _key_of(config: Config, request: Request) -> Any:
    if request.key == "agent":
        return config.agent_key()
    if request.key == "reviewer":
        return config.reviewer()
    return None if request.key == "nobody" else request.key
