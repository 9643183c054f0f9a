"""The programs of README.md and docs/sdk-python.md run as a reader runs them, and print what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .support.server import ROOT, Server

DOCUMENTS = ["sdk/python/README.md", "docs/sdk-python.md"]

EXAMPLE_ADDRESS = re.compile(r"http://localhost:4000|https://gate\.example\.com")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_programs_of_a_document_run_as_they_stand(document: str, server: Server, tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) >= 2
    agent = server.register()
    program = EXAMPLE_ADDRESS.sub(server.endpoint, "\n".join(blocks)).replace("gate_sk_…", agent)
    own = {name: value for name, value in os.environ.items() if not name.startswith("GATE_")}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=False,
        cwd=tmp_path,
        env={
            **own,
            "PYTHONPATH": str(ROOT / "sdk/python/src"),
            "GATE_API_KEY": agent,
            "GATE_REVIEWER_KEY": server.register("reviewer"),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert "pending_approval" in ended.stdout
    assert "{'imported': 1}" in ended.stdout
