"""What a type checker knows of a program that uses the SDK; mypy and pyright read this file, pytest runs it."""

from __future__ import annotations

import inspect
from typing import Any, Callable

from typing_extensions import assert_type

from zehrava_gate import AsyncGate, Decision, Gate, Order, Proposal

GATE = Gate("http://127.0.0.1:1", "gate_sk_x")
ASYNC_GATE = AsyncGate("http://127.0.0.1:1", "gate_sk_x")


@GATE.guard(destination="a.b", policy="p", key="arguments")
def load(contacts: list[str], dry: bool = False) -> int:
    return len(contacts)


@ASYNC_GATE.guard(destination="a.b", policy="p", key=lambda contacts: "k")
async def load_async(contacts: list[str]) -> int:
    return len(contacts)


@ASYNC_GATE.guard(destination="a.b", policy="p", key="k")
def load_in_thread(contacts: list[str]) -> int:
    return len(contacts)


def uses(gate: Gate) -> None:
    proposal = gate.propose(destination="a.b", policy="p", payload=b"x", record_count=1)
    assert_type(proposal, Proposal)
    assert_type(proposal.intent_id, str)
    assert_type(gate.wait(proposal), Decision)
    assert_type(gate.execute(proposal).execution_token, "str | None")
    assert_type(load(["a"], dry=True), int)
    gate.propose(destination="a.b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gate.propose(destination="a.b", policy="p", recordCount=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    gate.propose(destination="a.b", policy="p", record_count="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    load(["a"], True, 2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def uses_async(gate: AsyncGate) -> None:
    proposal = await gate.propose(destination="a.b", policy="p", payload=["x"])
    assert_type(proposal, Proposal)
    assert_type(await gate.execute(proposal), Order)
    assert_type(await load_async(["a"]), int)
    assert_type(await load_in_thread(["a"]), int)


def test_a_guarded_function_keeps_its_signature_at_run_time_too() -> None:
    kept: list[tuple[Callable[..., Any], str]] = [(load, "dry"), (load_async, "contacts"), (load_in_thread, "contacts")]
    for function, name in kept:
        assert name in inspect.signature(function).parameters
    assert inspect.iscoroutinefunction(load_async)
    assert inspect.iscoroutinefunction(load_in_thread)
    assert not inspect.iscoroutinefunction(load)
