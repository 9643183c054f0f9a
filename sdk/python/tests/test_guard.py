"""Guarded functions against the real server: docs/guard.md."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

from zehrava_gate import (
    Gate,
    GateBlockedError,
    GateDuplicateError,
    GateError,
    GateFailedError,
    GateIndeterminateError,
    GateOptionError,
    GatePendingError,
    GateRejectedError,
    GateUnavailableError,
)
from zehrava_gate._guard import execution

from .support.fake_server import nobody
from .support.server import ROOT, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTO: Any = {"destination": "hubspot.contacts", "policy": "crm-low-risk"}
MONEY: Any = {"destination": "netsuite.payout", "policy": "finance-high-risk"}


def contact() -> list[dict[str, str]]:
    return [{"email": f"{uuid.uuid4().hex}@example.com"}]


class Runs:
    """A function that counts its runs."""

    def __init__(self, outcome: Any = "done") -> None:
        self.count = 0
        self.outcome = outcome
        self.arguments: Any = None

    def __call__(self, *arguments: Any) -> Any:
        self.count += 1
        self.arguments = arguments
        outcome = self.outcome() if callable(self.outcome) else self.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def intent_of(gate: Gate, state: str) -> Any:
    return next(gate.intents(status=state, limit=1))


def pending_payouts(gate: Gate) -> dict[str, Any]:
    """By their ids: other tests leave some."""
    return {each.intent_id: each for each in gate.pending(destination="netsuite.payout")}


def new_payout(gate: Gate, before: dict[str, Any]) -> str:
    """The payout that waits since, once it does."""
    for _ in range(200):
        since = pending_payouts(gate).keys() - before.keys()
        if since:
            return since.pop()
        time.sleep(0.05)
    raise AssertionError("nothing waits")


def test_a_function_runs_once_and_a_repeat_returns_its_result(gate: Gate) -> None:
    runs = Runs({"imported": 1, "at": None, "list": [1, "é"]})
    guarded = gate.guard(key="arguments", **AUTO)(runs)
    arguments = contact()
    first = guarded(arguments)
    second = guarded(arguments)
    assert first == second == {"imported": 1, "at": None, "list": [1, "é"]}
    assert type(second) is dict
    assert runs.count == 1
    guarded(contact())
    assert runs.count == 2


def test_another_process_with_the_same_key_gets_the_first_one_s_result(
    gate: Gate, server: Server, agent_key: str
) -> None:
    key = uuid.uuid4().hex
    first, second = Runs(1), Runs(2)
    payload = {"email": "ada@example.com"}
    assert gate.guard(key=key, payload=payload, **AUTO)(first)() == 1
    with Gate(server.endpoint, agent_key) as other:
        assert other.guard(key=key, payload=payload, **AUTO)(second)() == 1
    assert second.count == 0


def test_a_held_call_raises_and_goes_on_once_a_person_approved(gate: Gate) -> None:
    runs = Runs("paid")
    guarded = gate.guard(key="arguments", **MONEY)(runs)
    amount = {"amount": 5, "to": uuid.uuid4().hex}
    with pytest.raises(GatePendingError, match=r"waits for a person.*page") as raised:
        guarded(amount)
    pending = raised.value
    assert pending.code == "pending_approval"
    assert pending.reason_code == "manual_review_required"
    assert pending.links["page"].endswith(f"/cases/{pending.intent_id}")
    assert set(pending.links) == {"self", "page", "wait", "result"}
    with pytest.raises(GatePendingError):
        guarded(amount)
    assert pending.intent_id is not None
    gate.approve(pending.intent_id)
    assert guarded(amount) == guarded(amount) == "paid"
    assert runs.count == 1
    assert runs.arguments == (amount,)


def test_a_held_call_waits_where_it_may(gate: Gate) -> None:
    runs = Runs("paid")
    guarded = gate.guard(key="arguments", wait=30, **MONEY)(runs)
    amount = {"to": uuid.uuid4().hex}
    before = pending_payouts(gate)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(guarded, amount)
        held = new_payout(gate, before)
        gate.approve(held)
        assert call.result(20) == "paid"


def test_a_wait_that_ends_is_pending(gate: Gate) -> None:
    with pytest.raises(GatePendingError) as raised:
        gate.guard(key="arguments", wait=0.2, **MONEY)(Runs())({"to": uuid.uuid4().hex})
    assert raised.value.code == "pending_approval"
    gate.withdraw(str(raised.value.intent_id))


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda gate, intent: gate.reject(intent, "no"), "rejected"),
        (lambda gate, intent: gate.cancel_approval(intent), "cancelled"),
        (lambda gate, intent: gate.withdraw(intent), "withdrawn"),
        (lambda gate, intent: gate.revoke(intent), "revoked"),
    ],
)
def test_what_a_person_refused_never_runs(gate: Gate, end: Callable[[Gate, str], Any], code: str) -> None:
    runs = Runs()
    guarded = gate.guard(key="arguments", **MONEY)(runs)
    amount = {"to": uuid.uuid4().hex}
    with pytest.raises(GatePendingError) as pending:
        guarded(amount)
    end(gate, str(pending.value.intent_id))
    with pytest.raises(GateRejectedError) as raised:
        guarded(amount)
    assert (raised.value.code, raised.value.successor_id) == (code, None)
    assert runs.count == 0


def test_what_a_policy_blocks_never_runs(gate: Gate) -> None:
    runs = Runs()
    with pytest.raises(GateBlockedError) as raised:
        gate.guard(destination="unknown.system", policy="crm-low-risk", key="arguments")(runs)(contact())
    assert raised.value.reason_code
    assert raised.value.intent_id
    assert runs.count == 0


def test_a_raise_is_reported_and_is_not_run_again(gate: Gate) -> None:
    runs = Runs(ValueError("no such list é"))
    guarded = gate.guard(key="arguments", **AUTO)(runs)
    arguments = contact()
    with pytest.raises(ValueError, match="no such list"):
        guarded(arguments)
    with pytest.raises(GateFailedError, match="no such list é") as raised:
        guarded(arguments)
    assert raised.value.result == {"error": {"name": "ValueError", "message": "no such list é"}}
    assert runs.count == 1


def test_a_retryable_raise_runs_again_with_an_order_of_its_own(gate: Gate) -> None:
    outcomes: Iterator[Any] = iter([ConnectionRefusedError("down"), "imported"])
    runs = Runs(lambda: next(outcomes))
    guarded = gate.guard(
        key="arguments", on_raise=lambda error: "retryable" if isinstance(error, OSError) else "failed", **AUTO
    )(runs)
    arguments = contact()
    with pytest.raises(ConnectionRefusedError):
        guarded(arguments)
    assert guarded(arguments) == guarded(arguments) == "imported"
    assert runs.count == 2


@pytest.mark.parametrize(
    "error", [TimeoutError("late"), asyncio.TimeoutError("late"), KeyboardInterrupt(), SystemExit(1)]
)
def test_an_open_end_is_indeterminate_and_is_not_run_again(gate: Gate, error: BaseException) -> None:
    runs = Runs(error)
    guarded = gate.guard(key="arguments", **AUTO)(runs)
    arguments = contact()
    with pytest.raises(type(error)):
        guarded(arguments)
    with pytest.raises(GateIndeterminateError) as raised:
        guarded(arguments)
    assert raised.value.code == "indeterminate"
    assert runs.count == 1


def test_an_iterator_s_end_is_the_function_s_error_like_any_other(gate: Gate) -> None:
    def ends(_: Any) -> Any:
        return next(iter(()))

    guarded = gate.guard(key="arguments", **AUTO)(ends)
    arguments = contact()
    with pytest.raises(StopIteration):
        guarded(arguments)
    with pytest.raises(GateFailedError):
        guarded(arguments)


def test_an_on_raise_that_fails_leaves_the_outcome_open(gate: Gate) -> None:
    guarded = gate.guard(key="arguments", on_raise=lambda _: "perhaps", **AUTO)(Runs(ValueError("x")))
    arguments = contact()
    with pytest.raises(ValueError, match="x"):
        guarded(arguments)
    with pytest.raises(GateIndeterminateError):
        guarded(arguments)


@pytest.mark.parametrize("value", [object(), math.nan, b"bytes", "x" * 70_000])
def test_a_result_that_is_no_json_is_returned_once_and_not_invented_later(gate: Gate, value: Any) -> None:
    guarded = gate.guard(key="arguments", **AUTO)(Runs(lambda: value))
    arguments = contact()
    assert guarded(arguments) is value
    with pytest.raises(GateDuplicateError, match="result is not stored") as raised:
        guarded(arguments)
    assert raised.value.code == "result_unavailable"


def test_none_is_a_result(gate: Gate) -> None:
    guarded = gate.guard(key="arguments", **AUTO)(Runs(None))
    arguments = contact()
    assert guarded(arguments) is None
    assert guarded(arguments) is None


def test_of_many_callers_at_once_one_runs(gate: Gate) -> None:
    inside = threading.Event()

    def slowly() -> str:
        inside.wait(30)
        return "done"

    runs = Runs(slowly)
    guarded = gate.guard(key="arguments", **AUTO)(runs)
    arguments = contact()
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(guarded, arguments) for _ in range(8)]
        end = time.monotonic() + 25
        while sum(call.done() for call in calls) < 7 and time.monotonic() < end:
            time.sleep(0.02)
        inside.set()
        outcomes = [call.exception() for call in calls]
    assert runs.count == 1
    errors = [error for error in outcomes if error is not None]
    assert len(errors) == 7
    assert {type(error) for error in errors} == {GateDuplicateError}
    assert {error.code for error in errors if isinstance(error, GateError)} == {"already_running"}


def slept() -> str:
    time.sleep(1)
    return "late"


def test_a_long_function_keeps_its_claim(agent_key: str) -> None:
    short = Server(GATE_CLAIM_TTL_SECONDS="30")
    try:
        beats = []
        with Gate(short.endpoint, short.register()) as gate:
            original = gate._io.run

            def counting(steps: Any) -> Any:
                if threading.current_thread().name == "zehrava-gate-heartbeat":
                    beats.append(1)
                return original(steps)

            gate._io.run = counting  # type: ignore[method-assign]
            divided = execution._beat_seconds
            execution._beat_seconds = lambda claimed: divided(claimed) / 50
            try:
                assert gate.guard(key="arguments", **AUTO)(lambda _: slept())(contact()) == "late"
            finally:
                execution._beat_seconds = divided
        assert len(beats) >= 2
    finally:
        short.stop()


def test_key_payload_and_numbers_may_be_functions_of_the_arguments(gate: Gate) -> None:
    runs = Runs("ok")
    guarded = gate.guard(
        key=lambda order, rows: f"order-{order}",
        payload=lambda order, rows: rows,
        record_count=lambda order, rows: len(rows),
        **AUTO,
    )(runs)
    number, rows = uuid.uuid4().hex, contact()
    assert guarded(number, rows) == "ok"
    intent = intent_of(gate, "succeeded")
    assert (intent["estimated_records"], intent.status) == (1, "succeeded")
    # The function gets its arguments themselves.
    assert runs.arguments[1] is rows


def test_a_key_of_another_request_is_refused(gate: Gate) -> None:
    guarded = gate.guard(key=uuid.uuid4().hex, **AUTO)(Runs())
    guarded(contact())
    with pytest.raises(GateDuplicateError) as raised:
        guarded(contact())
    assert raised.value.code == "idempotency_key_reused"


def test_what_runs_is_what_was_approved_whatever_happens_to_the_arguments(gate: Gate) -> None:
    runs = Runs("paid")
    guarded = gate.guard(key="arguments", wait=20, **MONEY)(runs)
    amount = {"to": uuid.uuid4().hex, "amount": 5}
    before = pending_payouts(gate)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(guarded, amount)
        held = new_payout(gate, before)
        amount["amount"] = 5_000_000
        gate.approve(held)
        call.result(20)
    assert runs.arguments[0]["amount"] == 5


def test_arguments_without_json_are_refused_before_anything_is_sent(gate: Gate) -> None:
    runs = Runs()
    with pytest.raises(GateOptionError, match=r"arguments\[0\]\.at is of type object"):
        gate.guard(key="arguments", **AUTO)(runs)({"at": object()})
    assert runs.count == 0


def test_without_gate_nothing_runs() -> None:
    runs = Runs()
    with Gate(nobody(), "gate_sk_x", timeout=1) as gate, pytest.raises(GateUnavailableError):
        gate.guard(key="arguments", **AUTO)(runs)(contact())
    assert runs.count == 0


def test_an_error_of_gate_s_inside_the_function_is_the_function_s(gate: Gate) -> None:
    runs = Runs(GateError("inner", 409, code="wrong_state"))
    guarded = gate.guard(key="arguments", **AUTO)(runs)
    with pytest.raises(GateError, match="inner"):
        guarded(contact())
    assert runs.count == 1


def test_a_method_is_guarded_without_its_self(gate: Gate) -> None:
    class Crm:
        def __init__(self) -> None:
            self.imported: list[Any] = []

        @gate.guard(key="arguments", **AUTO)
        def load(self, contacts: list[Any], *, dry: bool = False) -> int:
            """Loads."""
            self.imported += contacts
            return len(contacts)

    crm, contacts = Crm(), contact()
    assert crm.load(contacts) == crm.load(contacts=contacts, dry=False) == 1
    assert crm.imported == contacts
    assert (Crm.load.__name__, Crm.load.__doc__) == ("load", "Loads.")


def test_a_function_that_only_promises_is_no_success(gate: Gate) -> None:
    async def later() -> str:
        return "never"

    def promise() -> Any:
        return later()

    guarded = gate.guard(key=uuid.uuid4().hex, **AUTO)(promise)
    with pytest.raises(GateOptionError, match="did not run"):
        guarded()


def test_a_destination_that_gate_executes_is_refused_with_the_right_way() -> None:
    registry = """
