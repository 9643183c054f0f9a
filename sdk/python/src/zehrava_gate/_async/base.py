"""What every part of the client needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .._steps.send import send
from .._wire.request import get
from ..answers import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from .._config import Config
    from .._io.asynchronous import AsyncIo
    from .._steps.effects import Steps

Value = TypeVar("Value")
AnswerType = TypeVar("AnswerType", bound=Answer)


class Base:
    _config: Config
    _io: AsyncIo

    async def _run(self, steps: Steps[Value]) -> Value:
        return await self._io.run(steps)

    async def _get(self, path: str, kind: type[AnswerType]) -> AnswerType:
        return await self._run(send(self._config, get(path), kind))

    async def _pages(
        self, page: Callable[..., Awaitable[Answer]], members: str, filters: Mapping[str, Any]
    ) -> AsyncIterator[Answer]:
        after = filters.get("after")
        while True:
            found = await page(**{**filters, "after": after})
            for item in found.get(members) or ():
                yield item
            before, after = after, found.get("next")
            # A cursor that stays would go on for ever.
            if not isinstance(after, str) or after == before:
                return
