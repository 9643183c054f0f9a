"""What is sent of a payload."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any

import pytest

from zehrava_gate import GateOptionError, TextPayload, csv_rows
from zehrava_gate._wire.payload import wire_payload


def sent(payload: Any, *, read_files: bool = True, max_bytes: int = 1_000) -> dict[str, Any]:
    return wire_payload(payload, read_files=read_files, max_bytes=max_bytes)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leads.csv").write_bytes(b"\xef\xbb\xbfname\r\nAda\r\n")
    (tmp_path / "image.bin").write_bytes(b"\xff\x00")
    (tmp_path / "big.txt").write_bytes(b"x" * 1_001)
    os.mkfifo(tmp_path / "pipe.csv")
    return tmp_path


def test_a_text_that_names_a_file_is_its_content_byte_by_byte(folder: Path) -> None:
    content = {"payload": "\ufeffname\r\nAda\r\n", "payload_name": "leads.csv"}
    assert sent("leads.csv") == sent(Path("leads.csv")) == sent(folder / "leads.csv") == content
    with Path("leads.csv").open("rb") as binary, Path("leads.csv").open(newline="", encoding="utf-8") as text:
        assert sent(binary) == sent(text) == content


def test_what_is_no_text_is_base64(folder: Path) -> None:
    coded = {"payload": base64.b64encode(b"\xff\x00").decode(), "payload_encoding": "base64"}
    assert sent("image.bin") == {**coded, "payload_name": "image.bin"}
    assert sent(b"\xff\x00") == sent(bytearray(b"\xff\x00")) == sent(memoryview(b"\xff\x00")) == coded
    assert sent(io.BytesIO(b"\xff\x00")) == coded


def test_a_name_without_a_file_is_a_reference_and_any_other_text_is_text(folder: Path) -> None:
    assert sent("./exports/payouts.CSV") == {"payload_reference": {"name": "payouts.CSV"}}
    assert sent("Hello Ada") == {"payload": "Hello Ada"}
    assert sent("a\nleads.csv") == {"payload": "a\nleads.csv"}
    assert sent("") == {"payload": ""}
    assert sent("image.bin", read_files=False) == {"payload": "image.bin"}
    assert sent("leads.csv", read_files=False) == {"payload_reference": {"name": "leads.csv"}}
    assert sent(TextPayload("leads.csv")) == {"payload": "leads.csv"}
    # A pipe is never read: that could take for ever.
    assert sent("pipe.csv") == {"payload_reference": {"name": "pipe.csv"}}
    assert sent(None) == {}


def test_json_and_rows_say_their_type(folder: Path) -> None:
    assert sent({"a": ("é", 1)}) == {"payload": '{"a":["é",1]}', "payload_media_type": "application/json"}
    rows = csv_rows(
        [{"name": 'A "B"', "n": 1.5, "ok": True, "none": None}, {"n": 2, "name": "C,D", "ok": False, "none": ""}]
    )
    assert sent(rows) == {
        "payload": 'name,n,ok,none\r\n"A ""B""",1.5,true,\r\n"C,D",2,false,\r\n',
        "payload_media_type": "text/csv",
        "payload_name": "rows.csv",
    }


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("big.txt", "payload_too_large"),
        (Path("big.txt"), "payload_too_large"),
        ("x" * 1_001, "payload_too_large"),
        (b"x" * 1_001, "payload_too_large"),
        (["x" * 1_001], "payload_too_large"),
        (io.StringIO("x" * 1_001), "payload_too_large"),
        (csv_rows([{"a": "x" * 1_001}]), "payload_too_large"),
        (Path("none.csv"), "unreadable_payload"),
        (Path("pipe.csv"), "unreadable_payload"),
        (Path(), "unreadable_payload"),
    ],
)
def test_what_can_t_be_sent_whole_is_not_sent(folder: Path, payload: Any, code: str) -> None:
    with pytest.raises(GateOptionError) as raised:
        sent(payload)
    assert raised.value.code == code


def test_a_closed_file_is_unreadable(folder: Path) -> None:
    with Path("leads.csv").open("rb") as file:
        pass
    with pytest.raises(GateOptionError) as raised:
        sent(file)
    assert raised.value.code == "unreadable_payload"
