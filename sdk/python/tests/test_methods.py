"""The methods against the real server."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from zehrava_gate import AsyncGate, Gate, GateError, GateKeyError, GatePendingError, csv_rows

from .support.server import ROOT, Server

HELD: Any = {"destination": "salesforce.import", "policy": "crm-low-risk"}


def held(gate: Gate) -> Any:
    """A proposal that waits for a person; another payload each time."""
    rows = [{"email": f"{uuid.uuid4().hex}{n}@example.com"} for n in range(120)]
    proposal = gate.propose(payload=csv_rows(rows), **HELD)
    assert proposal.status == "pending_approval", proposal
    return proposal


def test_the_product_page_s_sample_runs_as_it_stands(
    server: Server, agent_key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = """
from zehrava_gate import Gate

gate = Gate(endpoint="https://gate.yourco.com", api_key="gate_sk_...")

p = gate.propose(payload="payout_batch.csv", destination="netsuite.payout", policy="finance-high-risk")
print(p["status"])  # pending_approval — always, for finance-high-risk
"""
    typed = sample.replace("https://gate.yourco.com", server.endpoint).replace("gate_sk_...", agent_key)
    exec(compile(typed, "sample", "exec"), {})
    assert capsys.readouterr().out == "pending_approval\n"


def test_the_contract_s_calls_and_names_work(gate: Gate, server: Server) -> None:
    p = gate.propose(
        destination="salesforce.import",
        policy="crm-low-risk",
        payload="email\nada@example.com\n",
        record_count=1,
        estimated_value_usd=None,
        sensitivity_tags=["pii"],
        idempotency_key=uuid.uuid4().hex,
        on_behalf_of="ana",
        expires_in="1h",
        metadata={"environment": "test"},
    )
    assert p["intentId"] == p["proposalId"]
    waiting = held(gate)
    approved = gate.approve(waiting["intentId"])
    assert approved["status"] == "approved"
    order = gate.execute(waiting["intentId"])
    assert order["execution_token"].startswith("gex_")
    assert order["execution_id"] == order["executionId"]
    events = [event["event_type"] for event in gate.verify(waiting["intentId"])["auditTrail"]]
    assert events[0] == "proposed"
    rejected = gate.reject(held(gate)["intentId"], "wrong list")
    assert rejected["status"] == "blocked"
    assert gate.register_webhook(waiting["intentId"], "https://example.com/hook", "a secret")["registered"] is True
    assert gate.discover()["log"]["origin"]
    with pytest.raises(GateError) as raised:
        gate.approve("int_unknown")
    assert (raised.value.status, raised.value.body["code"]) == (404, "intent_not_found")


def test_a_write_from_proposal_to_report(gate: Gate) -> None:
    assert gate.check(payload=csv_rows([{"email": "ada@example.com"}]), **HELD).intent_id is None
    proposal = held(gate)
    with pytest.raises(GatePendingError, match="no decision") as raised:
        gate.wait(proposal, 0)
    assert (raised.value.code, raised.value.intent_id) == ("timeout", proposal.intent_id)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gate.wait, proposal, 20)
        time.sleep(0.2)
        gate.approve(proposal, digest=proposal.intent_digest, reason="checked")
        assert waiting.result().status == "approved"
    order = gate.execute(proposal)
    assert gate.execute(proposal).execution_id == order.execution_id
    assert gate.get_execution(order).execution_token == order.execution_token
    assert gate.claim(order).status == "claimed"
    assert gate.heartbeat(order).claim_expires_at is not None
    assert gate.report(order, "succeeded", result={"rows": 120}).status == "succeeded"
    result = gate.result(proposal)
    assert (result.outcome, result.result) == ("succeeded", {"rows": 120})
    assert gate.decision(proposal).status
    assert gate.audit(proposal)["events"] or gate.audit(proposal)["auditTrail"]
    with pytest.raises(GateError, match="executor") as none:
        gate.response(proposal)
    assert none.value.code == "no_response"


def test_a_report_fetches_the_token_that_the_agent_may_read(gate: Gate) -> None:
    proposal = held(gate)
    gate.approve(proposal)
    order = gate.execute(proposal)
    assert gate.report(order.execution_id, "failed", retryable=True).status == "failed"
    assert gate.execute(proposal).execution_id != order.execution_id


def test_people_s_calls(gate: Gate) -> None:
    first, second, third, fourth = (held(gate) for _ in range(4))
    listed = [line["intentId"] for line in gate.pending(destination="salesforce.import", limit=1)]
    assert listed[:4] == [each.intent_id for each in (fourth, third, second, first)]
    assert gate.approval_groups()["groups"]
    answer = gate.batch(
        [
            {"intent_id": first.intent_id, "decision": "approve", "digest": first.intent_digest},
            {"intent_id": second.intent_id, "decision": "reject", "digest": second.intent_digest, "reason": "no"},
        ]
    )
    assert len(answer["results"]) == 2
    assert gate.get_intent(first).state == "approved"
    assert gate.get_intent(second).state == "rejected"
    assert gate.revoke(first, "changed my mind")["status"] == "blocked"
    assert gate.cancel_approval(third)["status"] == "blocked"
    assert gate.withdraw(fourth)["status"] == "blocked"
    with pytest.raises(GateError) as raised:
        gate.edit(held(gate), "x", reason="typo", digest="0" * 64)
    assert raised.value.status in (403, 409)


def test_lists_go_on_to_the_last_page(gate: Gate) -> None:
    made = {held(gate).intent_id for _ in range(3)}
    page = gate.list(limit=2, status="pending_approval")
    assert len(page.intents) == 2
    assert made <= {intent.intent_id for intent in gate.intents(limit=2, status="pending_approval")}


def test_a_used_key_is_a_verdict_and_with_another_request_an_error(gate: Gate) -> None:
    key = uuid.uuid4().hex
    first = gate.propose(payload="email\na@example.com\n", idempotency_key=key, **HELD)
    again = gate.propose(payload="email\na@example.com\n", idempotency_key=key, **HELD)
    assert (again.status, again.intent_id, again.existing_status) == (
        "duplicate_blocked",
        first.intent_id,
        first.status,
    )
    with pytest.raises(GateError, match="new one for a new write") as raised:
        gate.propose(payload="email\nb@example.com\n", idempotency_key=key, **HELD)
    assert raised.value.code == "idempotency_key_reused"


def test_any_other_route_by_the_same_rules(gate: Gate, server: Server) -> None:
    assert gate.request("GET", "/v1/policies")["policies"]
    assert gate.request("GET", "/v1/switches", key="reviewer")["switches"] == []


def test_wrong_keys_and_roles_say_so(server: Server, agent_key: str) -> None:
    with Gate(server.endpoint, "gate_sk_unknown") as stranger, pytest.raises(GateKeyError):
        stranger.list()
    with Gate(server.endpoint, agent_key) as agent, pytest.raises(GateError, match="reviewer") as raised:
        agent.approvals()
    assert raised.value.code == "forbidden"


def test_the_local_server_s_key_is_found_for_this_machine_only(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(server.home / "config"))
    assert Path(server.home / "config" / "zehrava-gate" / "local-agents.json").exists()
    with Gate(f"http://localhost:{server.port}") as local:
        assert local.list().count >= 0
    with pytest.raises(GateKeyError):
        Gate("http://gate.example.com").list()


def test_the_async_client_does_the_same_in_one_loop_after_another(
    server: Server, agent_key: str, reviewer_key: str
) -> None:
    gate = AsyncGate(server.endpoint, agent_key, reviewer_key=reviewer_key)

    async def work() -> str:
        rows = [{"email": f"{uuid.uuid4().hex}@example.com"} for _ in range(120)]
        proposal = await gate.propose(payload=csv_rows(rows), **HELD)
        waiting = asyncio.create_task(gate.wait(proposal, 20))
        await asyncio.sleep(0.2)
        await gate.approve(proposal)
        decided = await waiting
        order = await gate.execute(proposal)
        await gate.report(order, "succeeded", result={"rows": 1})
        assert (await gate.result(proposal)).result == {"rows": 1}
        assert proposal.intent_id in [intent.intent_id async for intent in gate.intents(limit=50)]
        await gate.aclose()
        return decided.status

    assert [asyncio.run(work()) for _ in range(2)] == ["approved", "approved"]


def test_a_cancelled_wait_ends_at_once(server: Server, agent_key: str, gate: Gate) -> None:
    proposal = held(gate)

    async def work() -> float:
        async with AsyncGate(server.endpoint, agent_key) as client:
            started = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.wait(proposal, 60), 0.3)
            return time.monotonic() - started

    assert asyncio.run(work()) < 2


def test_both_clients_have_the_same_methods_and_arguments() -> None:
    def surface(kind: type) -> dict[str, Any]:
        found = {name: value for name, value in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}
        return {
            name.replace("aclose", "close"): {
                parameter.name: (parameter.kind, parameter.default)
                for parameter in inspect.signature(value).parameters.values()
            }
            for name, value in found.items()
        }

    assert surface(Gate) == surface(AsyncGate)
    for name, method in inspect.getmembers(AsyncGate, inspect.isfunction):
        if name[0] != "_" and name not in ("guard", "intents", "pending"):
            assert inspect.iscoroutinefunction(method), name


def test_many_threads_share_one_client(gate: Gate) -> None:
    with ThreadPoolExecutor(16) as pool:
        proposals = list(pool.map(lambda n: gate.propose(payload=f"email\n{n}@example.com\n", **HELD), range(32)))
    assert len({proposal.intent_id for proposal in proposals}) == 32


def test_after_a_fork_each_process_has_connections_of_its_own(server: Server, agent_key: str) -> None:
    program = """
import os, sys
from zehrava_gate import Gate

gate = Gate(sys.argv[1], sys.argv[2])
gate.list(limit=1)
parent = gate._io._client()
child = os.fork()
if child == 0:
    gate.list(limit=1)
    os._exit(0 if gate._io._client() is not parent else 1)
_, status = os.waitpid(child, 0)
gate.list(limit=1)
sys.exit(os.waitstatus_to_exitcode(status) or gate._io._client() is not parent)
"""
    command = [sys.executable, "-c", program, server.endpoint, agent_key]
    ended = subprocess.run(
        command, check=False, env={**os.environ, "PYTHONPATH": str(ROOT / "sdk/python/src")}, timeout=60
    )
    assert ended.returncode == 0
