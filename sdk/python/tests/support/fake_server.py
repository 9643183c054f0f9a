"""A server on a socket that does what it is told, to be a bad one."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable

from .server import free_port


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: socket.socket


Handler = Callable[[Asked, int], None]


class FakeServer:
    """`handler(asked, n)` gets each request with its number, from 0, on a connection of its own."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.asked: list[Asked] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> FakeServer:  # noqa: PYI034
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for asked in self.asked:
            asked.connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            asked = _read(connection)
            if asked is None:
                return
            self.asked.append(asked)
            self._handler(asked, len(self.asked) - 1)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Asked(method, path, headers, body, connection)


def answer(asked: Asked, status: int, body: Any, **headers: str) -> None:
    """A whole response; a text or bytes is sent as it is."""
    is_raw = isinstance(body, (str, bytes))
    content = (body.encode() if isinstance(body, str) else body) if is_raw else json.dumps(body).encode()
    kind = "text/html" if is_raw else "application/json"
    lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(content)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    asked.connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)


def cut(asked: Asked, _: int) -> None:
    """A response that ends in the middle."""
    asked.connection.sendall(
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"intentId": "in'
    )


def silence(asked: Asked, _: int) -> None:
    """Nothing, for a minute or until the client goes."""
    asked.connection.settimeout(60)
    asked.connection.recv(1)


def drip(text: bytes) -> Handler:
    """A byte every 50 ms: no single read takes long."""

    def handle(asked: Asked, _: int) -> None:
        for byte in text:
            asked.connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return handle


def nobody() -> str:
    """An address where nothing listens."""
    return f"http://127.0.0.1:{free_port()}"
