"""One typed error for each way in which a server can fail, in time, with what to do."""

from __future__ import annotations

import asyncio
import gzip
import time
from typing import Any, Callable

import pytest

from zehrava_gate import AsyncGate, Gate, GateError, GateKeyError, GateUnavailableError

from .support.fake_server import FakeServer, Handler, answer, cut, drip, nobody, silence

LIMIT = 0.8

#: A busy machine; the servers would take a minute.
SLACK = 1.5


def by_sync(endpoint: str) -> Any:
    with Gate(endpoint, "gate_sk_x", timeout=LIMIT) as gate:
        return gate.propose(destination="a.b", policy="p", payload="x")


def by_async(endpoint: str) -> Any:
    async def propose() -> Any:
        async with AsyncGate(endpoint, "gate_sk_x", timeout=LIMIT) as gate:
            return await gate.propose(destination="a.b", policy="p", payload="x")

    return asyncio.run(propose())


CLIENTS = pytest.mark.parametrize("call", [by_sync, by_async])

HTML = "<html>Sign in</html>"
DRIPPING_HEAD = b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 2_000
DRIPPING_BODY = b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n" + b" " * 2_000


def answering(status: int, body: Any, **headers: str) -> Handler:
    return lambda asked, _: answer(asked, status, body, **headers)


@CLIENTS
@pytest.mark.parametrize(
    ("handler", "code", "says"),
    [
        (answering(200, HTML), "not_json", "endpoint is Gate's address"),
        (answering(200, "[1]"), "not_json", "endpoint is Gate's address"),
        (answering(200, '{"a": NaN}'), "not_json", "endpoint is Gate's address"),
        (answering(200, "[" * 100_000), "not_json", "endpoint is Gate's address"),
        (answering(200, b"\xff\xfe"), "not_json", "endpoint is Gate's address"),
        (answering(502, HTML), "not_json", "endpoint is Gate's address"),
        (answering(503, {"code": "ledger_unavailable", "detail": "Later."}), "ledger_unavailable", "Try again"),
        (answering(302, "", location="http://example.com/"), "redirected", "endpoint"),
        (cut, "network", "same idempotency_key"),
        (lambda asked, _: asked.connection.close(), "network", "same idempotency_key"),
        (lambda asked, _: asked.connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), "network", "endpoint is its address"),
        (silence, "timeout", "raise timeout"),
        (drip(DRIPPING_HEAD), "timeout", "raise timeout"),
        (drip(DRIPPING_BODY), "timeout", "raise timeout"),
    ],
)
def test_a_server_that_fails_is_one_typed_error_in_time(
    call: Callable[[str], Any], handler: Handler, code: str, says: str
) -> None:
    started = time.monotonic()
    with FakeServer(handler) as server, pytest.raises(GateUnavailableError) as raised:
        call(server.endpoint)
    assert raised.value.code == code
    assert says in str(raised.value)
    assert time.monotonic() - started < LIMIT + SLACK


@CLIENTS
def test_a_server_that_is_down_is_unavailable_and_named(call: Callable[[str], Any]) -> None:
    endpoint = nobody()
    with pytest.raises(GateUnavailableError, match="Check that Gate runs") as raised:
        call(endpoint)
    assert raised.value.code == "network"
    assert raised.value.status == 0
    assert endpoint in raised.value.message


@CLIENTS
def test_a_wrong_key_is_an_error_of_its_own_and_is_not_tried_again(call: Callable[[str], Any]) -> None:
    body = {"code": "invalid_key", "error": "Invalid API key", "detail": "The key is unknown."}
    with FakeServer(answering(401, body)) as server, pytest.raises(GateKeyError, match="Check the key") as raised:
        call(server.endpoint)
    assert (raised.value.status, raised.value.code, raised.value.body["error"]) == (
        401,
        "invalid_key",
        "Invalid API key",
    )
    assert len(server.asked) == 1


@CLIENTS
def test_no_key_reaches_the_address_that_a_redirect_names(call: Callable[[str], Any]) -> None:
    with FakeServer(answering(200, {})) as other:
        with FakeServer(answering(307, "", location=f"{other.endpoint}/v1/intents")) as server:
            with pytest.raises(GateUnavailableError, match="redirects to"):
                call(server.endpoint)
        assert other.asked == []


