"""The agent's key that a server on this machine stored for this user: it can propose and can't approve."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

#: A local server's key is sent to no other host.
_LOOPBACK_HOSTS = frozenset(["localhost", "127.0.0.1", "::1"])


def local_agent_key(endpoint: str) -> str | None:
    """The key, or None where there is none for this address."""
    address = urlsplit(endpoint)
    if address.hostname not in _LOOPBACK_HOSTS:
        return None
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        keys = json.loads((_config_folder() / "zehrava-gate" / "local-agents.json").read_text(encoding="utf-8"))
        key = keys[str(port)]
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, RecursionError):
        return None
    return key if isinstance(key, str) else None


def _config_folder() -> Path:
    # XDG Base Directory Specification: a relative path is invalid and ignored.
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or ".")
    return configured if configured.is_absolute() else Path.home() / ".config"
