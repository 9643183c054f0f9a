"""Options as they were given: an option that would be dropped in silence could lose what a policy evaluates."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any

from ..errors import GateOptionError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def known_options(given: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The options that are given, those that are None left out. Raises `GateOptionError` for an unknown one."""
    for name in given:
        if name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        remedy = f"Did you mean {near[0]}?" if near else f"Options are {', '.join(sorted(known))}."
        raise GateOptionError(f"unknown option: {name}", remedy=remedy)
    return {name: value for name, value in given.items() if value is not None}


def require_text(value: Any, name: str) -> str:
    if isinstance(value, str) and value != "":
        return value
    given = "empty" if value == "" else "None" if value is None else f"of type {type(value).__name__}"
    raise GateOptionError(f"{name} is required, a text: it is {given}")


def require_id(value: Any, name: str) -> str:
    """An id, as a text or as the answer that has it. Refuses dot segments, with which a URL names another resource."""
    if isinstance(value, dict) and name in value:
        value = value[name]
    text = require_text(value, name)
    if text in (".", ".."):
        raise GateOptionError(f"{name} is no id: {text}")
    return text


def require_count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GateOptionError(f"{name} is a whole number, not {_shown(value)}")
    if value < 0:
        raise GateOptionError(f"{name} is not negative: {value}")
    return int(value)


def require_amount(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GateOptionError(f"{name} is a number, not {_shown(value)}")
    if not math.isfinite(value):
        raise GateOptionError(f"{name} is {value}, which JSON can't carry: pass a number, or leave it out")
    if value < 0:
        raise GateOptionError(f"{name} is not negative: {value}")
    return value if isinstance(value, int) else float(value)


def require_seconds(value: Any, name: str, *, finite: bool) -> float:
    """A duration; 0 only where it may be infinite, since a request takes time."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and (0 < value < math.inf if finite else value >= 0):
        return float(value)
    raise GateOptionError(f"{name} is a number of seconds, {'above' if finite else 'at least'} 0, not {_shown(value)}")


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, (int, float)) else f"of type {type(value).__name__}"
