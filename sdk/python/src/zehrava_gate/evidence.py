"""Verifying the evidence of an intent, with nothing but the standard library and keys that you trust."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from . import _evidence
from .errors import GateOptionError

Bundle = Union[str, bytes, Mapping[str, Any]]


@dataclass(frozen=True)
class BundleReport:
    """`outcome`: `proven`, `incomplete` or `broken`. `findings`: each claim with `holds`, `fails` or `not_shown`; what
    they mean is in docs/ledger.md."""

    outcome: str
    findings: Mapping[str, str]

    @property
    def is_proven(self) -> bool:
        return self.outcome == "proven"


def verify_bundle(
    bundle: Bundle,
    vkeys: Sequence[str] | None = None,
    *,
    jwks: Sequence[Mapping[str, Any]] = (),
    reporters: Sequence[str] = (),
    origin: str | None = None,
) -> BundleReport:
    """Verifies a bundle of `GET /v1/intents/:id/evidence` (`gate.evidence`, or a file's text).

    `vkeys`: the log's keys, kept from before (`log.vkeys` of `gate.discover()`); without them nothing is proven, since
    a forged bundle carries its forger's. `jwks`: further keys of orders. `reporters`: workers' public keys, base64url.
    `origin`: the log's name. A bundle that proves nothing is a report, not an error.
    """
    if isinstance(vkeys, str):
        raise GateOptionError("vkeys is a list of texts, not one text")
    # No key trusted is no key known.
    trusted = None if not vkeys else {"vkeys": list(vkeys), "jwks": list(jwks), "reporters": list(reporters)}
    findings = _evidence.verify(_text(bundle), trusted, origin)
    return BundleReport(_evidence.outcome_of(findings), findings)


def _text(bundle: Any) -> str:
    if isinstance(bundle, bytes):
        # Not UTF-8 is a bundle of no form.
        return bundle.decode("utf-8", "surrogateescape")
    if isinstance(bundle, str):
        return bundle
    if isinstance(bundle, Mapping):
        return json.dumps(bundle, ensure_ascii=False)
    raise GateOptionError(f"bundle is a text, bytes or a dict, not of type {type(bundle).__name__}")
