"""A guarded call, step by step: docs/guard.md."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

from .._steps.effects import Ask, Steps, Work
from .._steps.send import send
from .._steps.wait import wait
from .._wire.canonical import canonical_json
from .._wire.proposal import proposal_body
from .._wire.request import Request, get, intent_path, post
from ..answers import Answer, Intent, Order, Proposal
from ..errors import GateDuplicateError, GateError, GatePendingError
from ..payloads import TextPayload
from .bound_call import BoundCall, arguments_key
from .execution import ATTEMPT_SECONDS, claim_order, run_claimed
from .options import GuardOptions, check_key
from .verdicts import settle, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._config import Config

#: Refusals of an order or a claim after which the intent's state is another one.
_MOVED_ON = frozenset(
    [
        "approval_stale",
        "approval_lapsed",
        "wrong_state",
        "order_expired",
        "order_superseded",
        "intent_expired",
        "intent_revoked",
        "blocked_by_rules",
        "attempts_exhausted",
    ]
)
_NO_ATTEMPT = ("wrong_state", "attempts_exhausted")
_MAX_READS = 3

_ORDERABLE = ("approved", "scheduled", "failed")


def guarded(config: Config, options: GuardOptions, call: BoundCall) -> Steps[Any]:
    """What the function returns, run once for its key, or the `Raised` that it raised. Raises as docs/guard.md says."""
    arguments = call.arguments()
    # Now, before anything waits: what runs is what was approved.
    payload, run = yield from _payload(options, call, arguments)
    key = yield from _key(options, call, arguments)
    proposal = yield from _proposal(options, call, key, payload)
    body = yield Work(lambda: proposal_body(proposal, read_files=config.read_files, max_bytes=config.max_payload_bytes))
    # The caller runs the write: where another executor would, Gate refuses and creates nothing.
    # Without an Idempotency-Key: by the proposal's own key a repeat goes on from the same intent.
    request = replace(post("/v1/intents", {**body, "executor": "proposer"}), idempotency_key=None)
    verdict_answer = yield from send(config, request, Proposal)
    view: Answer = verdict_answer
    if verdict_answer.get("status") == "duplicate_blocked":
        view = yield from _first_of(config, verdict_answer, key)
    return (yield from _go_on(config, options, view, run))


def _go_on(config: Config, options: GuardOptions, view: Answer, run: Callable[[], Any]) -> Steps[Any]:
    intent_id = str(view.get("intentId") or view.get("id"))
    for _ in range(_MAX_READS + 1):
        if view.get("state") == "pending_approval" and options.wait > 0:
            view = yield from _decided(config, options, view, intent_id)
        if view.get("state") not in _ORDERABLE:
            return (yield from settle(config, view))
        try:
            order = yield from send(config, _order(intent_id), Order)
            token = order.get("execution_token")
            claim = (yield from claim_order(config, view, order, token)) if isinstance(token, str) else None
        except GateError as error:
            if error.code not in _MOVED_ON:
                raise
            # Gate orders again only what its report allows.
            if view.get("state") == "failed" and error.code in _NO_ATTEMPT:
                return (yield from settle(config, view))
        else:
            # Without its token the order has ended since, or another call has it.
            if claim is not None:
                return (yield from run_claimed(config, view, claim, run, options.on_raise))
        view = yield from send(config, get(intent_path(intent_id)), Intent)
    raise verdict(config, GateError, view, "changes faster than it can be ordered", "wrong_state")


def _decided(config: Config, options: GuardOptions, view: Answer, intent_id: str) -> Steps[Answer]:
    try:
        # An edit's successor has other data than the function was called with.
        yield from wait(config, intent_id, options.wait, follow_edits=False)
    except GatePendingError as error:
        raise verdict(config, GatePendingError, view, "waits for a person", "pending_approval") from error
    return (yield from send(config, get(intent_path(intent_id)), Intent))


def _order(intent_id: str) -> Request:
    return replace(post(intent_path(intent_id, "/execute"), {}), attempt_limit=ATTEMPT_SECONDS)


def _first_of(config: Config, duplicate: Proposal, key: str) -> Steps[Intent]:
    """The intent that the key names."""
    intent = yield from send(config, get(intent_path(duplicate, "")), Intent)
    if intent.get("idempotency_key") not in (key, None):
        what = "is the same write, proposed under another key"
        raise verdict(config, GateDuplicateError, intent, what, "duplicate_blocked")
    return intent


def _key(options: GuardOptions, call: BoundCall, arguments: list[Any]) -> Steps[str]:
    key = options.key
    if callable(key):
        made = key
        return check_key((yield Ask(lambda: made(*call.args, **call.kwargs))))
    if key == "arguments":
        return arguments_key(options.destination, options.proposal.get("action"), arguments)
    return key


def _payload(
    options: GuardOptions, call: BoundCall, arguments: list[Any]
) -> Steps[tuple[Mapping[str, Any], Callable[[], Any]]]:
    """The payload's options, and the call that runs."""
    payload = options.payload
    if payload is None:
        text = canonical_json(arguments, "arguments")
        return {"payload": TextPayload(text, "application/json")}, call.copied()
    if callable(payload) and not callable(getattr(payload, "read", None)):
        made = payload
        payload = yield Ask(lambda: made(*call.args, **call.kwargs))
    return {"payload": payload}, call


def _proposal(options: GuardOptions, call: BoundCall, key: str, payload: Mapping[str, Any]) -> Steps[Mapping[str, Any]]:
    proposal: dict[str, Any] = {"destination": options.destination, "policy": options.policy, **payload}
    for name, value in options.proposal.items():
        made = value
        proposal[name] = (yield Ask(lambda: made(*call.args, **call.kwargs))) if callable(made) else made  # noqa: B023
    return {**proposal, "idempotency_key": key}
