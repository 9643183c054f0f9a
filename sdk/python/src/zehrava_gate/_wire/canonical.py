"""RFC 8785 (JCS): one text for one value, so that equal calls have equal keys (docs/guard.md)."""

from __future__ import annotations

import json
import math
from typing import Any

from ..answers import Answer
from ..errors import GateOptionError

#: Beyond these other readers of JSON round: two accounts' numbers could become one.
MAX_SAFE_INTEGER = 2**53 - 1

MAX_DEPTH = 60


def canonical_json(value: Any, place: str) -> str:
    """The canonical text; `place` names the value in messages, as `arguments`. Raises `GateOptionError`."""
    return _text(value, place, frozenset())


def copy_of(value: Any) -> Any:
    """A copy of a value that has a canonical form, tuples and answers included."""
    if isinstance(value, dict):
        return type(value)({name: copy_of(member) for name, member in value.items()})
    if isinstance(value, (list, tuple)):
        return type(value)(copy_of(item) for item in value)
    return value


def _text(value: Any, place: str, around: frozenset[int]) -> str:
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is str:
        return _string(value, place)
    if kind is int or kind is float:
        return _number(value, place)
    if kind not in (dict, Answer, list, tuple):
        raise _refused(place, f"is {_named(kind)}")
    if id(value) in around:
        raise _refused(place, "contains itself")
    if len(around) >= MAX_DEPTH:
        raise _refused(place, f"is nested deeper than {MAX_DEPTH}")
    inside = around | {id(value)}
    if isinstance(value, dict):
        return _object(value, place, inside)
    return "[" + ",".join(_text(item, f"{place}[{at}]", inside) for at, item in enumerate(value)) + "]"


def _object(value: dict[Any, Any], place: str, inside: frozenset[int]) -> str:
    for name in value:
        if type(name) is not str:
            raise _refused(place, f"has a member named by {_named(type(name))}, and names are texts")
    texts = {name: _string(name, place) for name in value}
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{texts[name]}:{_text(value[name], f'{place}.{name}', inside)}" for name in names) + "}"


def _string(value: str, place: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _refused(place, "has a lone surrogate, which is no character") from None
    return json.dumps(value, ensure_ascii=False)


def _number(value: float, place: str) -> str:
    if not math.isfinite(value):
        raise _refused(place, f"is {value}")
    if value == int(value):
        if abs(value) > MAX_SAFE_INTEGER:
            raise _refused(place, "is an integer beyond 2^53 - 1, which other readers round: pass its text")
        return str(int(value))
    return _fraction(float(value))


def _fraction(value: float) -> str:
    """ECMAScript's Number::toString of a number with a fraction: the shortest digits, as `repr` finds them."""
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or "0") - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if point > 0:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if point > -6:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e-{1 - point}"


def _named(kind: type) -> str:
    return f"of type {kind.__qualname__}"


def _refused(place: str, why: str) -> GateOptionError:
    return GateOptionError(
        f"{place} {why}, and has no canonical JSON",
        remedy="Pass a text, a number, a bool, None, or dicts and lists of them, or options `key` and `payload`.",
    )
