"""The two spellings of a member: the contract mixes `intentId` and `intent_id`."""

from __future__ import annotations

import re
from functools import lru_cache

_UPPER = re.compile(r"[A-Z]")
_UNDERSCORE = re.compile(r"(?<=[a-z0-9])_([a-z])")


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    return _UPPER.sub(lambda found: f"_{found[0].lower()}", name)


@lru_cache(maxsize=4096)
def camel_case(name: str) -> str:
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name)


def other_spelling(name: str) -> str | None:
    """`intent_id` for `intentId` and the reverse; None for a name with one spelling."""
    for other in (camel_case(name), snake_case(name)):
        if other != name:
            return other
    return None
