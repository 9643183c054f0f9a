"""What every part of the client needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .._steps.send import send
from .._wire.request import get
from ..answers import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._config import Config
    from .._io.asynchronous import AsyncIo
    from .._io.sync import SyncIo
    from .._steps.effects import Steps

Value = TypeVar("Value")
AnswerType = TypeVar("AnswerType", bound=Answer)


class Base:
    _config: Config
    _io: SyncIo
    #: For the coroutine functions that `guard` decorates.
    _async_io: AsyncIo

    def _run(self, steps: Steps[Value]) -> Value:
        return self._io.run(steps)

    def _get(self, path: str, kind: type[AnswerType]) -> AnswerType:
        return self._run(send(self._config, get(path), kind))

    def _pages(self, page: Callable[..., Answer], members: str, filters: Mapping[str, Any]) -> Iterator[Answer]:
        after = filters.get("after")
        while True:
            found = page(**{**filters, "after": after})
            yield from found.get(members) or ()
            before, after = after, found.get("next")
            # A cursor that stays would go on for ever.
            if not isinstance(after, str) or after == before:
                return
