"""The client of Gate, write-path governance for AI agents: docs/sdk-python.md."""

from __future__ import annotations

from .answers import Answer, Decision, Intent, Order, Page, Proposal, Result, UpstreamResponse
from .async_client import AsyncGate
from .client import Gate
from .errors import (
    GateBlockedError,
    GateDuplicateError,
    GateError,
    GateExpiredError,
    GateFailedError,
    GateIndeterminateError,
    GateKeyError,
    GateOptionError,
    GatePendingError,
    GateRejectedError,
    GateUnavailableError,
)
from .evidence import BundleReport, verify_bundle
from .orders import VerifiedOrder, sign_report, verify_order
from .payloads import TextPayload, csv_rows
from .webhooks import verify_webhook

__all__ = [
    "Answer",
    "AsyncGate",
    "BundleReport",
    "Decision",
    "Gate",
    "GateBlockedError",
    "GateDuplicateError",
    "GateError",
    "GateExpiredError",
    "GateFailedError",
    "GateIndeterminateError",
    "GateKeyError",
    "GateOptionError",
    "GatePendingError",
    "GateRejectedError",
    "GateUnavailableError",
    "Intent",
    "Order",
    "Page",
    "Proposal",
    "Result",
    "TextPayload",
    "UpstreamResponse",
    "VerifiedOrder",
    "csv_rows",
    "sign_report",
    "verify_bundle",
    "verify_order",
    "verify_webhook",
]
