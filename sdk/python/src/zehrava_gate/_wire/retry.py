"""Which failures may be tried again, and after what pause."""

from __future__ import annotations

import random

from ..errors import GateError, GateUnavailableError

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0

#: 409 `idempotency_in_flight` is the first attempt of this very call, still at work.
_PASSING_CODES = frozenset(["idempotency_in_flight"])
_PASSING_STATUSES = frozenset([408, 425, 429, 500, 502, 503, 504])
_LOST_CODES = frozenset(["network", "timeout"])


def is_passing(error: GateError) -> bool:
    """True where the same request may succeed a moment later."""
    if error.status == 0:
        return isinstance(error, GateUnavailableError) and error.code in _LOST_CODES
    return error.status in _PASSING_STATUSES or error.code in _PASSING_CODES


def pause_before(error: GateError, attempt: int) -> float:
    """Seconds: full jitter, so that a thousand agents that lost one server don't return at once; never shorter than
    `Retry-After`."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))
    # Not for secrets: it spreads requests over time.
    return max(random.uniform(0, longest), error.retry_after or 0.0)  # noqa: S311
