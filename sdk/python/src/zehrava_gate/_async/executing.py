"""Executing what was approved."""

from __future__ import annotations

from typing import Any

from .._steps import calls
from .._steps.send import send
from .._wire.request import execution_path, intent_path, post
from ..answers import Answer, Order
from .base import Base


class Executing(Base):
    async def execute(self, intent_id: str | Answer, *, mode: str | None = None) -> Order:
        """The one-time order of an approved intent; a repeat returns the same one until it ends."""
        body = {} if mode is None else {"mode": mode}
        return await self._run(send(self._config, post(intent_path(intent_id, "/execute"), body), Order))

    async def claim(self, execution_id: str | Answer, *, execution_token: str | None = None) -> Order:
        """Begins the execution of an order: of several workers one gets it. The token is the order's own, where that
        is given."""
        return await self._run(calls.claim(self._config, execution_id, execution_token))

    async def heartbeat(self, execution_id: str | Answer, *, execution_token: str | None = None) -> Order:
        """Extends a claim."""
        return await self._run(calls.heartbeat(self._config, execution_id, execution_token))

    async def report(
        self,
        execution_id: str | Answer,
        status: str,
        *,
        result: Any = None,
        executed_at: str | int | None = None,
        retryable: bool | None = None,
        proof: str | None = None,
        execution_token: str | None = None,
    ) -> Order:
        """Reports `succeeded`, `failed` or `indeterminate`, once."""
        details = {"result": result, "executed_at": executed_at, "retryable": retryable, "proof": proof}
        return await self._run(calls.report(self._config, execution_id, status, execution_token, details))

    async def get_execution(self, execution_id: str | Answer) -> Order:
        return await self._get(execution_path(execution_id), Order)

    async def deliver(self, intent_id: str | Answer) -> Answer:
        """A one-time link for downloading an approved intent's payload, which is the claim."""
        return await self._run(calls.deliver(self._config, intent_id))
