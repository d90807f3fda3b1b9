"""What happens to files while they are watched: nothing that was read is lost, and everything goes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.bad_files import (
    EVENTS,
    LONG_AGO,
    Forbid,
    bad_folder,
    forbidding,
    problems_of,
    training,
    write_events,
)
from tests.commands import summarised
from tests.sources import event_writer
from tests.watching import (
    points,
    rows,
    says,
    state_of,
    wait_for,
    wait_for_points,
    wait_until_quiet,
    watching,
    write,
)
from tuimon.monitor.snapshot import Snapshot


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    return forbidding(monkeypatch)


def test_watching_reads_and_says_all_that_the_summary_does(tmp_path: Path, forbid: Forbid) -> None:
    folder = bad_folder(tmp_path / "outputs", forbid)
    document = summarised(folder)
    counts = {
        state["run"]: {tag: facts["count"] for tag, facts in state["series"].items()}
        for state in document["runs"]
    }
    assert counts["good"] == {"loss": 30}
    assert counts["cut"] == counts["corrupt"] == {"loss": 19}
    assert counts["lines"] == {"loss": 18}
    with watching(folder) as monitor:

        def is_whole(snapshot: Snapshot) -> bool:
            seen = {
                state.name: {tag: len(series) for tag, series in state.run.series.items()}
                for state in snapshot.runs
            }
            return seen == counts

        wait_for(monitor, is_whole)
        snapshot = wait_until_quiet(monitor)
    told = [*snapshot.problems, *(each for state in snapshot.runs for each in state.problems)]
    assert sorted(f"{each.path}: {each.message}" for each in told) == sorted(problems_of(folder))
    assert len(told) >= 10


def test_a_file_that_shrinks_is_replaced_or_vanishes_keeps_what_was_read(tmp_path: Path) -> None:
    path = write(tmp_path / "runs" / "a.jsonl", rows(range(30)))
    write(tmp_path / "runs" / "b.jsonl", rows(range(30)))
    with watching(tmp_path / "runs") as monitor:
        wait_for(monitor, lambda s: points(s, "a") == points(s, "b") == 30)
        write(path, rows(range(5)))
        shrunk = wait_for_points(monitor, "a", 35)
        assert any("became shorter" in each.message for each in shrunk.problems)
        fresh = write(tmp_path / "fresh.jsonl", rows(range(10), start=LONG_AGO + 1000))
        fresh.replace(path)
        replaced = wait_for_points(monitor, "a", 45)
        assert any("was replaced" in each.message for each in replaced.problems)
        path.unlink()
        gone = wait_for(monitor, lambda s: says(s, "a.jsonl", "is gone"), hurry=True)
        assert points(gone, "a") == 45
        write(path, rows(range(20), start=LONG_AGO + 2000))
        wait_for_points(monitor, "a", 65)
        assert points(wait_until_quiet(monitor), "b") == 30


def test_a_folder_that_vanishes_and_comes_back_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "outputs" / "a" / "metrics.jsonl", rows(range(30)))
    with watching(tmp_path / "outputs") as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 30)
        shutil.rmtree(tmp_path / "outputs")
        gone = wait_for(
            monitor, lambda s: says(s, "metrics.jsonl", "is gone") and says(s, "does not exist"), hurry=True
        )
        assert points(gone, "a") == 30
        write(path, rows(range(10), start=LONG_AGO + 1000))
        back = wait_for(monitor, lambda s: points(s, "a") == 40 and not s.problems, hurry=True)
        assert len(back.runs) == 1


def test_a_path_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    with watching(outputs) as monitor:
        waiting = wait_for(monitor, lambda s: not s.listing)
        assert waiting.runs == ()
        assert says(waiting, str(outputs), "does not exist")
        outputs.mkdir()
        # Runs may begin in an empty folder: that is no problem.
        wait_for(monitor, lambda s: not s.problems, hurry=True)
        write(outputs / "a" / "metrics.jsonl", rows(range(10)))
        filled = wait_for(monitor, lambda s: points(s, "a") == 10 and not s.problems, hurry=True)
        assert [state.name for state in filled.runs] == ["a"]


def test_what_becomes_readable_is_read(tmp_path: Path, forbid: Forbid) -> None:
    file = write(tmp_path / "a" / "metrics.jsonl", rows(range(10)))
    folder = write(tmp_path / "b" / "metrics.jsonl", rows(range(20))).parent
    write(tmp_path / "c" / "metrics.jsonl", rows(range(30)))
    forbid(file)
    forbid(folder)
    try:
        with watching(tmp_path) as monitor:
            barred = wait_for(monitor, lambda s: points(s, "c") == 30)
            assert says(barred, str(file), "cannot be read")
            assert says(barred, str(folder), "could not be listed")
            file.chmod(0o600)
            folder.chmod(0o700)
            wait_for(
                monitor,
                lambda s: points(s, "a") == 10 and points(s, "b") == 20 and not s.problems,
                hurry=True,
            )
    finally:
        folder.chmod(0o700)


def test_a_file_that_may_no_longer_be_read_keeps_its_points_and_goes_on_later(
    tmp_path: Path, forbid: Forbid
) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(10)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        forbid(path)
        if os.geteuid() == 0:
            write(path, rows(range(10, 20)), mode="a")
        else:
            path.chmod(0o200)
            write(path, rows(range(10, 20)), mode="a")
        barred = wait_for(monitor, lambda s: says(s, "a.jsonl", "may not be read by this user"), hurry=True)
        assert points(barred, "a") == 10
        path.chmod(0o600)
        wait_for_points(monitor, "a", 20)


def test_an_event_record_that_is_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    records = training(range(20))
    path = write_events(tmp_path / "a" / EVENTS, event_writer.version(), *records[:10], records[10][:9])
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        with path.open("ab") as file:
            file.write(records[10][9:] + b"".join(records[11:]))
        whole = wait_for_points(monitor, "a", 20)
        assert whole.problems == ()


def test_a_damaged_record_that_comes_while_watching_hides_no_later_one(tmp_path: Path) -> None:
    records = training(range(20))
    path = write_events(tmp_path / "a" / EVENTS, event_writer.version(), *records[:10])
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        damaged = bytearray(records[10])
        damaged[len(damaged) // 2] ^= 1
        with path.open("ab") as file:
            file.write(bytes(damaged) + b"".join(records[11:]))
        told = wait_for(monitor, lambda s: points(s, "a") == 19)
        assert says(told, EVENTS, "wrong checksum")


@pytest.mark.parametrize("size", [0, 40])
def test_an_empty_event_file_fills_while_it_is_watched(size: int, tmp_path: Path) -> None:
    version = event_writer.version()
    path = write_events(tmp_path / "a" / EVENTS, version[:size])
    with watching(tmp_path) as monitor:
        early = wait_for(monitor, lambda s: s.run("a") is not None)
        assert points(early, "a") == 0
        with path.open("ab") as file:
            file.write(version[size:] + b"".join(training(range(10))))
        wait_for_points(monitor, "a", 10)


def test_bad_lines_that_come_while_watching_are_said_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(10)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        wait_until_quiet(monitor)
        with path.open("a", encoding="utf-8") as file:
            file.write("{oops\n")
        told = wait_for(monitor, lambda s: says(s, "a.jsonl", "no valid JSON"))
        assert not state_of(told, "a").status.live or points(told, "a") == 10


def test_a_step_that_falls_and_a_clock_that_jumps_while_watching(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(1, 31)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 30)
        write(path, rows(range(10, 20), start=LONG_AGO - 9e6), mode="a")
        fallen = wait_for_points(monitor, "a", 40)
        assert [attempt.number for attempt in fallen.run.attempts] == [1, 2]
        write(path, rows(range(20, 30), start=LONG_AGO + 9e9), mode="a")
        jumped = wait_for_points(monitor, "a", 50)
        assert jumped.progress.step == 29
