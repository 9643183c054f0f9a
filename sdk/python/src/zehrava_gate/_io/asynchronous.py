"""Carries out the steps of a call in an event loop (asyncio or trio)."""

from __future__ import annotations

import contextlib
import inspect
import os
import time
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx

from .._steps.effects import Ask, Effect, Exchange, Pause, Raised, Returned, Run, Steps
from .._wire.interpret import Lost, Received
from ..errors import GateError
from .lost import MAX_ANSWER_BYTES, TOO_LARGE, lost_by, timed_out

Value = TypeVar("Value")


class AsyncIo:
    def __init__(self, client: httpx.AsyncClient | None) -> None:
        self._given = client
        self._own: httpx.AsyncClient | None = None
        self._loop: Any = None

    async def run(self, steps: Steps[Value]) -> Value:
        outcome: Any = None
        failure: Exception | None = None
        with contextlib.ExitStack() as shields:
            while True:
                try:
                    effect = steps.send(outcome) if failure is None else steps.throw(failure)
                except StopIteration as end:
                    value: Value = end.value
                    return value
                outcome = failure = None
                try:
                    outcome = await self._carry_out(effect)
                except Exception as error:  # noqa: BLE001
                    failure = error
                if isinstance(effect, Run):
                    # From here on only the report is left, which a cancelled call has to send too.
                    shields.enter_context(anyio.CancelScope(shield=True))

    async def close(self) -> None:
        own, self._own, self._loop = self._own, None, None
        if own is not None:
            await own.aclose()

    async def _carry_out(self, effect: Effect) -> Any:
        if isinstance(effect, Exchange):
            return await self._exchange(effect)
        if isinstance(effect, Pause):
            return await anyio.sleep(effect.seconds)
        if isinstance(effect, Run):
            return await self._run_function(effect)
        if isinstance(effect, Ask):
            value = effect.run()
            return await value if inspect.isawaitable(value) else value
        return await anyio.to_thread.run_sync(effect.run)

    def _client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        # Connections belong to the loop and the process that opened them: a second `asyncio.run` gets its own client.
        loop = (os.getpid(), anyio.lowlevel.current_token())
        if self._own is None or self._loop != loop:
            self._own, self._loop = httpx.AsyncClient(), loop
        return self._own

    async def _exchange(self, exchange: Exchange) -> Received | Lost:
        outcome: Received | Lost | None = None
        with anyio.move_on_after(exchange.limit):
            outcome = await self._receive(exchange)
        return timed_out(exchange.limit) if outcome is None else outcome

    async def _receive(self, exchange: Exchange) -> Received | Lost:
        end = time.monotonic() + exchange.limit
        try:
            async with self._client().stream(
                exchange.method,
                exchange.url,
                headers=dict(exchange.headers),
                content=exchange.content,
                timeout=exchange.limit,
                # A followed redirect could take the key to another host.
                follow_redirects=False,
                auth=None,
            ) as response:
                content = bytearray()
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        return TOO_LARGE
                    if time.monotonic() > end:
                        return timed_out(exchange.limit)
                return Received(response.status_code, response.headers, bytes(content))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return lost_by(error, exchange.limit)

    async def _run_function(self, run: Run) -> Returned | Raised:
        outcome: Returned | Raised | None = None
        try:
            async with anyio.create_task_group() as beats:
                beats.start_soon(self._beat, run)
                outcome = await _outcome_of(run)
                beats.cancel_scope.cancel()
        except BaseException as error:  # noqa: BLE001
            if isinstance(outcome, Returned):
                return Returned(outcome.value, interrupted=error)
            return Raised(error) if outcome is None else outcome
        return Raised(GateError("the function ended without an outcome")) if outcome is None else outcome

    async def _beat(self, run: Run) -> None:
        while True:
            await anyio.sleep(run.every)
            try:
                await self.run(run.beat())
            except GateError:
                # Tried again at the next beat.
                continue


async def _outcome_of(run: Run) -> Returned | Raised:
    try:
        value = run.function()
        return Returned(await value if inspect.isawaitable(value) else value)
    except BaseException as error:  # noqa: BLE001
        return Raised(error)
