"""Nothing is ever written below a folder that is looked at."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.commands import SAMPLES, run
from tests.watching import points, wait_for, wait_until_quiet, watching

COMMANDS = (
    ["summary"],
    ["summary", "--json", "--latest"],
    ["check", "--fail-on", "info"],
    ["check", "--json"],
    ["eta"],
    ["eta", "--trace", "--json"],
    ["status"],
    ["status", "--line", "--style", "tmux"],
    ["compare"],
    ["compare", "--json", "--align", "time"],
    ["export", "--to", "csv", "--wide"],
    ["export", "--to", "jsonl"],
    ["doctor"],
    ["watch", "--once"],
    ["replay", "--run", "overfit"],
)


def fingerprint(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return mode, time of change and content of everything below a folder, and of itself."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in (folder, *sorted(folder.rglob("*")))
    }


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample runs that is also the current folder, as it is for many who start tuimon."""
    copy = Path(shutil.copytree(SAMPLES, tmp_path / "outputs"))
    monkeypatch.chdir(copy)
    return copy


def test_no_command_changes_anything(outputs: Path) -> None:
    before = fingerprint(outputs)
    for command in COMMANDS:
        assert run(*command, outputs).code in (0, 2, 4), command
        assert run(*command[:1], *([] if command[0] == "replay" else ["."])).code in (0, 2, 4)
    assert fingerprint(outputs) == before


def test_watching_changes_nothing(outputs: Path) -> None:
    before = fingerprint(outputs)
    with watching(outputs) as monitor:
        wait_for(monitor, lambda s: points(s, "healthy", "Training/Loss") == 873)
        wait_until_quiet(monitor)
    assert fingerprint(outputs) == before
