"""Orders, evidence and webhooks, verified without Gate."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zehrava_gate import (
    Gate,
    GateError,
    GateOptionError,
    GateUnavailableError,
    VerifiedOrder,
    csv_rows,
    sign_report,
    verify_bundle,
    verify_order,
    verify_webhook,
)

from .support.fake_server import FakeServer, answer, nobody
from .support.server import ADMIN_KEY, ROOT, Server

DESTINATION = "hubspot.contacts"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs orders as Gate does."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": encoded(self.key.public_key().public_bytes_raw())}
        self.keys = {"keys": [self.jwk]}

    def private_jwk(self) -> dict[str, str]:
        return {**self.jwk, "d": encoded(self.key.private_bytes_raw())}

    def sign(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": "gate.example",
            "aud": DESTINATION,
            "destination": DESTINATION,
            "jti": "exe_1",
            "sub": "agt_1",
            "iat": now,
            "exp": now + 900,
            "intent_id": "int_1",
            "intent_digest": "0" * 64,
            "payload_digest": hashlib.sha256(b"payload").hexdigest(),
            "action": DESTINATION,
            "fence": 2,
            "idempotency_key": "gate-1",
            **changed,
        }
        head = {"alg": "EdDSA", "typ": "gate-order+jwt", "kid": "k1", **(header or {})}
        given = {name: value for name, value in claims.items() if value is not None}
        signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(given).encode())}"
        return f"{signed}.{encoded(self.key.sign(signed.encode()))}"


ISSUER = Issuer()
OTHER = Issuer()


def verified(order: str, **options: Any) -> VerifiedOrder:
    given: dict[str, Any] = {"issuer": "gate.example", "destination": DESTINATION, "keys": ISSUER.keys, **options}
    return verify_order(order, **given)


def test_an_order_of_the_real_server_verifies_with_its_published_keys(
    gate: Gate, server: Server, agent_key: str
) -> None:
    rows = csv_rows([{"email": f"{uuid.uuid4().hex}@example.com"}])
    order = gate.execute(gate.propose(destination=DESTINATION, policy="crm-low-risk", payload=rows))
    payload = rows.text
    assert order.order is not None
    issuer = json.loads(base64.urlsafe_b64decode(order.order.split(".")[1] + "=="))["iss"]
    options: dict[str, Any] = {"issuer": issuer, "destination": DESTINATION, "endpoint": server.endpoint}
    found = verify_order(order.order, payload=payload, **options)
    assert (found.execution_id, found.intent_id) == (order.execution_id, order.intent_id)
    assert found.idempotency_key == order.idempotency_key
    with pytest.raises(GateError) as raised:
        verify_order(order.order, payload=payload + " ", **options)
    assert raised.value.code == "payload_mismatch"

    worker = Issuer()
    agent = server.call("GET", f"/v1/intents/{order.intent_id}", agent_key)["sender_agent_id"]
    server.call("POST", f"/v1/agents/{agent}/report-key", ADMIN_KEY, {"jwk": worker.jwk})
    gate.claim(order)
    proof = sign_report(found, "succeeded", worker.private_jwk(), response_digest="0" * 64)
    assert gate.report(order, "succeeded", proof=proof)["proof"] == "verified"
    server.call("POST", f"/v1/agents/{agent}/report-key", ADMIN_KEY, {"jwk": None})


def test_a_valid_order_is_read() -> None:
    found = verified(ISSUER.sign(), payload=b"payload", last_fence=2)
    assert (found.agent, found.action, found.fence, found.idempotency_key) == ("agt_1", DESTINATION, 2, "gate-1")
    assert found.expires_at.timestamp() > time.time()


@pytest.mark.parametrize(
    ("order", "options", "code"),
    [
        (OTHER.sign(), {}, "invalid_order"),
        (ISSUER.sign({"kid": "k2"}), {}, "invalid_order"),
        (ISSUER.sign({"alg": "none"}), {}, "invalid_order"),
        (ISSUER.sign({"alg": "HS256"}), {}, "invalid_order"),
        (ISSUER.sign({"typ": "JWT"}), {}, "invalid_order"),
        (ISSUER.sign({"typ": "gate-report+jwt"}), {}, "invalid_order"),
        (ISSUER.sign({"crit": ["exp"]}), {}, "invalid_order"),
        (ISSUER.sign(iss="other.example"), {}, "invalid_order"),
        (ISSUER.sign(aud="stripe.payout"), {}, "invalid_order"),
        (ISSUER.sign(aud=[DESTINATION, "stripe.payout"]), {}, "invalid_order"),
        (ISSUER.sign(destination="stripe.payout"), {}, "invalid_order"),
        (ISSUER.sign(intent_digest=None), {}, "invalid_order"),
        (ISSUER.sign(fence="2"), {}, "invalid_order"),
        (ISSUER.sign(fence=True), {}, "invalid_order"),
        (ISSUER.sign(exp=None), {}, "invalid_order"),
        (ISSUER.sign(exp=1.0e18), {}, "invalid_order"),
        (ISSUER.sign(exp=int(time.time()) - 1), {}, "order_expired"),
        (ISSUER.sign(payload_digest=None), {"payload": b"payload"}, "payload_mismatch"),
        (ISSUER.sign(), {"payload": b"other"}, "payload_mismatch"),
        (ISSUER.sign(), {"payload": b""}, "payload_mismatch"),
        (ISSUER.sign(), {"last_fence": 3}, "stale_order"),
        (ISSUER.sign()[:-4] + "AAAA", {}, "invalid_order"),
        (ISSUER.sign() + "=", {}, "invalid_order"),
        (ISSUER.sign().replace(".", "..", 1), {}, "invalid_order"),
        ("a.b.c", {}, "invalid_order"),
        ("é.b.c", {}, "invalid_order"),
        (encoded(b"[" * 9_000) + ".a.a", {}, "invalid_order"),
        ("x" * 20_000, {}, "invalid_order"),
    ],
)
def test_any_other_order_is_refused(order: str, options: dict[str, Any], code: str) -> None:
    with pytest.raises(GateError) as raised:
        verified(order, **options)
    assert raised.value.code == code


def test_keys_are_fetched_once_and_again_for_an_unknown_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zehrava_gate.published_keys.UNKNOWN_SECONDS", 0.0)
    with FakeServer(lambda asked, _: answer(asked, 200, ISSUER.keys)) as server:
        for _ in range(3):
            verified(ISSUER.sign(), keys=None, endpoint=server.endpoint)
        assert len(server.asked) == 1
        assert "authorization" not in server.asked[0].headers
        with pytest.raises(GateError, match="no key of Gate's"):
            verified(ISSUER.sign({"kid": "new"}), keys=None, endpoint=server.endpoint)
        assert len(server.asked) == 2
    with pytest.raises(GateOptionError, match="endpoint or keys"):
        verified(ISSUER.sign(), keys=None)
    monkeypatch.setattr("zehrava_gate.published_keys._FETCH_SECONDS", 0.5)
    with pytest.raises(GateUnavailableError):
        verified(ISSUER.sign(), keys=None, endpoint=nobody())


def test_a_report_is_signed_by_a_private_key_only() -> None:
    order = verified(ISSUER.sign())
    with pytest.raises(GateOptionError, match="private_jwk") as raised:
        sign_report(order, "succeeded", ISSUER.jwk)
    assert raised.value.__cause__ is None
    with pytest.raises(GateOptionError, match="outcome"):
        sign_report(order, "done", ISSUER.private_jwk())


OUTCOMES = json.loads((ROOT / "test/vectors/evidence/outcomes.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", OUTCOMES, ids=lambda case: case["name"])
def test_evidence_has_the_outcome_of_every_verifier(case: Any) -> None:
    report = verify_bundle(case["bundle"], case["vkeys"])
    assert report.outcome == case["outcome"]
    assert report.is_proven == (case["outcome"] == "proven")
    assert verify_bundle(case["bundle"].encode(), case["vkeys"]).findings == report.findings


def test_evidence_of_the_real_server_is_proven_and_a_changed_one_broken(gate: Gate, server: Server) -> None:
    proposal = gate.propose(
        destination=DESTINATION, policy="crm-low-risk", payload=f"email\n{uuid.uuid4().hex}@example.com\n"
    )
    server.call("POST", "/log/seal", ADMIN_KEY, {})
    bundle, vkeys = gate.evidence(proposal), gate.discover()["log"]["vkeys"]
    report = verify_bundle(bundle, vkeys)
    assert report.outcome == "proven", report.findings
    changed = json.loads(json.dumps(bundle))
    changed["entries"][0]["body"] = changed["entries"][0]["body"].replace(DESTINATION, "hubspot.contactz")
    assert verify_bundle(changed, vkeys).outcome == "broken"
    assert verify_bundle(b"\xff", vkeys).outcome == "broken"
    with pytest.raises(GateOptionError, match="vkeys is a list"):
        verify_bundle(bundle, vkeys[0])


SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()
BODY = b'{"type": "intent.approved", "data": {"intent_id": "int_1"}}'


def standard(body: bytes = BODY, secret: str = SECRET, at: float | None = None, **changed: str) -> dict[str, str]:
    sent = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret[6:])
    signature = base64.b64encode(hmac.new(key, f"msg_1.{sent}.".encode() + body, hashlib.sha256).digest()).decode()
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": sent, "Webhook-Signature": f"v1,{signature}"}
    return {**headers, **{name.replace("_", "-"): value for name, value in changed.items()}}


def contract(secret: str, at: float | None = None) -> dict[str, str]:
    sent = str(int((time.time() if at is None else at) * 1000))
    signature = hmac.new(secret.encode(), f"{sent}.".encode() + BODY, hashlib.sha256).hexdigest()
    return {"X-Gate-Signature": f"t={sent},v1={signature}"}


def test_a_signed_webhook_is_read_in_both_forms_and_during_a_rotation() -> None:
    event = verify_webhook(BODY, standard(), SECRET)
    assert (event.type, event.data.intent_id) == ("intent.approved", "int_1")
    assert verify_webhook(BODY.decode(), standard(), [OLD_SECRET, SECRET]) == event
    both = standard()
    both["Webhook-Signature"] = standard(secret=OLD_SECRET)["Webhook-Signature"] + " " + both["Webhook-Signature"]
    assert verify_webhook(BODY, both, SECRET) == verify_webhook(BODY, both, OLD_SECRET) == event
    assert verify_webhook(BODY, contract("any text é"), "any text é") == event


@pytest.mark.parametrize(
    "call",
    [
        lambda: verify_webhook(BODY + b" ", standard(), SECRET),
        lambda: verify_webhook(BODY, standard(), OLD_SECRET),
        lambda: verify_webhook(BODY, standard(at=time.time() - 400), SECRET),
        lambda: verify_webhook(BODY, standard(at=time.time() + 400), SECRET),
        lambda: verify_webhook(BODY, standard(Webhook_Id="msg_2"), SECRET),
        lambda: verify_webhook(BODY, standard(Webhook_Timestamp=str(int(time.time()) + 1)), SECRET),
        lambda: verify_webhook(BODY, standard(Webhook_Timestamp="soon"), SECRET),
        lambda: verify_webhook(BODY, standard(Webhook_Signature=""), SECRET),
        lambda: verify_webhook(BODY, standard(Webhook_Signature="v1,\udcff v2,x"), SECRET),
        lambda: verify_webhook(BODY, {}, SECRET),
        lambda: verify_webhook(BODY, contract("x"), "y"),
        lambda: verify_webhook(BODY, contract("x", time.time() - 400), "x"),
        lambda: verify_webhook(BODY, {"X-Gate-Signature": "t=1"}, "x"),
        lambda: verify_webhook(b"[1]", standard(b"[1]"), SECRET),
        lambda: verify_webhook(b"\xff", standard(b"\xff"), SECRET),
    ],
)
def test_what_gate_did_not_sign_in_time_is_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(GateError) as raised:
        call()
    assert raised.value.code == "invalid_signature"
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("secret", ["", [], [""], "plain", "whsec_é"])
def test_a_secret_that_is_none_is_an_option_s_error(secret: Any) -> None:
    with pytest.raises(GateOptionError, match="secret"):
        verify_webhook(BODY, standard(), secret)
