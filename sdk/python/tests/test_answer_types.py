"""The members that answers declare are those that the API's document has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zehrava_gate import Answer, Decision, Intent, Order, Page, Proposal, Result, UpstreamResponse
from zehrava_gate._wire.names import snake_case

from .support.server import ROOT

DOCUMENT = ROOT / "schemas" / "openapi.json"

#: What the SDK adds.
OWN: dict[type[Answer], set[str]] = {UpstreamResponse: {"content"}}


def members(document: Any, schema: Any) -> set[str]:
    """The names of a schema's properties, in snake_case, those of its parts included."""
    while "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    parts = [part for name in ("allOf", "anyOf", "oneOf") for part in schema.get(name, [])]
    return {snake_case(name) for name in schema.get("properties", {})}.union(
        *(members(document, part) for part in parts)
    )


@pytest.mark.skipif(not DOCUMENT.exists(), reason="schemas/openapi.json is not there yet")
@pytest.mark.parametrize(
    ("kind", "path", "method", "statuses"),
    [
        (Proposal, "/v1/intents", "post", ("200", "409")),
        (Decision, "/v1/intents/{id}/wait", "get", ("200",)),
        (Intent, "/v1/intents/{id}", "get", ("200",)),
        (Order, "/v1/intents/{id}/execute", "post", ("201",)),
        (Page, "/v1/intents", "get", ("200",)),
        (UpstreamResponse, "/v1/intents/{id}/response", "get", ("200",)),
        (Result, "/v1/intents/{id}/result", "get", ("200",)),
    ],
)
def test_declared_members_are_documented(kind: type[Answer], path: str, method: str, statuses: tuple[str, ...]) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    responses = document["paths"][path][method]["responses"]
    documented: set[str] = set().union(
        *(members(document, responses[status]["content"]["application/json"]["schema"]) for status in statuses)
    )
    assert set(kind.__annotations__) - OWN.get(kind, set()) <= documented
