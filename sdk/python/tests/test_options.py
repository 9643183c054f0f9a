"""Wrong options are errors that name the option, before anything is sent."""

from __future__ import annotations

import math
from typing import Any, Callable

import pytest

from zehrava_gate import AsyncGate, Gate, GateOptionError, csv_rows

GATE = Gate("http://127.0.0.1:1", "gate_sk_x", timeout=0.5)
OK: dict[str, Any] = {"destination": "a.b", "policy": "p"}


def propose(**options: Any) -> Callable[[], Any]:
    return lambda: GATE.propose(**{**OK, **options})


def guard(**options: Any) -> Callable[[], Any]:
    return lambda: GATE.guard(**{**OK, "key": "k", **options})(lambda: None)


def generator() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Gate(""), "endpoint is required"),
        (lambda: Gate("gate.example.com"), "endpoint is an http or https address"),
        (lambda: Gate("ftp://gate.example.com"), "endpoint is an http or https address"),
        (lambda: Gate("https://key@gate.example.com"), "endpoint has no credentials"),
        (lambda: Gate("https://gate.example.com/?a=1"), "endpoint has no credentials, query"),
        (lambda: Gate("http://gate:99999"), "endpoint is no address"),
        (lambda: Gate("http://[::1"), "endpoint is no address"),
        (lambda: Gate("http://gate", 5), "api_key is a text"),  # type: ignore[arg-type]
        (lambda: Gate("http://gate", "a\nb"), "api_key is no key"),
        (lambda: Gate("http://gate", reviewer_key=""), "reviewer_key is no key"),
        (lambda: Gate("http://gate", timeout=0), "timeout is a number of seconds"),
        (lambda: Gate("http://gate", timeout=math.inf), "timeout is a number of seconds"),
        (lambda: Gate("http://gate", timeout=math.nan), "timeout is a number of seconds"),
        (lambda: Gate("http://gate", timeout=True), "timeout is a number of seconds"),
        (lambda: Gate("http://gate", read_files=1), "read_files is True or False"),  # type: ignore[arg-type]
        (lambda: Gate("http://gate", max_payload_bytes=-1), "max_payload_bytes is not negative"),
        (propose(destination=""), "destination is required"),
        (propose(policy=None), "policy is required"),
        (propose(recordCount=1), "unknown option: recordCount. Did you mean record_count"),
        (propose(dry_run=True), "unknown option: dry_run"),
        (propose(record_count=-1), "record_count is not negative"),
        (propose(record_count=1.5), "record_count is a whole number"),
        (propose(record_count=math.nan), "record_count is a whole number"),
        (propose(record_count=True), "record_count is a whole number"),
        (propose(estimated_value_usd=math.nan), "estimated_value_usd is nan"),
        (propose(estimated_value_usd="5"), "estimated_value_usd is a number"),
        (propose(sensitivity_tags="pii"), "sensitivity_tags is a list"),
        (propose(idempotency_key=""), "idempotency_key is empty"),
        (propose(metadata={"a": [1, math.inf]}), r"metadata\.a\[1\] is inf"),
        (propose(metadata={"a": object()}), r"metadata\.a is of type object"),
        (propose(metadata={1: 1}), "metadata has a member named by int"),
        (propose(metadata={"a": "\ud800"}), r"metadata\.a has a lone surrogate"),
        (propose(payload=5), "payload is a text, a path"),
        (propose(payload={"a": math.nan}), r"payload\.a is nan"),
        (propose(payload="\ud800"), "payload has a lone surrogate"),
        (propose(payload="x", payload_reference={"name": "y"}), "payload and payload_reference"),
        (lambda: GATE.wait("", 1), "intent_id is required"),
        (lambda: GATE.wait("..", 1), "intent_id is no id"),
        (lambda: GATE.wait("int_1", -1), "timeout is a number of seconds"),
        (lambda: GATE.wait("int_1", math.nan), "timeout is a number of seconds"),
        (lambda: GATE.approve(None), "intent_id is required"),  # type: ignore[arg-type]
        (lambda: GATE.report("exe_1", "done"), "status is one of succeeded"),
        (lambda: GATE.report("exe_1", "failed", result=math.nan, execution_token="gex_1"), "result is nan"),
        (lambda: GATE.batch([{"intent_id": "int_1", "decision": "approve"}]), r"decisions\[0\]\.digest is required"),
        (lambda: GATE.batch([{"intentid": "int_1"}]), "Did you mean intent_id"),
        (lambda: GATE.edit("int_1", None, reason="r", digest="d"), "payload is required"),  # type: ignore[arg-type]
        (lambda: GATE.edit("int_1", "x", reason="", digest="d"), "reason is required"),
        (lambda: GATE.register_webhook("int_1", ""), "url is required"),
        (lambda: GATE.request("PATCH", "/v1"), "method is GET"),
        (lambda: GATE.request("GET", "//evil.example"), "path begins"),
        (lambda: GATE.request("GET", "http://evil.example"), "path begins"),
        (lambda: GATE.request("GET", "/a b"), "path begins"),
        (lambda: GATE.request("GET", "/v1", key="admin"), "key is 'agent'"),
        (guard(key=None), "key is required"),
        (guard(key=""), "key is required"),
        (guard(key="x" * 257), "key has 257 characters"),
        (guard(wait=-1), "wait is a number of seconds"),
        (guard(wait="5"), "wait is a number of seconds"),
        (guard(on_raise="ignore"), "on_raise is one of"),
        (guard(destination=""), "destination is required"),
        (guard(record_count=-1), "record_count is not negative"),
        (guard(idempotency_key="x"), "unknown option: idempotency_key"),
        (lambda: GATE.guard(**OK, key="k")(5), "guard takes a function"),  # type: ignore[type-var]
        (lambda: GATE.guard(**OK, key="k")(vars), "parameters can be read"),
        (lambda: GATE.guard(**OK, key="k")(generator), "no generator function"),
        (lambda: csv_rows([]), "csv_rows needs a row"),
        (lambda: csv_rows([{"a": 1}, {"b": 1}]), r"rows\[1\] has other members"),
        (lambda: csv_rows([{"a": math.nan}]), r"rows\[0\]\.a is nan"),
        (lambda: csv_rows([{"a": b"x"}]), r"rows\[0\]\.a is of type bytes"),
    ],
)
def test_a_wrong_option_is_named(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(GateOptionError, match=says) as raised:
        call()
    assert isinstance(raised.value, TypeError)
    assert isinstance(raised.value, ValueError)
    assert (raised.value.status, raised.value.code) == (0, "invalid_option")


def test_an_argument_that_no_method_has_is_python_s_own_type_error() -> None:
    with pytest.raises(TypeError, match="digst"):
        GATE.approve("int_1", digst="d")  # type: ignore[call-arg]


def test_endpoint_and_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_ENDPOINT", "http://127.0.0.1:1/")
    assert repr(Gate()) == "Gate('http://127.0.0.1:1')"
    assert repr(AsyncGate()) == "AsyncGate('http://127.0.0.1:1')"


def test_no_representation_shows_a_key() -> None:
    assert "gate_sk" not in repr(GATE) + repr(vars(GATE))
