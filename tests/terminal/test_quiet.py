"""Nothing happens: nothing is sent, and nothing is ever written below what is watched."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.terminal.conftest import READ, SAMPLE_RUNS, Watch

QUIET_FOR_S = 2.0


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    copy = tmp_path / "runs"
    shutil.copytree(SAMPLE_RUNS, copy)
    return copy


def listing(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Every path below a folder: kind and permissions, size, time of change, and a hash of the content."""
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        stat = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_size, stat.st_mtime_ns, content)
    return found


def test_without_a_live_run_not_a_byte_is_sent_and_nothing_is_written(watch: Watch, runs: Path) -> None:
    before = listing(runs)
    terminal = watch(runs, "--run", "healthy")
    terminal.wait_for(*READ)
    terminal.settle()
    assert terminal.bytes_within(QUIET_FOR_S) == b""
    terminal.press("j\te\rsyxR3/loss")
    terminal.wait_until(lambda: terminal.text.splitlines()[-1] == "loss", "line that is being typed")
    terminal.settle()
    # A line is being typed, and still nothing blinks.
    assert terminal.bytes_within(1.0) == b""
    terminal.press("\rq")
    assert terminal.wait_for_end() == 0
    assert listing(runs) == before


def test_an_empty_folder_is_quiet_too(watch: Watch, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    terminal = watch(empty)
    # The host's sensors are looked at twice, for rates.
    terminal.wait_for("No training run below", "CPU ", "net ")
    terminal.settle()
    assert terminal.bytes_within(QUIET_FOR_S) == b""


def test_ctrl_l_paints_the_whole_screen_anew(watch: Watch) -> None:
    terminal = watch(SAMPLE_RUNS, "--run", "healthy")
    terminal.wait_for(*READ)
    terminal.settle()
    shown = terminal.text
    terminal.screen.erase_in_display(2)
    assert terminal.text.strip() == ""
    terminal.press("\x0c")
    terminal.wait_for(*READ)
    terminal.settle()
    assert terminal.text == shown
