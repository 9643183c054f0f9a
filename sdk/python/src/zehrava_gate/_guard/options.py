"""The options of `guard`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Union

from .._wire.options import known_options, require_seconds, require_text
from .._wire.proposal import proposal_body
from ..errors import GateOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = Union[str, Callable[..., Any]]
OnRaise = Union[str, Callable[[BaseException], str], None]

#: What a raise may mean; docs/guard.md.
RAISE_MEANINGS = ("failed", "retryable", "indeterminate")

MAX_KEY_CHARACTERS = 256

#: What a proposal takes as it is. `record_count` and `estimated_value_usd` may be functions of the arguments.
PASSED_ON = (
    "action",
    "record_count",
    "estimated_value_usd",
    "sensitivity_tags",
    "on_behalf_of",
    "principal_id",
    "expires_in",
    "metadata",
    "profile",
    "payload_name",
    "payload_media_type",
)
_OPTIONS = frozenset(["destination", "policy", "key", "payload", "wait", "on_raise", *PASSED_ON])


@dataclass(frozen=True)
class GuardOptions:
    destination: str
    policy: str
    key: Key
    payload: Any
    #: Seconds; `math.inf` never gives up.
    wait: float
    on_raise: OnRaise
    proposal: Mapping[str, Any]


def guard_options(given: Mapping[str, Any]) -> GuardOptions:
    """Raises `GateOptionError` when the function is decorated, before anything runs."""
    options = known_options(given, _OPTIONS)
    key = options.get("key")
    if not callable(key):
        check_key(require_text(key, "key"))
    on_raise: Any = options.get("on_raise")
    if on_raise is not None and not callable(on_raise):
        check_meaning(on_raise)
    proposal = {name: options[name] for name in PASSED_ON if name in options}
    checked = {name: value for name, value in proposal.items() if not callable(value)}
    destination, policy = options.get("destination"), options.get("policy")
    proposal_body({"destination": destination, "policy": policy, **checked}, read_files=False, max_bytes=0)
    return GuardOptions(
        destination=require_text(destination, "destination"),
        policy=require_text(policy, "policy"),
        key=key if callable(key) else str(key),
        payload=options.get("payload"),
        wait=_wait(options.get("wait")),
        on_raise=options.get("on_raise"),
        proposal=proposal,
    )


def check_key(key: Any) -> str:
    text = require_text(key, "key")
    if len(text) > MAX_KEY_CHARACTERS:
        raise GateOptionError(f"key has {len(text)} characters, and at most {MAX_KEY_CHARACTERS}: pass a digest of it")
    return text


def check_meaning(meaning: Any) -> str:
    if meaning in RAISE_MEANINGS:
        return str(meaning)
    raise GateOptionError(f"on_raise is one of {', '.join(RAISE_MEANINGS)}, or gives one, not {meaning!r}")


def _wait(value: Any) -> float:
    if value is None:
        return 0.0
    return math.inf if value == math.inf else require_seconds(value, "wait", finite=False)
