"""Waiting for a decision: the server holds each call open, so that the answer comes with the decision."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from .._wire.interpret import links_of
from .._wire.options import require_id
from .._wire.request import get, intent_path
from .._wire.retry import is_passing, pause_before
from ..answers import Decision
from ..errors import GateError, GatePendingError
from .effects import Pause, Steps
from .send import send

if TYPE_CHECKING:
    from .._config import Config

DEFAULT_WAIT_SECONDS = 300.0

#: One call: shorter than the idle time limits of usual proxies.
_POLL_SECONDS = 30

#: Beyond a call's own seconds, for its answer to arrive.
_GRACE_SECONDS = 10.0
_LAST_GRACE_SECONDS = 1.0

#: A proxy's larger `Retry-After` must not stall the wait.
_LONGEST_RETRY_AFTER_SECONDS = 60.0


def wait(config: Config, intent: object, timeout: float, *, follow_edits: bool) -> Steps[Decision]:
    """The decided intent, or its successor where a reviewer edited it. Raises `GatePendingError`, code `timeout`, after
    `timeout` seconds; refusals at once."""
    first = intent_id = require_id(intent, "intent_id")
    end = time.monotonic() + timeout
    seen = {intent_id}
    failures = 0
    while True:
        left = max(end - time.monotonic(), 0.0)
        seconds = min(math.ceil(left), _POLL_SECONDS) if left < _POLL_SECONDS else _POLL_SECONDS
        asked = time.monotonic()
        problem: GateError | None = None
        try:
            decision = yield from _poll(config, intent_id, seconds, left)
        except GateError as error:
            # A predecessor names its successor a moment before that exists.
            if not (is_passing(error) or (error.status == 404 and intent_id != first)):
                raise
            problem = error
        else:
            if decision.get("decided") is True:
                successor = decision.get("successor_id")
                if not follow_edits or not isinstance(successor, str) or successor in seen:
                    return decision
                intent_id = successor
                seen.add(successor)
                failures = 0
                continue
            # Undecided before its time: the server restarted, or too many wait. Without a pause the loop would be busy.
            if time.monotonic() - asked >= seconds / 2:
                failures = 0
                if left > seconds:
                    continue
        rest = end - time.monotonic()
        if rest <= 0:
            raise _timed_out(config, intent_id, timeout, problem)
        failures += 1
        yield Pause(min(_pause(problem, failures), rest))


def _poll(config: Config, intent_id: str, seconds: int, left: float) -> Steps[Decision]:
    limit = seconds + _GRACE_SECONDS
    request = get(intent_path(intent_id, "/wait"), {"timeout": seconds})
    limit = limit if seconds == 0 else min(limit, left + _LAST_GRACE_SECONDS)
    return (yield from send(config, replace(request, limit=limit, attempts=1), Decision))


def _pause(problem: GateError | None, failures: int) -> float:
    if problem is None:
        return pause_before(GateError(""), failures) + 0.1
    after = min(problem.retry_after or 0.0, _LONGEST_RETRY_AFTER_SECONDS)
    problem.retry_after = after
    return pause_before(problem, failures) + 0.1


def _timed_out(config: Config, intent_id: str, timeout: float, problem: GateError | None) -> GateError:
    why = "" if problem is None else f"; the last call: {problem.message}"
    error = GatePendingError(
        f"no decision on {intent_id} within {timeout:g} s{why}",
        code="timeout",
        body=None if problem is None else problem.body,
        links=links_of(config.endpoint, intent_id),
        intent_id=intent_id,
        remedy="Wait again, or have a person decide at links['page'].",
    )
    error.__cause__ = problem
    return error
