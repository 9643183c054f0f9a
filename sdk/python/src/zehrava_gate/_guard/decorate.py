"""A guarded function looks like the one it guards."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

import anyio.to_thread

from .._io.sync import SyncIo, settled
from .._steps.effects import Raised
from .bound_call import BoundCall, check_function
from .options import guard_options
from .steps import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._config import Config
    from .._io.asynchronous import AsyncIo
    from .async_guard import AsyncGuard

Function = TypeVar("Function", bound=Callable[..., Any])
AnyFunction = Callable[..., Any]


def guard_sync(
    config: Config, io: SyncIo, async_io: AsyncIo, given: Mapping[str, Any]
) -> Callable[[Function], Function]:
    """For a function: guarded in the caller's thread. A coroutine function stays one."""
    options = guard_options(given)

    def decorate(function: Function) -> Function:
        check_function(function)
        if is_async(function):
            return cast("Function", _async_wrapper(config, async_io, options, function, function))

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return _value_of(io.run(guarded(config, options, BoundCall(function, args, kwargs))))

        return cast("Function", wrapper)

    return decorate


def guard_async(config: Config, io: AsyncIo, given: Mapping[str, Any]) -> AsyncGuard:
    """For a coroutine function; an ordinary one becomes one, and runs in a thread."""
    options = guard_options(given)

    def decorate(function: AnyFunction) -> AnyFunction:
        check_function(function)
        run = function if is_async(function) else _in_thread(function)
        return _async_wrapper(config, io, options, function, run)

    return cast("AsyncGuard", decorate)


def _value_of(outcome: Any) -> Any:
    if isinstance(outcome, Raised):
        raise outcome.error
    return outcome


def is_async(function: AnyFunction) -> bool:
    inner: Any = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004


def _in_thread(function: AnyFunction) -> AnyFunction:
    @functools.wraps(function)
    async def threaded(*args: Any, **kwargs: Any) -> Any:
        return settled(await anyio.to_thread.run_sync(functools.partial(function, *args, **kwargs)))

    return threaded


def _async_wrapper(config: Config, io: AsyncIo, options: Any, function: AnyFunction, run: AnyFunction) -> AnyFunction:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return _value_of(await io.run(guarded(config, options, BoundCall(run, args, kwargs))))

    return wrapper
