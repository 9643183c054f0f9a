"""What can go wrong. Every error is a `GateError`; verdicts (`blocked`, `duplicate_blocked`) are answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

Links = Mapping[str, str]


class GateError(Exception):
    """Gate refused the call, or the call failed.

    `message`: one sentence. `status`: the HTTP status, 0 without a response. `body`: the response, parsed where it is
    JSON. `code`: stable (docs/errors.md, or one of the SDK's own). `reason_code`: the policy's, where one decided.
    `remedy`: what to do, or None. `links`: addresses of the intent (`self`, `page`, `wait`, `result`), empty where none
    is known. `retry_after`: seconds that the server asked to wait, or None.
    """

    default_code = "gate_error"

    def __init__(
        self,
        message: str,
        status: int = 0,
        body: Any = None,
        *,
        code: str | None = None,
        reason_code: str | None = None,
        remedy: str | None = None,
        links: Links | None = None,
        intent_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.body = body
        self.code = code if code is not None else self.default_code
        self.reason_code = reason_code
        self.remedy = remedy
        self.links: Links = links if links is not None else {}
        self.intent_id = intent_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message}. {self.remedy}"

    def __reduce__(self) -> tuple[Callable[..., GateError], tuple[type[GateError], dict[str, Any]]]:
        return _restore, (type(self), self.__dict__.copy())


def _restore(kind: type[GateError], state: dict[str, Any]) -> GateError:
    error = kind.__new__(kind, state["message"])
    error.__dict__.update(state)
    return error


class GateOptionError(GateError, TypeError, ValueError):
    """An option or a value that can't be sent; the message names it. Nothing was sent."""

    default_code = "invalid_option"


class GateKeyError(GateError):
    """401: Gate knows no such key, or the call had none."""

    default_code = "invalid_key"


class GateUnavailableError(GateError):
    """Gate could not be reached, or what answered was not Gate. A write may have arrived.

    Codes: `network`, `timeout`, `not_json`, `redirected`, `too_large`, or the server's of a 5xx.
    """

    default_code = "network"


class GateBlockedError(GateError):
    """A policy blocks the write."""

    default_code = "blocked"


class GatePendingError(GateError):
    """A person decides, and has not yet: `links["page"]` is where. Of `wait()`: code `timeout`."""

    default_code = "pending_approval"


class GateRejectedError(GateError):
    """A person rejected, cancelled, revoked or edited the write, or the agent withdrew it.

    `successor_id`: of the intent that an edit created, else None.
    """

    default_code = "rejected"
    successor_id: str | None = None


class GateExpiredError(GateError):
    """The write was not decided, or not executed, in time."""

    default_code = "expired"


class GateDuplicateError(GateError):
    """The write was proposed before.

    Codes: `duplicate_blocked`, `idempotency_key_reused`, `already_running`, `result_unavailable`.
    """

    default_code = "duplicate_blocked"


class GateFailedError(GateError):
    """An earlier run of a guarded function raised; `result` is what it reported."""

    default_code = "failed"
    result: Any = None


class GateIndeterminateError(GateError):
    """The write may have happened, and a person resolves it. `value`: what the function returned (`report_failed`)."""

    default_code = "indeterminate"
    value: Any = None
