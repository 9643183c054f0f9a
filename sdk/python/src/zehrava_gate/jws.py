"""Compact JWS with Ed25519 (RFC 7515, RFC 8037), of one type and one algorithm (RFC 8725)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any

from .errors import GateError, GateOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_CHARACTERS = 16 * 1024


def read_jws(text: str, kind: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """(header, claims, signature, what is signed), not verified. Raises `GateError`, code `invalid_order`."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > _MAX_CHARACTERS:
        raise _unreadable()
    try:
        header, claims = (json.loads(_bytes(part).decode()) for part in parts[:2])
        signature = _bytes(parts[2])
    except (ValueError, RecursionError):
        raise _unreadable() from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _unreadable()
    if header.get("typ") != kind or header.get("alg") != "EdDSA" or "crit" in header:
        raise _unreadable()
    return header, claims, signature, f"{parts[0]}.{parts[1]}".encode()


def verify_signature(jwk: Mapping[str, Any], signature: bytes, signed: bytes) -> bool:
    """False also for a key that is none of Ed25519."""
    ed25519, invalid = _library()
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or not isinstance(jwk.get("x"), str):
        return False
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"])).verify(signature, signed)
    except (invalid, ValueError):
        return False
    return True


def sign_jws(kind: str, payload: bytes, private_jwk: Mapping[str, Any]) -> str:
    """Raises `GateOptionError` for a key that is no private one of Ed25519."""
    ed25519, _ = _library()
    try:
        if private_jwk.get("kty") != "OKP" or private_jwk.get("crv") != "Ed25519":
            raise ValueError
        key = ed25519.Ed25519PrivateKey.from_private_bytes(_bytes(private_jwk["d"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        # Without its cause, which could show the key.
        raise GateOptionError("private_jwk is no private Ed25519 key (kty OKP, crv Ed25519, d)") from None
    header = json.dumps({"alg": "EdDSA", "typ": kind}, separators=(",", ":")).encode()
    signed = f"{_text(header)}.{_text(payload)}"
    return f"{signed}.{_text(key.sign(signed.encode()))}"


def _library() -> Any:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        raise GateError(
            "orders and reports need the package cryptography",
            code="missing_dependency",
            remedy="Install zehrava-gate-client[verify].",
        ) from None
    return ed25519, InvalidSignature


def _bytes(text: Any) -> bytes:
    """RFC 7515: base64url without padding; other spellings of the same bytes are refused."""
    if not isinstance(text, str) or re.fullmatch(r"[A-Za-z0-9_-]*", text) is None:
        raise ValueError("no base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("no base64url") from None
    if _text(data) != text:
        raise ValueError("no base64url")
    return data


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unreadable() -> GateError:
    remedy = "Write nothing."
    return GateError("the order is not valid: it is no order of Gate's", code="invalid_order", remedy=remedy)
