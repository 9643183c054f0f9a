"""Carries out the steps of a call in this thread."""

from __future__ import annotations

import inspect
import os
import threading
import time
import weakref
from typing import Any, Callable, TypeVar

import httpx

from .._steps.effects import Ask, Effect, Exchange, Pause, Raised, Returned, Run, Steps
from .._wire.interpret import Lost, Received
from ..errors import GateError, GateOptionError
from .deadline import limit_reads, within
from .lost import MAX_ANSWER_BYTES, TOO_LARGE, lost_by, timed_out

Value = TypeVar("Value")


class SyncIo:
    def __init__(self, client: httpx.Client | None) -> None:
        self._given = client
        self._own: httpx.Client | None = None
        self._lock = threading.Lock()
        self._process = os.getpid()

    def run(self, steps: Steps[Value]) -> Value:
        outcome: Any = None
        failure: Exception | None = None
        while True:
            try:
                effect = steps.send(outcome) if failure is None else steps.throw(failure)
            except StopIteration as end:
                value: Value = end.value
                return value
            outcome = failure = None
            try:
                outcome = self._carry_out(effect)
            except Exception as error:  # noqa: BLE001
                failure = error

    def close(self) -> None:
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    def _carry_out(self, effect: Effect) -> Any:
        if isinstance(effect, Exchange):
            return self._exchange(effect)
        if isinstance(effect, Pause):
            return time.sleep(effect.seconds)
        if isinstance(effect, Run):
            return self._run_function(effect)
        if isinstance(effect, Ask):
            return settled(effect.run())
        return effect.run()

    def _client(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        if self._process != os.getpid():
            # After a fork both processes would read each other's answers from one connection.
            self._own, self._lock, self._process = None, threading.Lock(), os.getpid()
        with self._lock:
            if self._own is None:
                self._own = httpx.Client()
                limit_reads(self._own)
                # Most programs never close theirs.
                weakref.finalize(self, self._own.close)
            return self._own

    def _exchange(self, exchange: Exchange) -> Received | Lost:
        try:
            with (
                within(exchange.limit) as end,
                self._client().stream(
                    exchange.method,
                    exchange.url,
                    headers=dict(exchange.headers),
                    content=exchange.content,
                    timeout=exchange.limit,
                    # A followed redirect could take the key to another host.
                    follow_redirects=False,
                    auth=None,
                ) as response,
            ):
                content = bytearray()
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        return TOO_LARGE
                    if time.monotonic() > end:
                        return timed_out(exchange.limit)
                return Received(response.status_code, response.headers, bytes(content))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return lost_by(error, exchange.limit)

    def _run_function(self, run: Run) -> Returned | Raised:
        stop = threading.Event()
        beats = threading.Thread(target=self._beat, args=(run, stop), name="zehrava-gate-heartbeat", daemon=True)
        beats.start()
        try:
            return Returned(settled(run.function()))
        except BaseException as error:  # noqa: BLE001
            return Raised(error)
        finally:
            stop.set()

    def _beat(self, run: Run, stop: threading.Event) -> None:
        while not stop.wait(run.every):
            ignoring_failures(lambda: self.run(run.beat()))


def settled(value: Any) -> Any:
    """The value, which has been computed. Raises `GateOptionError` for one that is only a promise."""
    if not inspect.isawaitable(value):
        return value
    if inspect.iscoroutine(value):
        value.close()
    raise GateOptionError(
        "a function without `async def` returned an awaitable, which did not run",
        remedy="Write it as `async def`, and guard it with AsyncGate.",
    )


def ignoring_failures(call: Callable[[], Any]) -> None:
    """A heartbeat that fails is tried again at the next beat."""
    try:
        call()
    except GateError:
        return
