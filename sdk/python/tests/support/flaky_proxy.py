"""A proxy in front of the real server that loses, cuts, delays and replaces what passes."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What happens to a request; `none` most of the time.
FAULTS = ("lost", "answer_lost", "cut", "502", "503_after", "html", "slow", "slow_after")


class FlakyProxy:
    """`share`: how many of the requests meet a fault, from 0 to 1. `faults` counts them by kind."""

    def __init__(self, port: int, seed: int, share: float) -> None:
        self.share = share
        self.faults: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy.serve(self, port)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

        class Listener(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None: ...

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._listener.server_address[1]}"
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()

    def serve(self, handler: BaseHTTPRequestHandler, port: int) -> None:
        fault, delay = self._draw()
        body = handler.rfile.read(int(handler.headers.get("content-length", "0")))
        if fault == "lost":
            return _hang_up(handler)
        if fault in ("502", "html"):
            return _answer(handler, 502 if fault == "502" else 503, b"<html>Bad gateway</html>", "text/html")
        if fault == "slow":
            time.sleep(delay)
        status, content = _forward(handler, port, body)
        if fault == "slow_after":
            time.sleep(delay)
        if fault == "answer_lost":
            return _hang_up(handler)
        if fault == "503_after":
            return _answer(handler, 503, b"<html>Busy</html>", "text/html")
        if fault == "cut":
            return _answer(handler, status, content, "application/json", cut=True)
        return _answer(handler, status, content, "application/json")

    def _draw(self) -> tuple[str, float]:
        with self._lock:
            if self._random.random() >= self.share:
                return "none", 0.0
            fault = self._random.choice(FAULTS)
            self.faults[fault] += 1
            # Longer than the clients wait, now and then.
            return fault, self._random.choice([0.02, 0.1, 0.9])


def _forward(handler: BaseHTTPRequestHandler, port: int, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
        connection.request(handler.command, handler.path, body or None, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _answer(handler: BaseHTTPRequestHandler, status: int, content: bytes, kind: str, *, cut: bool = False) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2] if cut else content)


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
