"""A call that one SDK guarded is the same call to the other."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from zehrava_gate import Gate

from .support.server import ROOT, Server

SDK = ROOT / "dist" / "sdk" / "gate.js"
NODE = ROOT / "node_modules" / ".bin" / "node"

PROGRAM = """
const [sdk, endpoint, apiKey, ...calls] = process.argv.slice(2);
const { Gate } = await import(sdk);
const gate = new Gate({ endpoint, apiKey });
const options = { destination: "hubspot.contacts", policy: "crm-low-risk", key: "arguments" };
const write = gate.guard((contacts, share) => ({ by: "TypeScript", imported: contacts.length }), options);
for (const call of calls) console.log(JSON.stringify(await write(...JSON.parse(call))));
"""


def has_guard() -> bool:
    program = f'const {{ Gate }} = await import("{SDK}"); process.exit("guard" in Gate.prototype ? 0 : 1)'
    return subprocess.run([NODE, "--input-type=module", "--eval", program], check=False).returncode == 0


def test_python_and_typescript_share_keys_payloads_and_results(server: Server, tmp_path: Path) -> None:
    if not has_guard():
        pytest.skip("the built TypeScript SDK has no guard yet")
    key = server.register()
    script = tmp_path / "call.mjs"
    script.write_text(PROGRAM)
    first: list[Any] = [[{"email": f"{uuid.uuid4().hex}@example.com", "é": 1.5e-7}], 3]
    second: list[Any] = [[{"email": f"{uuid.uuid4().hex}@example.com"}], 0.1]
    with Gate(server.endpoint, key) as gate:

        @gate.guard(destination="hubspot.contacts", policy="crm-low-risk", key="arguments")
        def write(contacts: object, share: float) -> dict[str, object]:
            return {"by": "Python"}

        assert write(*first) == {"by": "Python"}
        command = [str(NODE), str(script), str(SDK), server.endpoint, key, json.dumps(first), json.dumps(second)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
        ran = {"by": "TypeScript", "imported": 1}
        assert [json.loads(line) for line in said] == [{"by": "Python"}, ran]
        assert write(*second) == ran
