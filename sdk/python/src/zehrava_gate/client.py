"""The client for programs without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from ._config import make_config
from ._io.asynchronous import AsyncIo
from ._io.sync import SyncIo
from ._steps import calls
from ._sync.deciding import Deciding
from ._sync.executing import Executing
from ._sync.proposing import Proposing
from ._sync.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import httpx
    from typing_extensions import Self

    from .answers import Answer


class Gate(Proposing, Executing, Reading, Deciding):
    """A client of Gate. Its calls are safe from several threads.

    Verdicts are answers (`p.status`); what Gate refused and what failed is a `GateError`, raised `timeout` seconds
    after the call at most. An intent or an order may be given as its id or as the answer that has it.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        api_key: str | None = None,
        *,
        reviewer_key: str | None = None,
        timeout: float | None = None,
        read_files: bool = True,
        max_payload_bytes: int | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        """`endpoint`: default `GATE_ENDPOINT`. `api_key`: the agent's; default `GATE_API_KEY`, then, for this machine
        only, the key that a local server stored for this user. `reviewer_key`: default `GATE_REVIEWER_KEY`, then the
        agent's. `timeout`: seconds for one call with its repeats, default 30. `read_files`: False sends a text that
        names a file as that text. `max_payload_bytes`: default 10 MiB, the server's. `http_client`: yours, for proxies
        and certificates; it is not closed.

        Raises `GateOptionError`.
        """
        self._config = make_config(endpoint, api_key, reviewer_key, timeout, read_files, max_payload_bytes)
        self._io = SyncIo(http_client)
        self._async_io = AsyncIo(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Gate({self._config.endpoint!r})"

    def close(self) -> None:
        """Closes the connections; a later call opens others."""
        self._io.close()

    def register_webhook(self, intent_id: str | Answer, url: str, secret: str | None = None) -> Answer:
        """Has Gate send one intent's decision to an address, once, signed with the secret."""
        return self._run(calls.register_webhook(self._config, intent_id, url, secret))

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "agent",
        idempotency_key: str | None = None,
    ) -> Answer:
        """Any other route that answers an object, by the same rules. `key`: `agent`, `reviewer` or `nobody`."""
        return self._run(calls.request(self._config, method, path, body, key, idempotency_key))
