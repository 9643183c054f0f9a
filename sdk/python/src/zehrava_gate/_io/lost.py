"""What httpx's exceptions say of a call."""

from __future__ import annotations

import httpx

from .._wire.interpret import Lost

#: No answer of Gate's comes near it; more would fill the memory.
MAX_ANSWER_BYTES = 64 * 1024 * 1024

TOO_LARGE = Lost("too_large", f"answered more than {MAX_ANSWER_BYTES} bytes")


def timed_out(limit: float, cause: BaseException | None = None) -> Lost:
    return Lost("timeout", f"did not answer within {limit:.3g} s", cause)


def lost_by(error: Exception, limit: float) -> Lost:
    if isinstance(error, httpx.TimeoutException):
        return timed_out(limit, error)
    if isinstance(error, httpx.ConnectError):
        return Lost("network", f"can't be reached ({_shortened(error)})", error)
    if isinstance(error, httpx.LocalProtocolError):
        # Its text quotes the header, which may be the key's.
        return Lost("network", "can't be asked: the request has a header that HTTP can't carry")
    return Lost("network", f"broke the connection off ({_shortened(error)})", error)


def _shortened(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
