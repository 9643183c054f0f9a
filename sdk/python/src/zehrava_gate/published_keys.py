"""Gate's public keys, given or fetched and kept."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from typing import Any

from ._config import make_config
from ._io.sync import SyncIo
from ._steps.send import send
from ._wire.request import get
from .answers import Answer
from .errors import GateOptionError

KEPT_SECONDS = 300.0

#: A key id that is not among the kept ones may be of a rotation since. Not at once again: a forger may make ids up.
UNKNOWN_SECONDS = 30.0

_FETCH_SECONDS = 10.0

_lock = threading.Lock()
_kept: dict[str, tuple[float, list[Mapping[str, Any]]]] = {}


def published_keys(endpoint: str | None, keys: Mapping[str, Any] | None, kid: Any) -> list[Mapping[str, Any]]:
    """Gate's keys, `kid` among them where there is such a one.

    Raises `GateOptionError` where neither is given, `GateUnavailableError` where they can't be fetched."""
    if keys is not None:
        return _listed(keys)
    if endpoint is None:
        raise GateOptionError("endpoint or keys is required: who signed can't be told without Gate's keys")
    with _lock:
        fetched_at, kept = _kept.get(endpoint, (-math.inf, []))
        is_known = any(key.get("kid") == kid for key in kept)
        if time.monotonic() - fetched_at < (KEPT_SECONDS if is_known else UNKNOWN_SECONDS):
            return kept
    config = make_config(endpoint, None, None, _FETCH_SECONDS, False, None)
    io = SyncIo(None)
    try:
        found = _listed(io.run(send(config, get("/.well-known/jwks.json", key="nobody"), Answer)))
    finally:
        io.close()
    with _lock:
        _kept[endpoint] = (time.monotonic(), found)
    return found


def _listed(keys: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = keys.get("keys") if isinstance(keys, Mapping) else None
    if not isinstance(listed, (list, tuple)) or not all(isinstance(key, Mapping) for key in listed):
        raise GateOptionError("keys is what /.well-known/jwks.json has: a dict with the list `keys`")
    return list(listed)
