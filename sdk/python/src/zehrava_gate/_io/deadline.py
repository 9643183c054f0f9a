"""A time limit for a whole exchange. httpx limits each read of a socket, so that a server that sends a byte a second
would hold a call for ever; this limits all reads of one call together."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    import httpx

_PIECE_BYTES = 64 * 1024

_call = threading.local()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[float]:
    """Everything that this thread reads and writes inside ends by then, in `time.monotonic()` seconds."""
    _call.end = time.monotonic() + seconds
    try:
        yield _call.end
    finally:
        del _call.end


def limit_reads(client: httpx.Client) -> None:
    """Makes a client of ours obey `within`."""
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if hasattr(pool, "_network_backend"):
            pool._network_backend = _Backend()  # type: ignore[union-attr]


def _left(timeout: float | None) -> float | None:
    end = getattr(_call, "end", None)
    if end is None:
        return timeout
    left = max(float(end) - time.monotonic(), 0.001)
    return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for at in range(0, len(buffer), _PIECE_BYTES):
            self._stream.write(buffer[at : at + _PIECE_BYTES], _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[tuple[Any, ...]] | None = None,
    ) -> httpcore.NetworkStream:
        options: Any = socket_options
        return _Stream(self._backend.connect_tcp(host, port, _left(timeout), local_address, options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)
