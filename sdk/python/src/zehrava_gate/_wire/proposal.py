"""The body of a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import GateOptionError
from .options import known_options, require_amount, require_count, require_text
from .payload import Payload, wire_payload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypedDict

    from typing_extensions import Required

    class ProposalOptions(TypedDict, total=False):
        """What `propose` and `check` take. None leaves an option out.

        `destination`: `system.action`. `idempotency_key`: names this write, for ever. `expires_in`: `90s`, `15m`, `1h`,
        `2d`; can only shorten the policy's time. `payload_reference`: in place of a payload that Gate must not see.
        """

        destination: Required[str]
        policy: Required[str]
        payload: Payload | None
        record_count: int | None
        estimated_records: int | None
        estimated_value_usd: float | None
        sensitivity_tags: list[str] | tuple[str, ...] | None
        idempotency_key: str | None
        on_behalf_of: str | None
        principal_id: str | None
        expires_in: str | int | None
        metadata: Mapping[str, Any] | None
        action: str | None
        profile: str | None
        run_id: str | None
        payload_name: str | None
        payload_media_type: str | None
        payload_reference: Mapping[str, Any] | None
        approval_provider: str | None
        approval_channel: Mapping[str, Any] | None
        assurance: Mapping[str, Any] | None


#: Each option and its name on the wire: the contract mixes the two spellings.
WIRE_NAMES = {
    "destination": "destination",
    "policy": "policy",
    "record_count": "recordCount",
    "estimated_records": "estimated_records",
    "estimated_value_usd": "estimated_value_usd",
    "sensitivity_tags": "sensitivity_tags",
    "idempotency_key": "idempotency_key",
    "on_behalf_of": "on_behalf_of",
    "principal_id": "principal_id",
    "expires_in": "expiresIn",
    "metadata": "metadata",
    "action": "action",
    "profile": "profile",
    "run_id": "runId",
    "payload_name": "payload_name",
    "payload_media_type": "payload_media_type",
    "payload_reference": "payload_reference",
    "approval_provider": "approval_provider",
    "approval_channel": "approval_channel",
    "assurance": "assurance",
}

_OPTIONS = frozenset([*WIRE_NAMES, "payload"])


def proposal_body(options: Mapping[str, Any], *, read_files: bool, max_bytes: int) -> dict[str, Any]:
    """The body. Raises `GateOptionError` that names the option; nothing is sent then."""
    given = known_options(options, _OPTIONS)
    payload = given.pop("payload", None)
    require_text(given.get("destination"), "destination")
    require_text(given.get("policy"), "policy")
    for name in ("record_count", "estimated_records"):
        if name in given:
            require_count(given[name], name)
    if "estimated_value_usd" in given:
        require_amount(given["estimated_value_usd"], "estimated_value_usd")
    if isinstance(given.get("sensitivity_tags"), str):
        raise GateOptionError("sensitivity_tags is a list of texts, not one text")
    if given.get("idempotency_key") == "":
        raise GateOptionError("idempotency_key is empty: two writes would have one name")
    if payload is not None and "payload_reference" in given:
        raise GateOptionError("payload and payload_reference are given; one of them is the payload")
    body = wire_payload(payload, read_files=read_files, max_bytes=max_bytes)
    # Options override what the file's name says.
    body.update((WIRE_NAMES[name], value) for name, value in given.items())
    return body
