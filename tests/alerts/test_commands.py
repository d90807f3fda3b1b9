"""Commands that events set off: real ones."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tuimon.alerts.commands import command_work
from tuimon.alerts.lane import MOST_WAITING, Lane
from tuimon.output.document import Json

PATIENCE_S = 20.0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_command_reads_the_document_and_is_no_part_of_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hostile = "$(touch oops) `touch oops`; touch oops \x1b[2J"
    assert command_work("done", f"cat > {out}")({"event": "done", "run": hostile}) is None
    assert json.loads(out.read_text()) == {"schema": 1, "event": "done", "run": hostile}
    assert not Path("oops").exists()


def test_a_command_that_does_not_read_is_fine() -> None:
    assert command_work("done", "true")({"text": "x" * 1_000_000}) is None


def test_a_command_that_fails_is_said() -> None:
    assert command_work("best", "exit 3")({}) == "the command for best ended with 3"


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f"sleep 600 & echo $! $$ > {pids}; trap '' TERM; sleep 600"
    said = command_work("failed", command, time_out_s=0.5)({})
    assert said == "the command for failed took longer than 0.5 s and was ended"
    for pid in map(int, pids.read_text().split()):
        wait_until(lambda pid=pid: not _runs(pid))  # type: ignore[misc]  # the default binds the loop's value


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_command_has_a_process_group_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command_work("done", f"ps -o pgid= -p $$ > {out} || cut -d' ' -f5 /proc/$$/stat > {out}")({})
    assert int(out.read_text()) != os.getpgrp()


def test_a_lane_returns_at_once_and_does_one_thing_after_the_other() -> None:
    at_work, most, done = 0, 0, 0
    go = threading.Event()

    def work(_: dict[str, Json]) -> None:
        nonlocal at_work, most, done
        at_work += 1
        most = max(most, at_work)
        go.wait(PATIENCE_S)
        at_work -= 1
        done += 1

    lane = Lane(work, lambda _: None, interval_s=0.0)
    for number in range(5):
        lane.submit({"number": number})  # while nothing is done, nobody waits
    assert done == 0
    go.set()
    wait_until(lambda: done == 5)
    assert most == 1
    lane.stop()


def test_a_flood_is_counted_and_the_first_alerts_are_kept() -> None:
    seen: list[tuple[Json, Json]] = []
    go = threading.Event()

    def work(document: dict[str, Json]) -> None:
        go.wait(PATIENCE_S)
        seen.append((document["number"], document["missed"]))

    lane = Lane(work, lambda _: None, interval_s=0.0)
    lane.submit({"number": -1})
    wait_until(lambda: not lane._waiting)
    for number in range(MOST_WAITING + 7):
        lane.submit({"number": number})
    go.set()
    wait_until(lambda: len(seen) == MOST_WAITING + 1)
    lane.submit({"number": 99})
    wait_until(lambda: len(seen) == MOST_WAITING + 2)
    assert seen[:-1] == [(number, 0) for number in range(-1, MOST_WAITING)]
    assert seen[-1] == (99, 7)
    lane.stop()


def test_a_lane_keeps_its_rate() -> None:
    starts: list[float] = []
    lane = Lane(lambda _: starts.append(time.monotonic()), lambda _: None, interval_s=0.2)
    lane.submit({})
    lane.submit({})
    wait_until(lambda: len(starts) == 2)
    assert starts[1] - starts[0] >= 0.2
    lane.stop()


@pytest.mark.parametrize("broken", [False, True], ids=["says so", "raises"])
def test_what_goes_wrong_is_told_clean_and_the_next_is_tried(*, broken: bool) -> None:
    told: list[str] = []

    def work(_: dict[str, Json]) -> str:
        if broken:
            raise ValueError("\x1b[2J no")
        return "\x1b[2J no"

    lane = Lane(work, told.append, interval_s=0.0)
    lane.submit({})
    lane.submit({})
    wait_until(lambda: len(told) == 2)
    assert all(text.isprintable() and text.endswith("[2J no") for text in told)
    lane.stop()


def test_a_lane_that_is_stopped_begins_nothing_more() -> None:
    done: list[Json] = []
    lane = Lane(lambda document: done.append(document["number"]), lambda _: None, interval_s=60.0)
    lane.submit({"number": 1})
    wait_until(lambda: done == [1])
    lane.submit({"number": 2})
    lane.stop()
    assert lane._thread is not None
    lane._thread.join(PATIENCE_S)
    assert done == [1]