unbound_destinations: block
destinations:
  crm.write:
    policies: [open]
    executor: external_pull
"""
    policy = "id: open\ndestinations: [crm.write]\nauto_approve_under: 100\n"
    elsewhere = Server({"gate.yaml": registry, "policies/open.yaml": policy})
    try:
        runs = Runs()
        with Gate(elsewhere.endpoint, elsewhere.register()) as gate:
            with pytest.raises(GateError, match="executor") as raised:
                gate.guard(destination="crm.write", policy="open", key="arguments")(runs)(contact())
            assert raised.value.code == "wrong_executor"
            assert raised.value.remedy
            assert gate.list().intents == []
        assert runs.count == 0
    finally:
        elsewhere.stop()


def test_a_process_that_dies_in_the_middle_leaves_a_write_that_never_runs_again(
    gate: Gate, server: Server, agent_key: str, tmp_path: Path
) -> None:
    program = """
import os, sys
from zehrava_gate import Gate

gate = Gate(sys.argv[1], sys.argv[2])

@gate.guard(destination="hubspot.contacts", policy="crm-low-risk", key=sys.argv[3], payload={"email": "a@example.com"})
def write():
    with open(sys.argv[4], "a") as file:
        file.write("written ")
    os._exit(9)

write()
"""
    key, witness = uuid.uuid4().hex, tmp_path / "witness"
    command = [sys.executable, "-c", program, server.endpoint, agent_key, key, str(witness)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "sdk/python/src")}
    assert subprocess.run(command, check=False, env=env, timeout=30).returncode == 9
    again = subprocess.run(command, check=False, env=env, timeout=30, capture_output=True, text=True)
    assert "GateDuplicateError" in again.stderr
    assert "Call again later" in again.stderr
    assert witness.read_text() == "written "
