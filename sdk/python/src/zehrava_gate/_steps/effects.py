"""What a call needs of the world. A call is a generator that yields these and gets what came of each; the sync and the
async client differ only in how they carry one out."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar, Union

from .._wire.interpret import Lost, Received

Value = TypeVar("Value")


@dataclass(frozen=True)
class Exchange:
    """One request and its response: gets `Received` or `Lost`, `limit` seconds later at most."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None
    limit: float


@dataclass(frozen=True)
class Pause:
    """Gets None after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Work:
    """Calls something that may block on a disk: gets what it returns, and what it raises is raised."""

    run: Callable[[], Any]


@dataclass(frozen=True)
class Ask:
    """Calls a function of the caller's, which may be a coroutine function where there is an event loop."""

    run: Callable[[], Any]


@dataclass(frozen=True)
class Returned:
    value: Any
    #: A cancellation that came after the function had returned.
    interrupted: BaseException | None = None


@dataclass(frozen=True)
class Raised:
    error: BaseException


@dataclass(frozen=True)
class Run:
    """Runs the caller's function: gets `Returned` or `Raised`. `beat` is carried out every `every` seconds."""

    function: Callable[[], Any]
    beat: Callable[[], Generator[Any, Any, Any]]
    every: float


Effect = Union[Exchange, Pause, Work, Ask, Run]
Outcome = Union[Received, Lost, Returned, Raised, None, Any]
Steps = Generator[Effect, Any, Value]
