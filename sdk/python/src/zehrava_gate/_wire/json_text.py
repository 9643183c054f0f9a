"""JSON that says what the value says: `json.dumps` alone writes `NaN`, and makes one name of `1` and `"1"`."""

from __future__ import annotations

import json
import math
from typing import Any

from ..errors import GateOptionError

#: The server's own limit of nesting is near; deeper is a mistake, or an attack on the stack.
MAX_DEPTH = 200


def json_text(value: Any, name: str) -> str:
    """The JSON of a value; `name` names it in messages, empty: its members stand for themselves.

    Raises `GateOptionError` that names the member that JSON can't carry.
    """
    _check(value, name, 0)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _check(value: Any, place: str, depth: int) -> None:  # noqa: PLR0912
    if value is None or isinstance(value, (bool, int)):
        return
    if isinstance(value, str):
        if not value.isascii():
            _check_text(value, place)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _refused(place, f"is {value}, which JSON can't carry: pass a number, or leave it out")
    elif depth >= MAX_DEPTH:
        raise _refused(place, f"is nested deeper than {MAX_DEPTH}, or contains itself")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise _refused(place, f"has a member named by {type(key).__name__}, and JSON's names are texts")
            if not key.isascii():
                _check_text(key, place)
            _check(member, f"{place}.{key}" if place else key, depth + 1)
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            _check(item, f"{place}[{at}]", depth + 1)
    else:
        kind = type(value).__name__
        raise _refused(place, f"is of type {kind}, which JSON can't carry: pass its text or number")


def _check_text(value: str, place: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused(place, "has a lone surrogate, which is no character") from None


def _refused(place: str, why: str) -> GateOptionError:
    return GateOptionError(f"{place or 'the request'} {why}")
