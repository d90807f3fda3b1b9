"""What a list says of a run before it is read is what it says after; or it says nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands import SAMPLES
from tests.sources.event_writer import event, frame, loop, scalar, simple, summary, version
from tests.watching import points, rows, wait_for, watching, write
from tuimon.analysis.charted import main_series
from tuimon.analysis.status import Status
from tuimon.monitor import turns
from tuimon.monitor.listing import Listed, list_run
from tuimon.monitor.snapshot import RunState
from tuimon.monitor.turns import in_turn
from tuimon.monitor.watching import RunWatch
from tuimon.monitor.watchlist import Watchlist
from tuimon.sources import ends
from tuimon.sources.base import UNBOUNDED, ReadBudget
from tuimon.sources.discovery import discover
from tuimon.sources.ends import WINDOW_BYTES
from tuimon.sources.naming import Root
from tuimon.tui.run_list import RunList

EVENTS = "events.out.tfevents.1700000000.host.1.0"
TAGS = ("train/loss", "discriminator/loss", "reward", "eval/loss", "lr", "note", "accuracy")
windows = patch.object(ends, "WINDOW_BYTES", (250, 1200))


def both(path: Path) -> tuple[Listed | None, RunState]:
    """Return what is said of the only run before it is read, and after."""
    (ref,) = discover([Root(path)]).runs
    watch = RunWatch(ref, None, with_rules=False)
    listed = list_run(ref)
    while watch.read(UNBOUNDED)[1]:
        pass
    return listed, watch.refresh(2e9, live=True)


def assert_is_so(listed: Listed, read: RunState) -> None:
    assert listed.progress.step == read.progress.step
    (shown,), whole = listed.run.series.values(), main_series(read.run)
    assert whole is not None
    assert shown.tag == whole.tag
    assert repr(shown.statistics.last) == repr(whole.statistics.last)
    assert shown.statistics.last_step == whole.statistics.last_step
    assert listed.status in (Status.UNKNOWN, read.status)


def jsonl(path: Path, lines: list[bytes]) -> Path:
    (path / "run").mkdir(exist_ok=True)
    (path / "run" / "metrics.jsonl").write_bytes(b"".join(lines))
    return path


def events(path: Path, records: list[bytes]) -> Path:
    (path / "run").mkdir(exist_ok=True)
    (path / "run" / EVENTS).write_bytes(version() + b"".join(records))
    return path


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, float]]:
    """Draw what is logged at each step: every tag from the first step on, some seldom, some not long."""
    count = draw(st.integers(1, 120))
    chosen = draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=4, unique=True))
    every = {tag: draw(st.sampled_from((1, 1, 1, 2, 7, 50))) for tag in chosen}
    until = {tag: draw(st.sampled_from((count, count, count, count // 2))) for tag in chosen}
    odd = draw(st.sampled_from((1.5, math.nan, math.inf)))
    return [
        {
            tag: odd if step == count - 1 else step + place / 4
            for place, tag in enumerate(chosen)
            if step % every[tag] == 0 and step < max(until[tag], 1)
        }
        for step in range(count)
    ]


quick = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(logged=logs(), data=st.data())
def test_lines(logged: list[dict[str, float]], data: st.DataObject, tmp_path: Path) -> None:
    name = data.draw(st.sampled_from(("step", "global_step", "iter", "epoch", "")))
    restart = data.draw(st.sampled_from((0, 0, 30)))
    lines = [
        json.dumps({**({name: max(step - restart, 0)} if name else {}), "time": 1.7e9 + step, **row})
        for step, row in enumerate(logged)
    ]
    lines += data.draw(
        st.sampled_from(
            ([], ['{"event": "finished", "step": 500, "time": 1800000000}'], ['{"loss": null, "step": 9}'])
        )
    )
    text = "".join(f"{line}\n" for line in lines).encode()
    cut = data.draw(st.sampled_from((len(text), len(text) - 1, len(text) - 8)))
    jsonl(tmp_path, [text[:cut]])
    if discover([Root(tmp_path)]).runs:
        with windows:
            listed, read = both(tmp_path)
        if listed is not None:
            assert_is_so(listed, read)


@quick
@given(logged=logs(), data=st.data())
def test_records(logged: list[dict[str, float]], data: st.DataObject, tmp_path: Path) -> None:
    together = data.draw(st.booleans())
    records = [
        frame(event(summary(*(simple(tag, value) for tag, value in row.items())), step))
        if together
        else b"".join(scalar(tag, step, value) for tag, value in row.items())
        for step, row in enumerate(logged)
    ]
    content = bytearray(b"".join(records))
    if content and data.draw(st.booleans()):
        content[data.draw(st.integers(-min(len(content), 200), -1))] ^= 4
    events(tmp_path, [bytes(content[: len(content) - data.draw(st.sampled_from((0, 0, 5)))])])
    with windows:
        listed, read = both(tmp_path)
    if listed is not None:
        assert_is_so(listed, read)


STEPS = range(5000)
LONG_LOGS: dict[str, list[dict[str, object]]] = {
    "flat": [{"step": step, "loss": 1 / (step + 1), "lr": 0.1} for step in STEPS],
    "nested": [{"step": step, "train": {"loss": 1 / (step + 1)}} for step in STEPS],
    "rare": [{"step": step, "lr": 0.1, **({} if step % 100 else {"loss": step})} for step in STEPS],
}


@pytest.mark.parametrize("name", LONG_LOGS)
def test_ends_of_usual_logs_tell(name: str, tmp_path: Path) -> None:
    listed, read = both(jsonl(tmp_path, [f"{json.dumps(row)}\n".encode() for row in LONG_LOGS[name]]))
    assert listed is not None
    assert_is_so(listed, read)


def test_the_end_of_an_event_file_tells(tmp_path: Path) -> None:
    listed, read = both(events(tmp_path, loop(range(500))))
    assert listed is not None
    assert_is_so(listed, read)
    assert listed.progress.step == 499


def test_a_run_that_says_how_it_ended_has_ended(tmp_path: Path) -> None:
    lines = [f'{{"step": {step}, "time": {1.7e9 + step}, "loss": 2.5}}\n'.encode() for step in range(200)]
    for kind, status in (("finished", Status.DONE), ("failed", Status.FAILED)):
        end = f'{{"event": "{kind}", "step": 200, "time": {1.7e9 + 200}}}\n'.encode()
        listed, read = both(jsonl(tmp_path, [*lines, end]))
        assert listed is not None
        assert (listed.status, read.status) == (status, status)
        evaluated = b'{"step": 200, "time": 1700000200.5, "accuracy": 0.5}\n'
        again, _ = both(jsonl(tmp_path, [*lines, end, evaluated, evaluated]))
        assert again is not None
        assert again.status is Status.UNKNOWN


def test_what_only_a_whole_reading_tells_is_not_told(tmp_path: Path) -> None:
    numbered = [f'{{"loss": {number}.5}}\n'.encode() for number in range(900)]
    epochs = [f'{{"epoch": {number}, "loss": 1.5}}\n'.encode() for number in range(900)]
    counted = [
        f'{{"mode": "train", "epoch": {number // 90}, "iter": {number % 90 + 1}, "loss": 1.5}}\n'.encode()
        for number in range(900)
    ]
    stopped = [
        f"{json.dumps({'step': number, 'lr': 0.1} | ({'loss': 2.5} if number < 99 else {}))}\n".encode()
        for number in range(5000)
    ]
    endings = [""] * 900 + [', "loss": 2.5'] * 3100 + [', "loss": null'] * 1000
    ceased = [
        f'{{"step": {number}, "reward": 0.1{ending}}}\n'.encode() for number, ending in enumerate(endings)
    ]
    for lines in (numbered, epochs, counted, stopped, ceased):
        assert both(jsonl(tmp_path, lines))[0] is None
    # Which of two losses has the more points, two records each do not tell.
    (tmp_path / "events").mkdir()
    assert (
        both(events(tmp_path / "events", loop(range(200), ("train/loss", "discriminator/loss"))))[0] is None
    )


def test_a_single_row_at_each_end_does_not_tell_what_lies_between(tmp_path: Path) -> None:
    text = "x" * (WINDOW_BYTES[0] - 60)
    lines = [{"step": step, "loss": step / 2} for step in range(1, 5000)]
    rows_ = [{"step": 0, "reward": 1.5, "note": text}, *lines, {"step": 5000, "reward": 2.5, "note": text}]
    listed, read = both(jsonl(tmp_path, [f"{json.dumps(row)}\n".encode() for row in rows_]))
    assert listed is not None
    assert_is_so(listed, read)


def test_many_runs_are_listed_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_FEW_RUNS", 4)
    read = RunWatch.read

    def read_newest(watch: RunWatch, budget: ReadBudget, *, settle: bool = True) -> tuple[bool, bool]:
        return read(watch, budget, settle=settle) if watch.name == "run11" or held_open else (False, True)

    held_open: list[bool] = []
    monkeypatch.setattr(RunWatch, "read", read_newest)
    for number in range(12):
        write(tmp_path / f"run{number}.jsonl", rows(range(100 + number)))
    with watching(tmp_path) as monitor:
        monitor.focus("run11")
        listed = wait_for(monitor, lambda s: len(s.runs) == 12 and all(r.progress.step for r in s.runs))
        assert [run.name for run in listed.runs] == [f"run{number}" for number in range(12)]
        for number, run in enumerate(listed.runs):
            assert run.progress.step == 99 + number
            series = main_series(run.run)
            assert series is not None
            assert series.statistics.last == 1 / (100 + number)
            assert run.sketched or run.name == "run11"
        held_open.append(True)
        whole = wait_for(monitor, lambda s: all(points(s, f"run{n}") == 100 + n for n in range(12)))
        assert not any(run.sketched for run in whole.runs)


def test_the_open_run_shows_what_was_read_so_far(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(3000)))
    (ref,) = discover([Root(path)]).runs
    watch = RunWatch(ref, None, with_rules=False)
    assert watch.list_early()
    lines = path.read_bytes().splitlines(keepends=True)
    assert watch.read(ReadBudget(max_bytes=sum(map(len, lines[:2000])))) == (True, True)
    assert len(watch.refresh(2e9, live=True).run.series["loss"]) == 1
    watch.show_parts()
    assert len(watch.refresh(2e9, live=True).run.series["loss"]) == 2000


def test_nothing_that_needs_all_points_is_told_of_a_listed_run(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(3000)))
    (ref,) = discover([Root(path)]).runs
    watch = RunWatch(ref, None, with_rules=False)
    assert watch.list_early()
    listed = watch.refresh(2e9, live=True)
    known = RunList()
    assert (listed.sketched, listed.loaded, known.best(listed)) == (True, 0.0, None)
    while watch.read(UNBOUNDED)[1]:
        pass
    read = watch.refresh(2e9, live=True)
    assert read.run.revision != listed.run.revision
    best = known.best(read)
    assert best is not None
    assert best.step == 2999


def test_runs_that_grow_do_not_wait_for_those_that_were_never_read(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"run{number}.jsonl", rows(range(9)))
    watches = Watchlist([Root(tmp_path)], None, None)
    watches.look()
    by_name = {watch.name: watch for watch in watches}
    grown, sliced, opened = by_name["run3"], by_name["run1"], by_name["run5"]
    grown.read(UNBOUNDED)
    grown.schedule.due = 1.0
    sliced.schedule.looked_at = 5.0
    order = [watch.name for watch in in_turn(watches, opened.name, list_first=False, may_judge=True)]
    assert order[:2] == ["run5", "run3"]
    # What had a slice waits until the others had one.
    assert order[-1] == "run1"


def test_an_empty_folder_is_no_problem_and_a_missing_one_is(tmp_path: Path) -> None:
    watches = Watchlist([Root(tmp_path), Root(tmp_path / "missing")], None, None)
    watches.look()
    assert [problem.path for problem in watches.problems] == [str(tmp_path / "missing")]


def test_sample_runs_are_listed_as_they_are() -> None:
    told = 0
    for ref in discover([Root(SAMPLES)]).runs:
        if (listed := list_run(ref)) is not None:
            watch = RunWatch(ref, None, with_rules=False)
            while watch.read(UNBOUNDED)[1]:
                pass
            assert_is_so(listed, watch.refresh(2e9, live=True))
            told += 1
    assert told
