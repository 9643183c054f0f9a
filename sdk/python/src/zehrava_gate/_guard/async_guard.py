"""The types of `AsyncGate.guard`'s decorator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from typing_extensions import ParamSpec

    Arguments = ParamSpec("Arguments")
    Value = TypeVar("Value")

    class AsyncGuard(Protocol):
        """A coroutine function keeps its type; an ordinary one becomes one."""

        @overload
        def __call__(
            self, function: Callable[Arguments, Coroutine[Any, Any, Value]]
        ) -> Callable[Arguments, Coroutine[Any, Any, Value]]: ...

        @overload
        def __call__(self, function: Callable[Arguments, Value]) -> Callable[Arguments, Coroutine[Any, Any, Value]]: ...
