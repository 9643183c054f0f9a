"""Keys of calls: the vectors of docs/guard.md, and RFC 8785's."""

from __future__ import annotations

import datetime
import enum
import hashlib
import json
import struct
from typing import Any

import pytest

from zehrava_gate import Answer, GateOptionError
from zehrava_gate._guard.bound_call import BoundCall, arguments_key
from zehrava_gate._wire.canonical import canonical_json, copy_of

from .support.server import ROOT

VECTORS = ROOT / "test" / "vectors"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", vectors("guard-keys.json")["keys"], ids=lambda vector: vector["name"])
def test_a_call_s_key_is_the_one_of_every_sdk(vector: Any) -> None:
    made = arguments_key(vector["destination"], vector["action"], vector["arguments"])
    assert made == vector["key"]
    assert made == "arguments:" + hashlib.sha256(vector["canonical"].encode()).hexdigest()


class Colour(str, enum.Enum):
    RED = "red"


def circle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), r"a\.b\[0\] is nan"),
        (float("inf"), "inf"),
        (2**53, "2\\^53"),
        (-(2**53), "2\\^53"),
        (1e300, "2\\^53"),
        (b"x", "of type bytes"),
        (datetime.date(2026, 12, 1), "of type date"),
        ({1, 2}, "of type set"),
        ({1: 2}, "named by of type int"),
        (Colour.RED, "of type Colour"),
        (object(), "of type object"),
        (print, "of type builtin"),
        ("\ud800", "lone surrogate"),
        ({"\udc00": 1}, "lone surrogate"),
        (circle(), "contains itself"),
        (nested(80), "nested deeper"),
    ],
)
def test_a_value_without_canonical_json_is_refused_by_its_place(value: Any, place: str) -> None:
    with pytest.raises(GateOptionError, match=place) as raised:
        canonical_json({"b": [value]}, "a")
    assert isinstance(raised.value, TypeError)
    assert "a.b[0]" in raised.value.message


def test_equal_values_have_one_text() -> None:
    assert canonical_json({"b": 1.0, "a": (True, None, -0.0)}, "a") == '{"a":[true,null,0],"b":1}'
    assert canonical_json(Answer({"b": 2, "a": 1}), "a") == '{"a":1,"b":2}'


def positional(a: Any, /, b: Any, c: Any = 3) -> None: ...
def keywords(a: Any, *rest: Any, flag: bool = False, **more: Any) -> None: ...


class Service:
    def write(self, a: Any) -> None: ...


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (BoundCall(positional, (1, 2)), [1, 2, 3]),
        (BoundCall(positional, (1,), {"b": 2}), [1, 2, 3]),
        (BoundCall(positional, (1,), {"c": 3, "b": 2}), [1, 2, 3]),
        (BoundCall(keywords, (1, 2, 3)), [1, 2, 3, {"flag": False}]),
        (BoundCall(keywords, (), {"a": 1, "x": 2}), [1, {"flag": False, "x": 2}]),
        (BoundCall(Service.write, (Service(), 1)), [1]),
        (BoundCall(Service().write, (1,)), [1]),
    ],
)
def test_both_ways_to_write_one_call_have_one_list_of_arguments(call: BoundCall, arguments: list[Any]) -> None:
    assert call.arguments() == arguments


def test_arguments_that_the_function_does_not_take_are_its_own_type_error() -> None:
    with pytest.raises(TypeError, match="missing a required argument"):
        BoundCall(positional, ()).arguments()


def test_what_runs_is_a_copy_with_the_same_types() -> None:
    given = ({"a": [1, (2, Answer({"iD": 3}))]},)
    copied = copy_of(given)
    given[0]["a"].append(4)
    assert copied == ({"a": [1, (2, {"iD": 3})]},)
    assert type(copied[0]["a"][1][1]) is Answer


@pytest.mark.parametrize(("bits", "text"), vectors("jcs/numbers.json")["numbers"])
def test_numbers_are_written_as_rfc_8785_does(bits: str, text: str | None) -> None:
    value = struct.unpack(">d", bytes.fromhex(bits))[0]
    # Integers beyond 2^53 - 1 are refused here, though the RFC has a text for them.
    if text is None or (float(value).is_integer() and abs(value) >= 2**53):
        with pytest.raises(GateOptionError):
            canonical_json(value, "a")
    else:
        assert canonical_json(value, "a") == text
