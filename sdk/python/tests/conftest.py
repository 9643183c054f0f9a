from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zehrava_gate import Gate

from .support.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

for name in [name for name in os.environ if name.startswith("GATE_") and not name.startswith("GATE_TEST_")]:
    del os.environ[name]
os.environ["XDG_CONFIG_HOME"] = "/nowhere"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server(GATE_PROPOSALS_PER_MINUTE="1000000", GATE_REQUESTS_PER_MINUTE="1000000")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def agent_key(server: Server) -> str:
    return server.register("agent")


@pytest.fixture(scope="session")
def reviewer_key(server: Server) -> str:
    return server.register("reviewer")


@pytest.fixture
def gate(server: Server, agent_key: str, reviewer_key: str) -> Iterator[Gate]:
    with Gate(server.endpoint, agent_key, reviewer_key=reviewer_key) as client:
        yield client


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
