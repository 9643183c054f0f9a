"""What a guarded call asks of Gate, and does with answers that a real server seldom gives."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from zehrava_gate import (
    Gate,
    GateDuplicateError,
    GateError,
    GateIndeterminateError,
    GateRejectedError,
    GateUnavailableError,
)

from .support.fake_server import Asked, FakeServer, answer, silence

CLAIM = {"claimed_at": "2026-12-01T00:00:00.000Z", "claim_expires_at": "2026-12-01T00:05:00.000Z"}
ORDER = {"executionId": "exe_1", "execution_token": "gex_1", "intent_id": "int_1"}
PROBLEM = {"detail": "No."}

#: The answer to each call by the end of its path; a list answers one request after the other.
ANSWERS: dict[str, Any] = {
    "/v1/intents": (200, {"intentId": "int_1", "status": "approved", "state": "approved"}),
    "/v1/intents/int_1": (200, {"id": "int_1", "status": "approved", "state": "approved", "idempotency_key": "k"}),
    "/execute": (201, ORDER),
    "/claim": (200, {**ORDER, **CLAIM}),
    "/report": (200, ORDER),
}


class Scripted:
    """A server that follows a script."""

    def __init__(self, **changed: Any) -> None:
        self.script = {**ANSWERS, **{f"/{name}": value for name, value in changed.items() if name != "intent"}}
        if "intent" in changed:
            self.script["/v1/intents/int_1"] = changed["intent"]
        if "intents" in changed:
            self.script["/v1/intents"] = changed["intents"]
        self.count: dict[str, int] = {}

    def __call__(self, asked: Asked, _: int) -> None:
        end = max((end for end in self.script if asked.path.endswith(end)), key=len)
        n = self.count[end] = self.count.get(end, 0) + 1
        step = self.script[end]
        if isinstance(step, list):
            step = step[min(n, len(step)) - 1]
        if callable(step):
            step(asked, n)
        else:
            answer(asked, step[0], step[1])


def guarded(server: FakeServer, function: Callable[[], Any], **options: Any) -> Any:
    with Gate(server.endpoint, "gate_sk_x", timeout=2) as gate:
        given = {"destination": "a.b", "policy": "p", "key": "k", **options}
        return gate.guard(**given)(function)()


def calls(server: FakeServer, end: str) -> list[Asked]:
    return [asked for asked in server.asked if asked.path.endswith(end)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zehrava_gate._guard.execution.ATTEMPT_SECONDS", 0.4)
    monkeypatch.setattr("zehrava_gate._guard.execution.REPORT_SECONDS", 1.0)
    monkeypatch.setattr("zehrava_gate._wire.retry.FIRST_PAUSE_SECONDS", 0.02)


def test_a_call_says_who_runs_it_and_repeats_only_under_keys() -> None:
    with FakeServer(Scripted()) as server:
        assert guarded(server, lambda: {"rows": 1}) == {"rows": 1}
        assert [asked.path.rpartition("/")[2] for asked in server.asked] == ["intents", "execute", "claim", "report"]
        proposal, _, claim, report = server.asked
    body = json.loads(proposal.body)
    assert (body["executor"], body["idempotency_key"], body["payload"]) == ("proposer", "k", "[]")
    assert body["payload_media_type"] == "application/json"
    assert "idempotency-key" not in proposal.headers
    assert claim.headers["authorization"] == report.headers["authorization"] == "Bearer gex_1"
    assert claim.headers["idempotency-key"] != report.headers["idempotency-key"]
    assert json.loads(report.body) == {"status": "succeeded", "result": {"rows": 1}}


def test_a_claim_that_hangs_is_asked_for_again_under_its_key_and_runs_once() -> None:
    runs = []
    with FakeServer(Scripted(claim=[silence, ANSWERS["/claim"]])) as server:
        guarded(server, lambda: runs.append(1))
        first, second = calls(server, "/claim")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert runs == [1]


@pytest.mark.parametrize("claim", [silence, lambda asked, _: asked.connection.close(), (503, PROBLEM), (200, "no")])
def test_without_an_answer_to_the_claim_nothing_runs(claim: Any) -> None:
    runs = []
    with FakeServer(Scripted(claim=claim)) as server, pytest.raises(GateUnavailableError):
        guarded(server, lambda: runs.append(1))
    assert runs == []


def test_a_claim_that_lapsed_before_its_answer_came_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    clock = iter([0.0, 300.0])
    monkeypatch.setattr("zehrava_gate._guard.execution.time", SimpleNamespace(time=lambda: next(clock)))
    with FakeServer(Scripted()) as server, pytest.raises(GateIndeterminateError, match="nothing ran"):
        guarded(server, lambda: runs.append(1))
    assert runs == []


def test_another_call_s_claim_runs_nothing() -> None:
    runs = []
    with FakeServer(Scripted(claim=(409, {"code": "already_claimed", **PROBLEM}))) as server:
        with pytest.raises(GateDuplicateError) as raised:
            guarded(server, lambda: runs.append(1))
    assert (raised.value.code, raised.value.intent_id, runs) == ("already_running", "int_1", [])


def test_an_order_without_its_token_is_another_call_s() -> None:
    runs = []
    claimed = (200, {"id": "int_1", "state": "claimed"})
    with FakeServer(Scripted(execute=(200, {**ORDER, "execution_token": None}), intent=claimed)) as server:
        with pytest.raises(GateDuplicateError):
            guarded(server, lambda: runs.append(1))
        assert calls(server, "/claim") == []
    assert runs == []


@pytest.mark.parametrize(
    "report",
    [silence, (503, PROBLEM), (409, {"code": "wrong_state", **PROBLEM}), (410, {"code": "order_expired", **PROBLEM})],
)
def test_a_report_that_gate_does_not_take_leaves_the_value_with_the_caller(report: Any) -> None:
    started = time.monotonic()
    with FakeServer(Scripted(report=report)) as server, pytest.raises(GateIndeterminateError) as raised:
        guarded(server, lambda: "written")
    assert (raised.value.code, raised.value.value) == ("report_failed", "written")
    assert isinstance(raised.value.__cause__, GateError)
    assert time.monotonic() - started < 4


def test_a_function_s_own_error_is_raised_whatever_becomes_of_its_report() -> None:
    def fails() -> None:
        raise LookupError("mine")

    with FakeServer(Scripted(report=(503, PROBLEM))) as server, pytest.raises(LookupError, match="mine"):
        guarded(server, fails)


def test_a_report_that_arrived_before_is_delivered() -> None:
    lost = [silence, (409, {"code": "already_reported", **PROBLEM})]
    with FakeServer(Scripted(report=lost)) as server:
        assert guarded(server, lambda: 5) == 5


@pytest.mark.parametrize(("status", "why"), [(400, "not_json"), (413, "too_large")])
def test_a_result_that_the_server_refuses_is_left_out_of_the_report(status: int, why: str) -> None:
    refused = [(status, {"code": "x", **PROBLEM}), ANSWERS["/report"]]
    with FakeServer(Scripted(report=refused)) as server:
        assert guarded(server, lambda: {"a": 1}) == {"a": 1}
        first, second = calls(server, "/report")
    assert json.loads(second.body) == {"status": "succeeded", "result": {"$gate": {"result_omitted": why}}}
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def duplicate(state: str, **members: Any) -> dict[str, Any]:
    first = {"id": "int_1", "state": state, "idempotency_key": "k", **members}
    return {"intents": (409, {"intentId": "int_1", "status": "duplicate_blocked"}), "intent": (200, first)}


def test_an_edited_write_names_its_successor() -> None:
    with FakeServer(Scripted(**duplicate("cancelled", successor_id="int_2"))) as server:
        with pytest.raises(GateRejectedError, match="edited") as raised:
            guarded(server, lambda: None)
    assert (raised.value.code, raised.value.successor_id) == ("edited", "int_2")


def test_a_payload_that_a_policy_recognised_is_another_write() -> None:
    with FakeServer(Scripted(**duplicate("succeeded", idempotency_key="other"))) as server:
        with pytest.raises(GateDuplicateError) as raised:
            guarded(server, lambda: None)
    assert raised.value.code == "duplicate_blocked"


def test_a_state_of_a_later_server_runs_nothing() -> None:
    runs = []
    with FakeServer(Scripted(**duplicate("transcending"))) as server, pytest.raises(GateError, match="transcending"):
        guarded(server, lambda: runs.append(1))
    assert runs == []


def test_a_state_that_keeps_changing_is_read_three_times() -> None:
    with FakeServer(Scripted(execute=(409, {"code": "approval_stale", **PROBLEM}))) as server:
        with pytest.raises(GateError, match="changes faster"):
            guarded(server, lambda: None)
        assert len(calls(server, "/v1/intents/int_1")) <= 4


def test_an_approval_that_lapsed_waits_for_a_person_again() -> None:
    stale = (409, {"code": "approval_stale", **PROBLEM})
    held = (200, {"id": "int_1", "state": "pending_approval", "hold_reason": "The rules changed."})
    with (
        FakeServer(Scripted(execute=stale, intent=held)) as server,
        pytest.raises(GateError, match="rules changed") as raised,
    ):
        guarded(server, lambda: None)
    assert raised.value.code == "pending_approval"
