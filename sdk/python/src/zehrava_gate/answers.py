"""Answers of Gate: dicts whose members are attributes too, under both spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._wire.names import other_spelling, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable


class Answer(dict[str, Any]):
    """A JSON object of Gate's. `p["intentId"]`, `p["intent_id"]`, `p.intent_id` and `p.intentId` are one member.

    It holds and prints the spelling that the server sent (of two with one value, the first). Members with the name of a
    dict's method (`items`, `keys`, …) are read as `p["items"]`.
    """

    def __init__(self, members: Any = ()) -> None:
        super().__init__(members)
        for name in list(self):
            other = other_spelling(name)
            if other is None or not _holds(self, name) or not _holds(self, other):
                continue
            if dict.__getitem__(self, name) == dict.__getitem__(self, other):
                del self[other]

    def __missing__(self, name: str) -> Any:
        other = other_spelling(name) if isinstance(name, str) else None
        if other is not None and _holds(self, other):
            return dict.__getitem__(self, other)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if _holds(self, name):
            return True
        return isinstance(name, str) and (other := other_spelling(name)) is not None and _holds(self, other)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __getattr__(self, name: str) -> Any:
        if name in self and not name.startswith("__"):
            return self[name]
        raise AttributeError(f"the answer has no member {name!r}; it has {', '.join(self) or 'none'}")

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *map(snake_case, self)]


def _holds(answer: dict[str, Any], name: object) -> bool:
    return dict.__contains__(answer, name)


# What the members are, for editors and type checkers; the server may send more, and an older one fewer.


class Proposal(Answer):
    """The verdict on a proposal; `intent_id` is None for a check, which creates no intent."""

    intent_id: str
    proposal_id: str
    status: str
    state: str
    reason_code: str
    reason: str
    remedy: str | None
    block_reason: str | None
    hold_reason: str | None
    intent_digest: str
    expires_at: str
    risk_score: float
    risk_level: str
    risk_factors: list[str]
    existing_status: str | None


class Decision(Answer):
    """An intent as it stands after a wait; `intent_id` is the successor's where a reviewer edited the payload."""

    intent_id: str
    status: str
    state: str
    decided: bool
    decided_by: str | None
    successor_id: str | None
    block_reason: str | None
    intent_digest: str
    expires_at: str


class Intent(Answer):
    """An intent in full, its ledger in `audit_trail`."""

    id: str
    intent_id: str
    status: str
    state: str
    destination: str
    expires_at: str
    risk_score: float
    risk_level: str
    audit_trail: list[Answer]


class Order(Answer):
    """A one-time order; `execution_token` works once, and is None for readers who may not execute it."""

    execution_id: str
    intent_id: str
    status: str
    destination: str
    execution_token: str | None
    order: str | None
    idempotency_key: str
    payload_hash: str | None
    expires_at: str
    claim_expires_at: str | None


class Page(Answer):
    """One page of a list; `next` is the `after` of the following one, or None."""

    intents: list[Answer]
    count: int
    next: str | None


class UpstreamResponse(Answer):
    """The upstream's response to a write that Gate sent; `content` is the body's bytes."""

    status: int
    headers: list[list[str]]
    body: str
    encoding: str
    content: bytes
    truncated: bool
    sha256: str


class Result(Answer):
    """What the worker reported of the latest order; `result` is None where it reported none."""

    intent_id: str
    status: str
    state: str
    execution_id: str
    outcome: str
    result: Any


def plain(value: Any) -> Any:
    """The value with ordinary dicts in the place of answers."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
