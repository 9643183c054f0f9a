"""Guarded coroutines."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import TYPE_CHECKING, Any, Callable

import anyio
import pytest

from zehrava_gate import AsyncGate, Gate, GateDuplicateError, GateIndeterminateError, GateOptionError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .support.server import Server

AUTO: Any = {"destination": "hubspot.contacts", "policy": "crm-low-risk", "key": "arguments"}


def contact() -> list[dict[str, str]]:
    return [{"email": f"{uuid.uuid4().hex}@example.com"}]


def with_gate(server: Server, key: str, work: Callable[[AsyncGate], Awaitable[Any]], backend: str = "asyncio") -> Any:
    async def main() -> Any:
        async with AsyncGate(server.endpoint, key) as gate:
            return await work(gate)

    return anyio.run(main, backend=backend)


async def anext_of(found: Any) -> Any:
    async for each in found:
        return each
    return None


def test_a_coroutine_runs_once(server: Server, agent_key: str) -> None:
    runs = []

    async def work(gate: AsyncGate) -> Any:
        @gate.guard(**AUTO)
        async def load(contacts: Any) -> int:
            await asyncio.sleep(0)
            runs.append(contacts)
            return len(contacts)

        arguments = contact()
        return [await load(arguments), await load(contacts=arguments)]

    assert with_gate(server, agent_key, work) == [1, 1]
    assert len(runs) == 1


def test_of_many_coroutines_at_once_one_runs(server: Server, agent_key: str) -> None:
    runs = []

    async def work(gate: AsyncGate) -> Any:
        @gate.guard(**AUTO)
        async def load(contacts: Any) -> int:
            runs.append(contacts)
            await asyncio.sleep(0.5)
            return len(contacts)

        arguments = contact()
        return await asyncio.gather(*(load(arguments) for _ in range(8)), return_exceptions=True)

    outcomes = with_gate(server, agent_key, work)
    assert len(runs) == 1
    assert outcomes.count(1) >= 1
    assert {type(outcome) for outcome in outcomes} <= {int, GateDuplicateError}


def test_a_function_runs_in_a_thread_and_does_not_stop_the_loop(server: Server, agent_key: str) -> None:
    threads = []

    async def work(gate: AsyncGate) -> Any:
        def load(contacts: Any) -> int:
            threads.append(threading.current_thread())
            return len(contacts)

        return await gate.guard(**AUTO)(load)(contact())

    assert with_gate(server, agent_key, work) == 1
    assert threads[0] is not threading.main_thread()


def test_a_coroutine_function_guarded_by_the_sync_client_stays_one(server: Server, agent_key: str) -> None:
    with Gate(server.endpoint, agent_key) as gate:

        @gate.guard(**AUTO)
        async def load(contacts: Any) -> int:
            return len(contacts)

        assert asyncio.iscoroutinefunction(load)
        arguments = contact()

        async def twice() -> Any:
            outcome = [await load(arguments), await load(arguments)]
            await gate._async_io.close()
            return outcome

        assert asyncio.run(twice()) == [1, 1]


@pytest.mark.parametrize("how", ["task.cancel", "scope", "wait_for"])
def test_a_cancelled_call_is_reported_as_indeterminate_and_stays_cancelled(
    server: Server, agent_key: str, how: str
) -> None:
    runs = []

    async def work(gate: AsyncGate) -> Any:
        @gate.guard(**AUTO)
        async def load(contacts: Any) -> int:
            runs.append(contacts)
            await asyncio.sleep(30)
            return 1

        arguments = contact()
        if how == "scope":
            with anyio.move_on_after(0.7) as scope:
                await load(arguments)
            assert scope.cancelled_caught
        elif how == "wait_for":
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(load(arguments), 0.7)
        else:
            task = asyncio.create_task(load(arguments))
            await asyncio.sleep(0.7)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()
        with pytest.raises(GateIndeterminateError):
            await load(arguments)
        # The loop goes on as if nothing had been cancelled.
        await asyncio.sleep(0)
        return len(runs)

    assert with_gate(server, agent_key, work) == 1


def test_a_call_that_is_cancelled_before_its_claim_runs_nothing(server: Server, agent_key: str) -> None:
    runs = []

    async def work(gate: AsyncGate) -> Any:
        @gate.guard(destination="netsuite.payout", policy="finance-high-risk", key="arguments", wait=60)
        async def pay(amount: Any) -> int:
            runs.append(amount)
            return 1

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(pay({"to": uuid.uuid4().hex}), 0.5)
        return await gate.withdraw(await anext_of(gate.intents(limit=1)))

    assert with_gate(server, agent_key, work)["status"] == "blocked"
    assert runs == []


def test_key_and_payload_may_be_coroutines(server: Server, agent_key: str) -> None:
    async def work(gate: AsyncGate) -> Any:
        async def key(contacts: Any) -> str:
            return uuid.uuid4().hex

        @gate.guard(destination="hubspot.contacts", policy="crm-low-risk", key=key)
        async def load(contacts: Any) -> int:
            return len(contacts)

        return await load(contact())

    assert with_gate(server, agent_key, work) == 1


def test_an_async_generator_is_refused(server: Server, agent_key: str) -> None:
    async def work(gate: AsyncGate) -> Any:
        async def stream() -> Any:
            yield 1

        with pytest.raises(GateOptionError, match="no generator"):
            gate.guard(**AUTO)(stream)

    with_gate(server, agent_key, work)


def test_all_of_it_runs_under_trio_too(server: Server, agent_key: str) -> None:
    runs = []

    async def work(gate: AsyncGate) -> Any:
        @gate.guard(**AUTO)
        async def load(contacts: Any) -> int:
            runs.append(contacts)
            await anyio.sleep(0 if len(runs) == 1 else 30)
            return len(contacts)

        arguments = contact()
        first = [await load(arguments), await load(arguments)]
        with anyio.move_on_after(0.7) as scope:
            await load(contact())
        assert scope.cancelled_caught
        states = [intent["state"] async for intent in gate.intents(limit=50)]
        return [first, "indeterminate" in states[:1]]

    assert with_gate(server, agent_key, work, "trio") == [[1, 1], True]
