"""Payloads that need a word of their own."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import GateOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class TextPayload:
    """A text that is never read as a file's name; `name`: under which people see it."""

    text: str
    media_type: str | None = None
    name: str | None = None


def csv_rows(
    rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] | None = None, name: str = "rows.csv"
) -> TextPayload:
    """The rows as CSV (RFC 4180) with a header. `columns`: their order; default: the first row's members.

    Raises `GateOptionError` for a row with other members, which would lose a cell, and for a cell that is no text,
    number, bool or None.
    """
    header = list(columns) if columns is not None else list(rows[0]) if rows else []
    if not header:
        raise GateOptionError("csv_rows needs a row, or columns")
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(header)
    for at, row in enumerate(rows):
        if set(row) != set(header):
            raise GateOptionError(f"rows[{at}] has other members than the columns {', '.join(header)}")
        writer.writerow([_cell(row[column], f"rows[{at}].{column}") for column in header])
    return TextPayload(written.getvalue(), "text/csv", name)


def _cell(value: Any, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise GateOptionError(f"{place} is {value}: pass a number, or None")
    if isinstance(value, (str, int, float)):
        return str(value)
    raise GateOptionError(f"{place} is of type {type(value).__name__}: pass its text")
