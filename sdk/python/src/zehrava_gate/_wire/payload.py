"""A payload's members in a request's body."""

from __future__ import annotations

import base64
import os
import re
import stat
from pathlib import Path
from typing import IO, Any, Union

from ..errors import GateOptionError
from ..payloads import TextPayload
from .json_text import json_text

#: What can be proposed: a text, a file (its name, its path, or open), bytes, rows, or a JSON value.
Payload = Union[
    str,
    bytes,
    bytearray,
    memoryview,
    "os.PathLike[str]",
    IO[str],
    IO[bytes],
    TextPayload,
    dict[str, Any],
    list[Any],
    tuple[Any, ...],
]

#: The server's default limit: it would refuse a larger payload only after the upload.
MAX_PAYLOAD_BYTES = 10 * 1024 * 1024

#: Longer texts (`PATH_MAX`) name no file.
MAX_FILE_NAME_CHARACTERS = 4096

#: Marks a text as a file's name even where there is no such file here.
_FILE_EXTENSION = re.compile(r"\.(?:csv|json|txt|pdf|xml|xlsx|jsonl|ndjson)\Z", re.IGNORECASE)
_NO_FILE_NAME = re.compile(r"[\r\n\0]")


def wire_payload(payload: Any, *, read_files: bool, max_bytes: int) -> dict[str, Any]:
    """The payload as Gate reads it. A text that names a local file is sent as its content, so that Gate measures the
    bytes to be written; one that only looks like a name is a reference, which Gate treats as unseen.

    Raises `GateOptionError`: code `payload_too_large`, `unreadable_payload` or `invalid_option`.
    """
    if payload is None:
        return {}
    if isinstance(payload, str):
        return _text_or_file(payload, read_files, max_bytes)
    if isinstance(payload, (bytes, bytearray, memoryview)):
        data = bytes(payload)
        _require_size(len(data), max_bytes)
        return {"payload": base64.b64encode(data).decode(), "payload_encoding": "base64"}
    if isinstance(payload, TextPayload):
        _require_size(len(payload.text.encode()), max_bytes)
        named = {"payload_name": payload.name, "payload_media_type": payload.media_type}
        return {
            "payload": payload.text,
            **{name: value for name, value in named.items() if value is not None},
        }
    if isinstance(payload, (dict, list, tuple)):
        text = json_text(payload, "payload")
        _require_size(len(text.encode()), max_bytes)
        return {"payload": text, "payload_media_type": "application/json"}
    if isinstance(payload, os.PathLike):
        return _content(_read_path(Path(payload), max_bytes), Path(payload).name)
    if callable(getattr(payload, "read", None)):
        return _open_file(payload, max_bytes)
    kind = type(payload).__name__
    raise GateOptionError(f"payload is a text, a path, an open file, bytes, a dict or a list, not of type {kind}")


def _text_or_file(payload: str, read_files: bool, max_bytes: int) -> dict[str, Any]:
    try:
        size = len(payload.encode())
    except UnicodeEncodeError:
        raise GateOptionError("payload has a lone surrogate, which is no character: pass bytes") from None
    if 0 < len(payload) <= MAX_FILE_NAME_CHARACTERS and _NO_FILE_NAME.search(payload) is None:
        if read_files and _is_file(payload):
            return _content(_read_path(Path(payload), max_bytes), Path(payload).name)
        if _FILE_EXTENSION.search(payload) is not None:
            return {"payload_reference": {"name": re.split(r"[/\\]", payload)[-1]}}
    _require_size(size, max_bytes)
    return {"payload": payload}


def _is_file(name: str) -> bool:
    """Regular files only: reading a pipe or a device can block for ever."""
    try:
        return stat.S_ISREG(os.stat(name).st_mode)  # noqa: PTH116
    except PermissionError as error:
        raise _unreadable(error) from error
    except (OSError, ValueError):
        return False


def _read_path(path: Path, max_bytes: int) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise GateOptionError("payload is no regular file", code="unreadable_payload")
        _require_size(found.st_size, max_bytes)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        # Sending the name as a reference would hide the content from the policies.
        raise _unreadable(error) from error
    # The file can have grown since it was looked at.
    _require_size(len(data), max_bytes)
    return data


def _open_file(file: Any, max_bytes: int) -> dict[str, Any]:
    try:
        data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, (bytes, bytearray)):
        raise GateOptionError("payload is an open file whose read() gives neither text nor bytes")
    _require_size(len(data), max_bytes)
    name = getattr(file, "name", None)
    return _content(bytes(data), Path(name).name if isinstance(name, str) else None)


def _content(data: bytes, name: str | None) -> dict[str, Any]:
    named = {} if name is None else {"payload_name": name}
    try:
        return {"payload": data.decode(), **named}
    except UnicodeDecodeError:
        return {"payload": base64.b64encode(data).decode(), "payload_encoding": "base64", **named}


def _require_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise GateOptionError(
            f"the payload has more than {max_bytes} bytes, the limit",
            code="payload_too_large",
            remedy="Split it, or set max_payload_bytes where the server allows more.",
        )


def _unreadable(error: Exception) -> GateOptionError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return GateOptionError(f"can't read the payload's file: {reason}", code="unreadable_payload")
