"""Signed orders and reports, for workers (RFC 7515, RFC 8037). Needs `zehrava-gate-client[verify]`."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ._wire.options import require_text
from .errors import GateError, GateOptionError
from .jws import read_jws, sign_jws, verify_signature
from .published_keys import published_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT_CLAIMS = ("jti", "sub", "intent_id", "intent_digest", "destination")
_OUTCOMES = ("succeeded", "failed", "indeterminate")


@dataclass(frozen=True)
class VerifiedOrder:
    """`payload_digest`: lower-case hexadecimal SHA-256, None where Gate has neither payload nor digest.
    `idempotency_key`: for a provider that deduplicates, the same for every attempt."""

    execution_id: str
    intent_id: str
    intent_digest: str
    payload_digest: str | None
    destination: str
    action: str
    agent: str
    fence: int
    idempotency_key: str
    expires_at: datetime


def verify_order(
    order: str,
    *,
    issuer: str,
    destination: str,
    endpoint: str | None = None,
    keys: Mapping[str, Any] | None = None,
    payload: str | bytes | None = None,
    last_fence: int | None = None,
) -> VerifiedOrder:
    """Verifies that an order is genuine, unexpired, for this worker's destination, and for exactly these bytes. Only a
    claim shows that it was not revoked since.

    `issuer`: the deployment's name (`GATE_ORIGIN`). `keys`: what `/.well-known/jwks.json` has, or `endpoint`, from
    which they are fetched and kept. `payload`: the bytes about to be written. `last_fence`: the highest seen of the
    intent.

    Raises `GateError`: code `invalid_order`, `order_expired`, `payload_mismatch` or `stale_order`.
    """
    header, claims, signature, signed = read_jws(require_text(order, "order"), "gate-order+jwt")
    known = published_keys(endpoint, keys, header.get("kid"))
    if not any(verify_signature(key, signature, signed) for key in known if key.get("kid") == header.get("kid")):
        raise _invalid("no key of Gate's signed it")
    _check_claims(claims, issuer, destination)
    digest, fence = claims.get("payload_digest"), claims["fence"]
    if payload is not None:
        data = payload.encode() if isinstance(payload, str) else bytes(payload)
        if not isinstance(digest, str) or not hmac.compare_digest(
            digest.encode(), hashlib.sha256(data).hexdigest().encode()
        ):
            raise GateError("the payload's digest is not the approved one", code="payload_mismatch")
    if last_fence is not None and fence < last_fence:
        raise GateError("a later order replaced this one", code="stale_order")
    return VerifiedOrder(
        execution_id=claims["jti"],
        intent_id=claims["intent_id"],
        intent_digest=claims["intent_digest"],
        payload_digest=digest if isinstance(digest, str) else None,
        destination=claims["destination"],
        action=str(claims.get("action", destination)),
        agent=claims["sub"],
        fence=fence,
        idempotency_key=str(claims.get("idempotency_key", "")),
        expires_at=datetime.fromtimestamp(claims["exp"], timezone.utc),
    )


def sign_report(
    order: VerifiedOrder,
    outcome: str,
    private_jwk: Mapping[str, Any],
    *,
    request_digest: str | None = None,
    response_digest: str | None = None,
    provider_reference: str | None = None,
) -> str:
    """The `proof` of a report: signed with the worker's own Ed25519 key, whose public half an admin registered."""
    if outcome not in _OUTCOMES:
        raise GateOptionError(f"outcome is one of {', '.join(_OUTCOMES)}, not {outcome!r}")
    claims = {
        "order": order.execution_id,
        "intent_digest": order.intent_digest,
        "outcome": outcome,
        "request_digest": request_digest,
        "response_digest": response_digest,
        "provider_reference": provider_reference,
        "iat": int(time.time()),
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return sign_jws("gate-report+jwt", json.dumps(given).encode(), private_jwk)


def _check_claims(claims: Mapping[str, Any], issuer: str, destination: str) -> None:
    if claims.get("iss") != require_text(issuer, "issuer"):
        raise _invalid("another deployment issued it")
    wanted = require_text(destination, "destination")
    if claims.get("aud") not in (wanted, [wanted]) or claims.get("destination") != wanted:
        raise _invalid("it is not for this destination")
    if not all(isinstance(claims.get(name), str) for name in _TEXT_CLAIMS):
        raise _invalid("it lacks a claim")
    numbers = [claims.get(name) for name in ("fence", "iat", "exp")]
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        raise _invalid("it lacks a time or its fence")
    if claims["exp"] <= time.time():
        raise GateError("the order has expired", code="order_expired", remedy="Order again.")


def _invalid(why: str) -> GateError:
    return GateError(f"the order is not valid: {why}", code="invalid_order", remedy="Write nothing.")
