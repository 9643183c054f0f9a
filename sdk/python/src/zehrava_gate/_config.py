"""Where Gate is, who asks, and how long it may take."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ._wire.options import require_count, require_seconds
from ._wire.payload import MAX_PAYLOAD_BYTES
from .errors import GateKeyError, GateOptionError
from .local_key import local_agent_key

DEFAULT_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Config:
    #: Without a slash at its end.
    endpoint: str
    # Tracebacks of some tools show every local variable.
    api_key: str | None = field(repr=False)
    reviewer_key: str | None = field(repr=False)
    timeout: float
    read_files: bool
    max_payload_bytes: int

    def agent_key(self) -> str:
        """Read for each request: a local server that restarts with new data has a new key. Raises `GateKeyError`."""
        key = self.api_key or _variable("GATE_API_KEY") or local_agent_key(self.endpoint)
        if key is not None:
            return key
        raise GateKeyError(
            "there is no API key",
            code="no_api_key",
            remedy="Pass api_key, set GATE_API_KEY, or start a local server (`npx zehrava-gate`), which stores one.",
        )

    def reviewer(self) -> str:
        return self.reviewer_key or _variable("GATE_REVIEWER_KEY") or self.agent_key()


def make_config(
    endpoint: Any, api_key: Any, reviewer_key: Any, timeout: Any, read_files: Any, max_payload_bytes: Any
) -> Config:
    """Raises `GateOptionError`."""
    for name, key in (("api_key", api_key), ("reviewer_key", reviewer_key)):
        _require_key(key, name)
    if not isinstance(read_files, bool):
        raise GateOptionError(f"read_files is True or False, not of type {type(read_files).__name__}")
    return Config(
        endpoint=_address(endpoint if endpoint is not None else os.environ.get("GATE_ENDPOINT")),
        api_key=api_key,
        reviewer_key=reviewer_key,
        timeout=require_seconds(DEFAULT_TIMEOUT_SECONDS if timeout is None else timeout, "timeout", finite=True),
        read_files=read_files,
        max_payload_bytes=MAX_PAYLOAD_BYTES
        if max_payload_bytes is None
        else require_count(max_payload_bytes, "max_payload_bytes"),
    )


def _variable(name: str) -> str | None:
    key = os.environ.get(name) or None
    _require_key(key, name)
    return key


def _require_key(key: Any, name: str) -> None:
    if key is None:
        return
    if not isinstance(key, str):
        raise GateOptionError(f"{name} is a text, not of type {type(key).__name__}")
    # A line break would add a header of its own. The message never shows the key.
    if key == "" or not key.isascii() or not key.isprintable() or " " in key:
        raise GateOptionError(f"{name} is no key: it is empty, or has spaces, line breaks or non-ASCII characters")


def _address(endpoint: Any) -> str:
    if not isinstance(endpoint, str) or endpoint == "":
        raise GateOptionError("endpoint is required", remedy="Pass Gate's address, or set GATE_ENDPOINT.")
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise GateOptionError("endpoint is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise GateOptionError("endpoint is an http or https address, as https://gate.example.com")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise GateOptionError("endpoint has no credentials, query or fragment")
    if any(character.isspace() for character in endpoint):
        raise GateOptionError("endpoint is no address")
    return endpoint.rstrip("/")
