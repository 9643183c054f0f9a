"""The order of a guarded call: claimed, run once, reported."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable

from .._steps.effects import Raised, Returned, Run, Steps
from .._steps.send import send
from .._wire.interpret import links_of
from .._wire.request import Request, execution_path
from ..answers import Answer, Order
from ..errors import GateDuplicateError, GateError, GateIndeterminateError
from .outcome import error_result, is_omitted, meaning_of, omitted, result_of
from .verdicts import verdict

if TYPE_CHECKING:
    from .._config import Config
    from .options import OnRaise

#: While Gate can't be reached, a report is repeated for so long.
REPORT_SECONDS = 30.0

#: A small request that hangs for so long is lost, and asked for again under its `Idempotency-Key`.
ATTEMPT_SECONDS = 10.0

#: Of a claim whose times can't be read: a third of the server's default.
_DEFAULT_BEAT_SECONDS = 100.0
_SHORTEST_BEAT_SECONDS = 0.2


@dataclass(frozen=True)
class Claim:
    """An order that is this call's to execute, by Gate's own answer."""

    order: Order
    token: str = field(repr=False)
    beat_seconds: float


def run_claimed(config: Config, view: Answer, claim: Claim, run: Callable[[], Any], on_raise: OnRaise) -> Steps[Any]:
    """Runs once and reports; returns what `run` returned, or the `Raised` that it raised: out of a generator a
    `StopIteration` would come as another error."""
    token, path = claim.token, execution_path(claim.order)

    def beat() -> Steps[Order]:
        return send(config, Request("POST", f"{path}/heartbeat", {}, key=token, limit=claim.beat_seconds), Order)

    ran: Returned | Raised = yield Run(run, beat, claim.beat_seconds)
    if isinstance(ran, Raised):
        meaning = meaning_of(ran.error, on_raise)
        status = "indeterminate" if meaning == "indeterminate" else "failed"
        body: dict[str, Any] = {"status": status, "result": error_result(ran.error)}
        if meaning == "retryable":
            body["retryable"] = True
        yield from _report(config, path, token, body)
        return ran
    problem = yield from _report(config, path, token, {"status": "succeeded", "result": result_of(ran.value)})
    if ran.interrupted is not None:
        return Raised(ran.interrupted)
    if problem is not None:
        raise _report_failed(config, view, ran.value, problem)
    return ran.value


def claim_order(config: Config, view: Answer, order: Order, token: str) -> Steps[Claim]:
    """Until Gate's answer says that the claim is ours, nothing runs."""
    asked_at = time.time()
    request = Request("POST", execution_path(order, "/claim"), {}, key=token, attempt_limit=ATTEMPT_SECONDS)
    try:
        claimed = yield from send(config, request, Order)
    except GateError as error:
        if error.code != "already_claimed":
            raise
        what = "is run by another call, or by one that ended without a report"
        raise verdict(config, GateDuplicateError, view, what, "already_running") from error
    beat_seconds = _beat_seconds(claimed)
    if time.time() - asked_at < 3 * beat_seconds:
        return Claim(order, token, beat_seconds)
    # The machine slept meanwhile, and a person may have resolved the outcome by now.
    raise verdict(
        config, GateIndeterminateError, view, "was claimed, and the claim lapsed: nothing ran", "indeterminate"
    )


def _report(config: Config, path: str, token: str, body: dict[str, Any]) -> Steps[GateError | None]:
    """None where Gate has the report; else why not."""
    problem = yield from _try_report(config, path, token, body)
    # The server's parser is stricter, or its limit lower: the outcome matters more than the result.
    if problem is not None and problem.status in (400, 413) and not is_omitted(body["result"]):
        smaller = {**body, "result": omitted("not_json" if problem.status == 400 else "too_large")}
        return (yield from _try_report(config, path, token, smaller))
    return problem


def _try_report(config: Config, path: str, token: str, body: dict[str, Any]) -> Steps[GateError | None]:
    report = Request(
        "POST",
        f"{path}/report",
        body,
        key=token,
        limit=REPORT_SECONDS,
        attempts=1_000,
        attempt_limit=ATTEMPT_SECONDS,
    )
    try:
        yield from send(config, report, Order)
    except GateError as error:
        # An earlier attempt arrived: nobody else has the token.
        return None if error.code == "already_reported" else error
    return None


def _report_failed(config: Config, view: Answer, value: Any, problem: GateError) -> GateError:
    intent_id = view.get("intentId") or view.get("id")
    error = GateIndeterminateError(
        f"{intent_id} ran, and Gate did not take its report: {problem.message}",
        problem.status,
        problem.body,
        code="report_failed",
        links=links_of(config.endpoint, intent_id),
        intent_id=intent_id,
        remedy="The write was made: `value` is what the function returned. A person resolves the intent.",
    )
    error.value = value
    error.__cause__ = problem
    return error


def _beat_seconds(claimed: Order) -> float:
    """A third of the claim's time."""
    try:
        since, until = (_time(claimed[name]) for name in ("claimed_at", "claim_expires_at"))
    except (KeyError, TypeError, ValueError, AttributeError):
        return _DEFAULT_BEAT_SECONDS
    return max((until - since).total_seconds() / 3, _SHORTEST_BEAT_SECONDS)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
