"""What each method asks of Gate."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._wire.options import known_options, require_amount, require_count, require_id, require_text
from .._wire.payload import wire_payload
from .._wire.proposal import proposal_body
from .._wire.request import Request, execution_path, get, intent_path, post
from ..answers import Answer, Order, Proposal, UpstreamResponse
from ..errors import GateError, GateOptionError, GateUnavailableError
from .effects import Steps, Work
from .send import send

if TYPE_CHECKING:
    from .._config import Config

_OUTCOMES = ("succeeded", "failed", "indeterminate")


def propose(config: Config, options: Mapping[str, Any], *, dry_run: bool = False) -> Steps[Proposal]:
    # Reading a file blocks.
    body = yield Work(lambda: proposal_body(options, read_files=config.read_files, max_bytes=config.max_payload_bytes))
    path = "/v1/intents?dry_run=true" if dry_run else "/v1/intents"
    return (yield from send(config, post(path, body), Proposal))


def decide(config: Config, verb: str, intent: Any, decision: Mapping[str, Any]) -> Steps[Answer]:
    """`approve`, `reject`, `cancel-approval` or `revoke`, with the reviewer's key."""
    body = {name: value for name, value in decision.items() if value is not None}
    return (yield from send(config, post(intent_path(intent, f"/{verb}"), body, key="reviewer"), Answer))


_BATCH_OPTIONS = frozenset(["intent_id", "decision", "digest", "reason", "on_behalf_of_principal"])


def batch(config: Config, decisions: Iterable[Mapping[str, Any]]) -> Steps[Answer]:
    items = []
    for at, decision in enumerate(decisions):
        if not isinstance(decision, Mapping):
            raise GateOptionError(f"decisions[{at}] is a dict, not of type {type(decision).__name__}")
        item = known_options(decision, _BATCH_OPTIONS)
        for name in ("intent_id", "decision", "digest"):
            require_text(item.get(name), f"decisions[{at}].{name}")
        items.append({"intentId": item.pop("intent_id"), **item})
    return (yield from send(config, post("/v1/approvals/batch", {"decisions": items}, key="reviewer"), Answer))


def edit(config: Config, intent: Any, payload: Any, options: Mapping[str, Any]) -> Steps[Answer]:
    if payload is None:
        raise GateOptionError("payload is required: an edit replaces it")
    for name in ("reason", "digest"):
        require_text(options.get(name), name)
    more = {name: value for name, value in options.items() if value is not None}
    if "recordCount" in more:
        require_count(more["recordCount"], "record_count")
    if "estimatedValueUsd" in more:
        require_amount(more["estimatedValueUsd"], "estimated_value_usd")
    sent = yield Work(lambda: wire_payload(payload, read_files=config.read_files, max_bytes=config.max_payload_bytes))
    return (yield from send(config, post(intent_path(intent, "/edit"), {**sent, **more}, key="reviewer"), Answer))


def claim(config: Config, execution: Any, token: str | None) -> Steps[Order]:
    return (yield from _by_worker(config, execution, "/claim", token, {}))


def heartbeat(config: Config, execution: Any, token: str | None) -> Steps[Order]:
    return (yield from _by_worker(config, execution, "/heartbeat", token, {}))


def report(config: Config, execution: Any, status: Any, token: str | None, details: Mapping[str, Any]) -> Steps[Order]:
    if status not in _OUTCOMES:
        raise GateOptionError(f"status is one of {', '.join(_OUTCOMES)}, not {status!r}")
    body = {"status": status, **{name: value for name, value in details.items() if value is not None}}
    return (yield from _by_worker(config, execution, "/report", token, body))


def _by_worker(config: Config, execution: Any, tail: str, token: str | None, body: Mapping[str, Any]) -> Steps[Order]:
    """A call with the order's token, which proves who executes; left out, the agent's key fetches it."""
    if token is None and isinstance(execution, Answer):
        token = execution.get("execution_token")
    path = execution_path(execution)
    if token is None:
        order = yield from send(config, get(path), Order)
        token = order.get("execution_token")
    if not isinstance(token, str) or token == "":
        raise GateError(
            "this key can't read the order's token", code="no_execution_token", remedy="Pass execution_token."
        )
    return (yield from send(config, Request("POST", path + tail, body, key=token), Order))


def upstream_response(config: Config, intent: Any) -> Steps[UpstreamResponse]:
    """The upstream's response to a write that Gate sent, with the body's bytes as `content`."""
    path = intent_path(intent, "/response")
    answer = yield from send(config, get(path, {"format": "json"}), UpstreamResponse)
    body, encoding = answer.get("body"), answer.get("encoding")
    content = None
    if isinstance(body, str) and encoding == "utf-8":
        content = body.encode()
    elif isinstance(body, str) and encoding == "base64":
        with contextlib.suppress(ValueError):
            content = base64.b64decode(body, validate=True)
    if content is None:
        message = "the server returned no upstream response"
        remedy = "Check that the endpoint is Gate's address, and its version."
        raise GateUnavailableError(message, 200, answer, code="not_json", remedy=remedy)
    answer["content"] = content
    return answer


def deliver(config: Config, intent: Any) -> Steps[Answer]:
    body = {"intentId": require_id(intent, "intent_id")}
    return (yield from send(config, post("/v1/deliver", body), Answer))


def register_webhook(config: Config, intent: Any, url: Any, secret: str | None) -> Steps[Answer]:
    body = {"intentId": require_id(intent, "intent_id"), "url": require_text(url, "url")}
    if secret is not None:
        body["secret"] = require_text(secret, "secret")
    return (yield from send(config, post("/v1/webhooks/register", body), Answer))


def request(
    config: Config,
    method: Any,
    path: Any,
    body: Mapping[str, Any] | None,
    key: Any,
    idempotency_key: str | None,
) -> Steps[Answer]:
    """Any other route, by the same rules."""
    if method not in ("GET", "POST", "DELETE"):
        raise GateOptionError(f"method is GET, POST or DELETE, not {method!r}")
    if (
        not isinstance(path, str)
        or path[:1] != "/"
        or path[:2] == "//"
        or quote(path, safe="/?&=:%-._~+,;@!$'()*") != path
    ):
        raise GateOptionError("path begins with / and is written as in an address")
    if key not in ("agent", "reviewer", "nobody"):
        raise GateOptionError(f"key is 'agent', 'reviewer' or 'nobody', not {key!r}")
    # The server keeps no answer to a DELETE: a repeat of one that arrived would be 404.
    asked = Request(method, path, body, key=key, attempts=1 if method == "DELETE" else 4)
    if idempotency_key is not None:
        asked = replace(asked, idempotency_key=require_text(idempotency_key, "idempotency_key"))
    return (yield from send(config, asked, Answer))
