"""How much a test tries: docs/tests.md, "The Python SDK"."""

from __future__ import annotations

import os
import re


def volume(name: str, *, quick: int, chaos: int) -> int:
    """`GATE_TEST_<NAME>`, else the size that `GATE_TEST_VOLUME` selects."""
    given = _number(f"GATE_TEST_{name}")
    if given is not None:
        return given
    return chaos if os.environ.get("GATE_TEST_VOLUME") == "chaos" else quick


def seed(own: int) -> int:
    return _number("GATE_TEST_SEED") or own


def _number(variable: str) -> int | None:
    written = os.environ.get(variable) or None
    if written is None:
        return None
    # A typo would test nothing.
    assert re.fullmatch(r"[1-9]\d{0,8}", written), f"{variable} must be a whole number, at least 1"
    return int(written)