@CLIENTS
def test_an_endless_answer_is_refused_before_it_fills_the_memory(
    call: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sync", "asynchronous"):
        monkeypatch.setattr(f"zehrava_gate._io.{module}.MAX_ANSWER_BYTES", 1_000)
    with FakeServer(answering(200, " " * 100_000)) as server, pytest.raises(GateUnavailableError) as raised:
        call(server.endpoint)
    assert raised.value.code == "too_large"


@CLIENTS
def test_a_compressed_answer_is_not_unpacked(call: Callable[[str], Any]) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    with FakeServer(answering(200, bomb, content_encoding="gzip")) as server:
        with pytest.raises(GateUnavailableError) as raised:
            call(server.endpoint)
    assert raised.value.code == "not_json"


@CLIENTS
def test_a_lost_answer_is_asked_for_again_under_the_same_key(call: Callable[[str], Any]) -> None:
    def handle(asked: Any, n: int) -> None:
        if n == 0:
            cut(asked, n)
        else:
            answer(asked, 200, {"status": "approved"})

    with FakeServer(handle) as server:
        assert call(server.endpoint).status == "approved"
        first, second = server.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_two_calls_never_share_an_idempotency_key() -> None:
    with FakeServer(answering(200, {"status": "approved"})) as server:
        by_sync(server.endpoint)
        by_sync(server.endpoint)
        keys = {asked.headers["idempotency-key"] for asked in server.asked}
    assert len(keys) == 2


@CLIENTS
def test_a_retry_after_is_obeyed_where_there_is_time(call: Callable[[str], Any]) -> None:
    def handle(asked: Any, n: int) -> None:
        if n == 0:
            answer(asked, 429, {"code": "too_many_requests", "detail": "Slower."}, retry_after="0")
        else:
            answer(asked, 200, {"status": "approved"})

    with FakeServer(handle) as server:
        assert call(server.endpoint).status == "approved"


@CLIENTS
def test_a_retry_after_beyond_the_timeout_is_raised_at_once(call: Callable[[str], Any]) -> None:
    body = {"code": "too_many_requests", "detail": "Slower."}
    started = time.monotonic()
    with FakeServer(answering(429, body, retry_after="60")) as server, pytest.raises(GateError) as raised:
        call(server.endpoint)
    assert (raised.value.retry_after, raised.value.code) == (60.0, "too_many_requests")
    assert len(server.asked) == 1
    assert time.monotonic() - started < LIMIT


@CLIENTS
@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 413, 422])
def test_a_refusal_is_not_tried_again(call: Callable[[str], Any], status: int) -> None:
    with FakeServer(answering(status, {"code": "no", "detail": "No."})) as server:
        with pytest.raises(GateError) as raised:
            call(server.endpoint)
    assert (raised.value.status, raised.value.code, raised.value.message) == (status, "no", "No")
    assert len(server.asked) == 1


def test_a_key_with_a_line_break_is_refused_before_it_is_sent_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_API_KEY", "gate_sk_secret\r\nX-Role: admin")
    with pytest.raises(TypeError, match="GATE_API_KEY") as raised:
        Gate("http://127.0.0.1:1").list()
    assert "secret" not in str(raised.value)


def test_no_key_at_all_says_where_one_comes_from() -> None:
    with pytest.raises(GateKeyError, match="GATE_API_KEY") as raised:
        Gate("http://127.0.0.1:1").list()
    assert raised.value.code == "no_api_key"


def test_a_cursor_that_stays_ends_the_list() -> None:
    page = {"intents": [{"id": "int_1"}], "next": "same"}
    with FakeServer(answering(200, page)) as server, Gate(server.endpoint, "gate_sk_x") as gate:
        assert len(list(gate.intents())) == 2
        assert [asked.path for asked in server.asked] == ["/v1/intents", "/v1/intents?after=same"]


@pytest.mark.parametrize(
    "value", ["-1", "soon", "Mon, 99 Foo 2026 00:00:00 GMT", "1e9", "Fri, 31 Dec 9999 23:59:59 -2359"]
)
def test_a_retry_after_that_is_none_is_ignored_or_obeyed_as_far_as_there_is_time(value: str) -> None:
    body = {"code": "too_many_requests", "detail": "Slower."}
    started = time.monotonic()
    with FakeServer(answering(429, body, retry_after=value)) as server, pytest.raises(GateError):
        by_sync(server.endpoint)
    assert time.monotonic() - started < LIMIT + SLACK
