"""Verifying what Gate sends: Standard Webhooks, and the contract's older signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from typing import TYPE_CHECKING, Any, Union

from .answers import Answer
from .errors import GateError, GateOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Standard Webhooks: five minutes either way.
TOLERANCE_SECONDS = 300

_PREFIX = "whsec_"
_CONTRACT = re.compile(r"t=(\d{1,16}),v1=([0-9a-f]{64})")
_MAX_SIGNATURES = 16

Body = Union[str, bytes]


def verify_webhook(
    body: Body,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance: float = TOLERANCE_SECONDS,
) -> Answer:
    """The event, once its signature holds over exactly these bytes. `body`: as received, before any parsing. `secret`:
    one, or those in use during a rotation. Process each `webhook-id` once.

    Raises `GateError`, code `invalid_signature`, for everything that Gate did not sign within `tolerance` seconds.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets or any(not isinstance(each, str) or each == "" for each in secrets):
        raise GateOptionError("secret is a text, or a list of texts, and none of them is empty")
    data = body.encode() if isinstance(body, str) else bytes(body)
    named = {str(name).lower(): value for name, value in headers.items()}
    if "webhook-signature" in named:
        _check_standard(data, named, secrets, tolerance)
    else:
        _check_contract(data, named.get("x-gate-signature"), secrets, tolerance)
    try:
        event = json.loads(data.decode(), object_hook=Answer)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, Answer):
        raise _refused("the body is no JSON object")
    return event


def _check_standard(data: bytes, headers: Mapping[str, str], secrets: Sequence[str], tolerance: float) -> None:
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or re.fullmatch(r"\d{1,12}", sent) is None:
        raise _refused("webhook-id or webhook-timestamp is missing")
    _check_time(float(sent), tolerance)
    signed = f"{message_id}.{sent}.".encode("utf-8", "surrogateescape") + data
    given = [part[3:] for part in headers["webhook-signature"].split(" ")[:_MAX_SIGNATURES] if part.startswith("v1,")]
    is_signed = False
    for key in map(_secret_bytes, secrets):
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        for signature in given:
            # All are compared, so that the time says nothing of which one differs where.
            is_signed |= hmac.compare_digest(expected, signature.encode("utf-8", "surrogateescape"))
    if not is_signed:
        raise _refused("no signature is of this body and secret")


def _check_contract(data: bytes, header: Any, secrets: Sequence[str], tolerance: float) -> None:
    found = _CONTRACT.fullmatch(header) if isinstance(header, str) else None
    if found is None:
        raise _refused("there is no webhook-signature and no x-gate-signature")
    _check_time(int(found[1]) / 1000, tolerance)
    signed = f"{found[1]}.".encode() + data
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    # All are compared, as above.
    if sum(hmac.compare_digest(each, found[2]) for each in expected) == 0:
        raise _refused("the signature is not of this body and secret")


def _check_time(sent: float, tolerance: float) -> None:
    if abs(time.time() - sent) > tolerance:
        raise _refused(f"it was signed more than {tolerance:g} s from now: a replay, or a wrong clock")


def _secret_bytes(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        raise GateOptionError("secret is not one of Standard Webhooks: it begins with whsec_")
    try:
        return base64.b64decode(secret[len(_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        raise GateOptionError("secret is not one of Standard Webhooks: its end is no base64") from None


def _refused(why: str) -> GateError:
    remedy = "Answer 401, and do nothing with it."
    return GateError(f"the webhook is not verified: {why}", code="invalid_signature", remedy=remedy)
