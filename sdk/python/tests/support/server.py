"""The built command on a folder and a port of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[4]
ADMIN_KEY = "gate_ak_python-0123456789abcdef0123"

_START_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server with the shipped rules, or with those of `folder` (`policies/`, `gate.yaml`)."""

    def __init__(self, files: dict[str, str] | None = None, **variables: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="zehrava-gate-python-"))
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._files = files
        self._variables = variables
        self._printed: list[str] = []
        self._named = 0
        self._process = self._start()

    def register(self, role: str = "agent", **more: Any) -> str:
        """The key of a new principal."""
        self._named += 1
        body = {"name": f"{role}-{self._named}", "role": role, **more}
        answer = self.call("POST", "/v1/agents/register", ADMIN_KEY, body)
        return str(answer["apiKey"])

    def call(self, method: str, path: str, key: str, body: Any = None) -> Any:
        response = httpx.request(
            method, self.endpoint + path, headers={"authorization": f"Bearer {key}"}, json=body, timeout=30
        )
        assert response.status_code < 400, response.text
        is_json = "json" in response.headers.get("content-type", "")
        return response.json() if is_json else response.text

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _start(self) -> subprocess.Popen[str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("GATE_")}
        for name, text in (self._files or {}).items():
            path = self.home / "rules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = Path(os.environ.get("GATE_TEST_COMMAND", ROOT / "dist" / "cli.js"))
        node = shutil.which("node", path=f"{ROOT / 'node_modules' / '.bin'}:{os.environ['PATH']}")
        assert node is not None, "node is missing"
        assert command.exists(), "run `node scripts/build.ts` first"
        process = subprocess.Popen(
            [node, str(command), "--port", str(self.port), "--data-dir", str(self.home / "data"), *self._rules()],
            cwd=ROOT,
            env={
                **own,
                "GATE_ADMIN_KEY": ADMIN_KEY,
                "XDG_CONFIG_HOME": str(self.home / "config"),
                **self._variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(process, ready), daemon=True).start()
        end = time.monotonic() + _START_SECONDS
        while not ready.wait(0.1):
            is_starting = process.poll() is None and time.monotonic() < end
            assert is_starting, "".join(self._printed)
        return process

    def _rules(self) -> list[str]:
        if self._files is None:
            return []
        rules = self.home / "rules"
        return ["--policy-dir", str(rules / "policies"), "--registry", str(rules / "gate.yaml")]

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._printed.append(line)
            if "Ready." in line:
                ready.set()
