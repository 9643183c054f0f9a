"""Deciding, with the reviewer's key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._steps import calls
from .._steps.send import send
from .._wire.request import get
from ..answers import Answer
from .base import Base

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from .._wire.payload import Payload


class Deciding(Base):
    async def approve(
        self,
        intent_id: str | Answer,
        *,
        reason: str | None = None,
        digest: str | None = None,
        on_behalf_of_principal: str | None = None,
        nonce: str | None = None,
        decided_at: str | int | None = None,
    ) -> Answer:
        """Approves a held intent; with `digest`, that version only."""
        return await self._decide("approve", intent_id, reason, digest, on_behalf_of_principal, nonce, decided_at)

    async def reject(
        self,
        intent_id: str | Answer,
        reason: str | None = None,
        *,
        digest: str | None = None,
        on_behalf_of_principal: str | None = None,
        nonce: str | None = None,
        decided_at: str | int | None = None,
    ) -> Answer:
        return await self._decide("reject", intent_id, reason, digest, on_behalf_of_principal, nonce, decided_at)

    async def cancel_approval(self, intent_id: str | Answer, reason: str | None = None) -> Answer:
        return await self._decide("cancel-approval", intent_id, reason)

    async def revoke(self, intent_id: str | Answer, reason: str | None = None) -> Answer:
        """Stops an intent that was held, approved or ordered."""
        return await self._decide("revoke", intent_id, reason)

    async def batch(self, decisions: Iterable[Mapping[str, Any]]) -> Answer:
        """Up to 100 decisions (`intent_id`, `decision`, `digest`, `reason`), each with its own result in `results`."""
        return await self._run(calls.batch(self._config, decisions))

    async def edit(
        self,
        intent_id: str | Answer,
        payload: Payload,
        *,
        reason: str,
        digest: str,
        approve: bool | None = None,
        payload_name: str | None = None,
        payload_media_type: str | None = None,
        record_count: int | None = None,
        estimated_value_usd: float | None = None,
    ) -> Answer:
        """Replaces a held intent's payload, where the policy allows edits: that creates a successor."""
        options = {
            "reason": reason,
            "digest": digest,
            "approve": approve,
            "payload_name": payload_name,
            "payload_media_type": payload_media_type,
            "recordCount": record_count,
            "estimatedValueUsd": estimated_value_usd,
        }
        return await self._run(calls.edit(self._config, intent_id, payload, options))

    async def approvals(
        self,
        *,
        group: str | None = None,
        mine: bool | None = None,
        agent: str | None = None,
        destination: str | None = None,
        policy: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Answer:
        """One page of pending intents, the newest first."""
        query = {
            "group": group,
            "mine": mine,
            "agent": agent,
            "destination": destination,
            "policy": policy,
            "limit": limit,
            "after": after,
        }
        return await self._run(send(self._config, get("/v1/approvals", query, key="reviewer"), Answer))

    def pending(self, **filters: Any) -> AsyncIterator[Answer]:
        """Every pending intent that `approvals` finds by these filters, page by page."""
        return self._pages(self.approvals, "approvals", filters)

    async def approval_groups(self) -> Answer:
        """Groups of similar pending intents, the largest first."""
        return await self._run(send(self._config, get("/v1/approvals/groups", key="reviewer"), Answer))

    async def _decide(
        self,
        verb: str,
        intent_id: str | Answer,
        reason: str | None,
        digest: str | None = None,
        on_behalf_of_principal: str | None = None,
        nonce: str | None = None,
        decided_at: str | int | None = None,
    ) -> Answer:
        decision = {
            "reason": reason,
            "digest": digest,
            "on_behalf_of_principal": on_behalf_of_principal,
            "nonce": nonce,
            "decided_at": decided_at,
        }
        return await self._run(calls.decide(self._config, verb, intent_id, decision))
