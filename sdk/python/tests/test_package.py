"""The wheel and the source archive, as users get them."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .support.server import ROOT

PACKAGE = ROOT / "sdk" / "python"


def run(*command: str, cwd: Path = PACKAGE, **variables: str) -> str:
    ended = subprocess.run(
        command, check=False, cwd=cwd, env=variables or None, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    # The wheel is made of the archive, as a reader of the archive makes it.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder))
    return folder


def test_both_hold_the_whole_package_and_no_link_out_of_it(built: Path) -> None:
    modules = {
        path.relative_to(PACKAGE / "src").as_posix()
        for path in (PACKAGE / "src").rglob("*")
        if path.suffix in (".py", ".pyi", ".typed")
    }
    verifier = (ROOT / "test" / "verify_bundle.py").read_bytes()
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if "dist-info" not in name}
        assert names == modules
        assert wheel.read("zehrava_gate/_evidence.py") == verifier
        metadata = next(name for name in wheel.namelist() if name.endswith("METADATA"))
        assert "Requires-Python: >=3.9" in wheel.read(metadata).decode()
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        members = archive.getmembers()
        assert [member.name for member in members if not (member.isfile() or member.isdir())] == []
        kept = {member.name.partition("/src/")[2] for member in members if "/src/" in member.name and member.isfile()}
        assert kept == modules


def test_the_index_would_show_it(built: Path) -> None:
    files = [str(path) for path in built.iterdir()]
    assert run(sys.executable, "-m", "twine", "check", "--strict", *files).count("PASSED") == 2


def test_an_installed_wheel_works_outside_the_repository(built: Path, tmp_path: Path) -> None:
    wheel = str(next(built.glob("*.whl")))
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path), wheel)
    program = (
        "import zehrava_gate, importlib.metadata as metadata\n"
        f"assert zehrava_gate.__file__.startswith({str(tmp_path)!r})\n"
        "print(metadata.version('zehrava-gate-client'), zehrava_gate.verify_bundle('no bundle').outcome)"
    )
    said = run(sys.executable, "-W", "error", "-c", program, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    # One number for all packages.
    version = json.loads((ROOT / "package.json").read_text())["version"]
    assert said == f"{version} broken\n"
