"""Proposing writes, and waiting for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .._guard.decorate import guard_async
from .._steps import calls
from .._steps.send import send
from .._steps.wait import DEFAULT_WAIT_SECONDS, wait
from .._wire.options import require_seconds
from .._wire.request import intent_path, post
from ..answers import Answer, Decision, Proposal
from .base import Base

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._guard.async_guard import AsyncGuard
    from .._guard.options import Key, OnRaise
    from .._wire.payload import Payload
    from .._wire.proposal import ProposalOptions


class Proposing(Base):
    async def propose(self, **options: Unpack[ProposalOptions]) -> Proposal:
        """Proposes a write. `blocked` and `duplicate_blocked` are verdicts: read `status`."""
        return await self._run(calls.propose(self._config, options))

    async def check(self, **options: Unpack[ProposalOptions]) -> Proposal:
        """Evaluates a proposal without creating an intent."""
        return await self._run(calls.propose(self._config, options, dry_run=True))

    def guard(
        self,
        *,
        destination: str,
        policy: str,
        key: Key,
        payload: Payload | Callable[..., Any] | None = None,
        wait: float | None = None,
        on_raise: OnRaise = None,
        **proposal: Any,
    ) -> AsyncGuard:
        """Decorates a function that runs once for its `key`, and only after Gate allowed it: docs/guard.md.

        `key`: a text, a function of the arguments, or `"arguments"`. `payload`: a value or a function of the arguments;
        default: their canonical JSON. `wait`: seconds for a held call, default 0. `on_raise`: what a raise means,
        `"failed"`, `"retryable"` or `"indeterminate"`, or a function of the error. `proposal`: as of `propose`;
        `record_count` and `estimated_value_usd` may be functions of the arguments.
        """
        given = {
            "destination": destination,
            "policy": policy,
            "key": key,
            "payload": payload,
            "wait": wait,
            "on_raise": on_raise,
            **proposal,
        }
        return guard_async(self._config, self._io, given)

    async def wait(
        self, intent_id: str | Answer, timeout: float = DEFAULT_WAIT_SECONDS, *, follow_edits: bool = True
    ) -> Decision:
        """Returns once the intent is decided: read `status`. `math.inf` never gives up. Where a reviewer edited the
        payload it goes on with the successor. Raises `GatePendingError` (code `timeout`) without a decision in time."""
        seconds = require_seconds(timeout, "timeout", finite=False)
        return await self._run(wait(self._config, intent_id, seconds, follow_edits=follow_edits))

    async def withdraw(self, intent_id: str | Answer) -> Answer:
        """Withdraws one of the agent's own intents."""
        return await self._run(send(self._config, post(intent_path(intent_id, "/withdraw"), {}), Answer))
