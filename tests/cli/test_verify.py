"""`--verify`: a damaged value deep in an event file is said with its place, and not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import run
from tests.sources.event_writer import loop, version
from tuimon.sources import event_file

NAME = "events.out.tfevents.1700000000.node17.42.0"
SAID = "a record with a wrong checksum was skipped"


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, int]:
    """Return a file and the offset of its damaged record, which is readable and lies deep in the file."""
    monkeypatch.setattr(event_file, "VERIFIED_BYTES", 100)
    records = [version(), *loop(range(1, 100))]
    offset = sum(map(len, records[:120]))
    content = bytearray(b"".join(records))
    content[offset + len(records[120]) - 5] ^= 1  # in the number
    path = tmp_path / NAME
    path.write_bytes(content)
    return path, offset


def test_what_is_readable_is_shown_without(damaged: tuple[Path, int]) -> None:
    path, _ = damaged
    (document,) = run("summary", "--json", str(path)).documents
    (summary,) = document["runs"]
    assert (summary["problems"], summary["series"]["train/lr"]["count"]) == ([], 99)


@pytest.mark.parametrize("by", ["option", "setting"])
def test_the_summary_leaves_a_damaged_record_out(
    damaged: tuple[Path, int], by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, offset = damaged
    monkeypatch.chdir(path.parent)
    if by == "setting":
        Path("tuimon.toml").write_text("verify = true\n", encoding="utf-8")
    options = ["--verify"] if by == "option" else []
    (document,) = run("summary", "--json", *options, str(path)).documents
    (summary,) = document["runs"]
    assert summary["problems"] == [{"path": str(path), "offset": offset, "message": SAID}]
    assert [series["count"] for series in summary["series"].values()] == [99, 98]


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_check_and_doctor_say_where_a_record_is_damaged(command: str, damaged: tuple[Path, int]) -> None:
    path, offset = damaged
    line = f"problem: {path} at byte {offset}: {SAID}"
    without, verified = run(command, str(path)), run(command, "--verify", str(path))
    assert line not in without.out + without.err
    assert line in verified.out + verified.err
    assert verified.code == without.code


def test_the_doctor_says_that_nothing_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(version() + b"".join(loop(range(9))))
    outcome = run("doctor", "--verify", str(path))
    assert outcome.out.endswith(f"tfevents: {path.stat().st_size}B read: nothing is damaged\n")
