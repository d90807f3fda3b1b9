from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.analysis.logged_lines import Line, run_of
from tests.analysis.measuring import measure_progress
from tuimon.analysis.status import Evidence, Status, decide_status
from tuimon.analysis.totals import find_totals
from tuimon.core.batch import LifecycleRecord
from tuimon.store.run import RunView

NOW = 1_700_000_000.0
LIVE = Evidence(now=NOW, live=True, last_time=NOW - 5, interval_s=4.0)
PAST = Evidence(now=NOW, live=False, last_time=NOW)
SILENT = replace(LIVE, last_time=NOW - 3000)

# One line for each row of the table in `decide_status`, and its borders.
TABLE = [
    (replace(LIVE, failed=True), Status.FAILED),
    (replace(LIVE, failed=True, finished=True, reached_total=True), Status.FAILED),
    (replace(LIVE, finished=True), Status.DONE),
    (replace(PAST, reached_total=True), Status.DONE),
    (replace(LIVE, process_alive=False, near_total=True), Status.DONE),
    (replace(LIVE, process_alive=False), Status.FAILED),
    (replace(PAST, process_alive=False), Status.FAILED),
    (replace(PAST, near_total=True), Status.DONE),
    (replace(PAST, near_total=True, last_time=None), Status.DONE),
    (replace(PAST, ends_nonfinite=True), Status.FAILED),
    (PAST, Status.STOPPED),
    (replace(PAST, last_time=None), Status.UNKNOWN),
    (replace(PAST, has_points=False), Status.UNKNOWN),
    (replace(LIVE, process_alive=True, has_points=False), Status.WAITING),
    (replace(SILENT, process_alive=True), Status.WAITING),
    (replace(LIVE, process_alive=True), Status.RUNNING),
    (replace(LIVE, last_time=None), Status.UNKNOWN),
    (replace(LIVE, has_points=False, last_time=None, changed_at=NOW - 500), Status.WAITING),
    (replace(LIVE, has_points=False, last_time=None, changed_at=NOW - 1e7), Status.STOPPED),
    (LIVE, Status.RUNNING),
    (replace(LIVE, last_time=NOW - 60), Status.RUNNING),
    (replace(LIVE, last_time=NOW - 61), Status.WAITING),
    (replace(LIVE, last_time=NOW - 290, interval_s=30.0), Status.RUNNING),
    (replace(LIVE, last_time=NOW - 600), Status.WAITING),
    (replace(LIVE, last_time=NOW - 601), Status.STOPPED),
    (replace(SILENT, interval_s=120.0), Status.WAITING),
    (replace(SILENT, near_total=True), Status.DONE),
    (replace(SILENT, ends_nonfinite=True), Status.FAILED),
    (replace(LIVE, ends_nonfinite=True), Status.RUNNING),
    (SILENT, Status.STOPPED),
    # A file without times is judged by when it changed; a copy of an old run is not alive.
    (replace(LIVE, last_time=None, changed_at=NOW - 5), Status.RUNNING),
    (replace(LIVE, last_time=NOW - 3e7, changed_at=NOW - 5), Status.STOPPED),
    # The clock of the training host is five minutes behind, or ahead.
    (replace(LIVE, last_time=NOW - 300, changed_at=NOW - 1), Status.RUNNING),
    (replace(LIVE, last_time=NOW + 300, changed_at=None), Status.RUNNING),
]


@pytest.mark.parametrize(("evidence", "status"), TABLE)
def test_each_row_of_the_table(evidence: Evidence, status: Status) -> None:
    assert decide_status(evidence) is status


def status_of(run: RunView, now: float = NOW, *, live: bool = True) -> Status:
    totals = find_totals(run)
    return decide_status(Evidence.of(run, measure_progress(run, now, totals), now=now, live=live))


def lines(last: int, loss: float = 2.0) -> list[Line]:
    """Ten steps every ten seconds, the last one at `NOW`."""
    return [{"step": step, "time": NOW + step - last, "loss": loss} for step in range(10, last + 1, 10)]


def record(kind: str, order: int, time: float = math.nan) -> LifecycleRecord:
    return LifecycleRecord(kind, order, None, time)


def test_a_run_is_running_while_it_writes_and_stopped_when_looked_back_on() -> None:
    run = run_of(lines(500), config={"max_steps": 1000})
    assert status_of(run) is Status.RUNNING
    assert status_of(run, NOW + 550) is Status.WAITING
    assert status_of(run, NOW + 700) is Status.STOPPED
    assert status_of(run, live=False) is Status.STOPPED


def test_the_last_step_ends_a_run() -> None:
    assert status_of(run_of(lines(1000), config={"max_steps": 1000})) is Status.DONE


def test_a_run_that_counts_from_zero_is_done_when_no_line_can_follow() -> None:
    counted = [{**line, "step": line["step"] - 10} for line in lines(1000)]
    run = run_of(counted, config={"max_steps": 1000})
    assert status_of(run) is Status.RUNNING
    assert status_of(run, NOW + 1e6) is Status.DONE


@pytest.mark.parametrize(
    ("kind", "status"), [("finished", Status.DONE), ("failed", Status.FAILED), ("error", Status.FAILED)]
)
def test_a_record_of_the_end_counts_until_the_run_goes_on(kind: str, status: Status) -> None:
    assert status_of(run_of(lines(500), events=[record(kind, 50)])) is status
    assert status_of(run_of(lines(500), events=[record(kind, 30)])) is Status.RUNNING
    assert status_of(run_of(lines(500), events=[record(kind, 50), record("writer", 50)])) is Status.RUNNING


def test_an_end_in_another_file_is_older_than_the_lines_after_it() -> None:
    resumed = run_of([], events=[record("failed", 0, NOW - 100)], other_stream=lines(500))
    assert status_of(resumed) is Status.RUNNING
    ended = run_of([], events=[record("failed", 0, NOW + 1)], other_stream=lines(500))
    assert status_of(ended) is Status.FAILED


def test_a_run_that_ended_in_nan_has_failed() -> None:
    run = run_of([*lines(500), {"step": 510, "time": NOW, "loss": math.nan}])
    assert status_of(run) is Status.RUNNING
    assert status_of(run, NOW + 1e6) is Status.FAILED
    assert status_of(run, live=False) is Status.FAILED


def test_a_process_that_was_seen_to_be_gone_has_failed() -> None:
    gone = [{"step": 500, "time": NOW, "proc.alive": 0.0}]
    there = [{"step": 500, "time": NOW, "proc.alive": 1.0}]
    assert status_of(run_of([*lines(500), *gone])) is Status.FAILED
    assert status_of(run_of([*lines(500), *there])) is Status.RUNNING
    assert status_of(run_of([*lines(500), *there]), NOW + 1e6) is Status.STOPPED


def test_nothing_to_see_is_unknown() -> None:
    assert status_of(run_of([])) is Status.UNKNOWN
    assert status_of(run_of([{"step": 5, "loss": 1.0}]), live=False) is Status.UNKNOWN
