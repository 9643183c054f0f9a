"""Reading intents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._steps import calls
from .._steps.send import send
from .._wire.request import get, intent_path
from ..answers import Answer, Intent, Page, Result, UpstreamResponse
from .base import Base

if TYPE_CHECKING:
    from collections.abc import Iterator


class Reading(Base):
    def get_intent(self, intent_id: str | Answer) -> Intent:
        return self._get(intent_path(intent_id), Intent)

    def verify(self, intent_id: str | Answer) -> Intent:
        """The intent with its ledger, as `get_intent`: the contract's name."""
        return self.get_intent(intent_id)

    def audit(self, intent_id: str | Answer) -> Answer:
        return self._get(intent_path(intent_id, "/audit"), Answer)

    def decision(self, intent_id: str | Answer) -> Answer:
        return self._get(intent_path(intent_id, "/decision"), Answer)

    def evidence(self, intent_id: str | Answer) -> Answer:
        """What `verify_bundle` verifies."""
        return self._get(intent_path(intent_id, "/evidence"), Answer)

    def result(self, intent_id: str | Answer) -> Result:
        """What the worker reported. Raises `GateError`, code `no_result`, where there is none."""
        return self._get(intent_path(intent_id, "/result"), Result)

    def response(self, intent_id: str | Answer) -> UpstreamResponse:
        """The upstream's response to a write that Gate sent. Raises `GateError`, code `no_response`."""
        return self._run(calls.upstream_response(self._config, intent_id))

    def list(
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
        return self._run(send(self._config, get("/v1/intents", query), Page))

    def intents(self, **filters: Any) -> Iterator[Answer]:
        """Every intent that `list` finds by these filters, page by page."""
        return self._pages(self.list, "intents", filters)

    def discover(self) -> Answer:
        """The deployment's capabilities; needs no key."""
        return self._run(send(self._config, get("/.well-known/gate", key="nobody"), Answer))
