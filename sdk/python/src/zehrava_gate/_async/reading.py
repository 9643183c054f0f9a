"""Reading intents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._steps import calls
from .._steps.send import send
from .._wire.request import get, intent_path
from ..answers import Answer, Intent, Page, Result, UpstreamResponse
from .base import Base

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Reading(Base):
    async def get_intent(self, intent_id: str | Answer) -> Intent:
        return await self._get(intent_path(intent_id), Intent)

    async def verify(self, intent_id: str | Answer) -> Intent:
        """The intent with its ledger, as `get_intent`: the contract's name."""
        return await self.get_intent(intent_id)

    async def audit(self, intent_id: str | Answer) -> Answer:
        return await self._get(intent_path(intent_id, "/audit"), Answer)

    async def decision(self, intent_id: str | Answer) -> Answer:
        return await self._get(intent_path(intent_id, "/decision"), Answer)

    async def evidence(self, intent_id: str | Answer) -> Answer:
        """What `verify_bundle` verifies."""
        return await self._get(intent_path(intent_id, "/evidence"), Answer)

    async def result(self, intent_id: str | Answer) -> Result:
        """What the worker reported. Raises `GateError`, code `no_result`, where there is none."""
        return await self._get(intent_path(intent_id, "/result"), Result)

    async def response(self, intent_id: str | Answer) -> UpstreamResponse:
        """The upstream's response to a write that Gate sent. Raises `GateError`, code `no_response`."""
        return await self._run(calls.upstream_response(self._config, intent_id))

    async def list(
        self,
        *,
        status: str | None = None,
        destination: str | None = None,
        policy: str | None = None,
        agent: str | None = None,
        person: str | None = None,
        day: str | None = None,
        since: str | int | None = None,
        until: str | int | None = None,
        q: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page:
        """One page of intents, the newest first; an agent sees its own."""
        query = {
            "status": status,
            "destination": destination,
            "policy": policy,
            "agent": agent,
            "person": person,
            "day": day,
            "since": since,
            "until": until,
            "q": q,
            "limit": limit,
            "after": after,
        }
        return await self._run(send(self._config, get("/v1/intents", query), Page))

    def intents(self, **filters: Any) -> AsyncIterator[Answer]:
        """Every intent that `list` finds by these filters, page by page."""
        return self._pages(self.list, "intents", filters)

    async def discover(self) -> Answer:
        """The deployment's capabilities; needs no key."""
        return await self._run(send(self._config, get("/.well-known/gate", key="nobody"), Answer))
