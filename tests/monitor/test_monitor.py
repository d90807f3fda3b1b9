from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.commands import SAMPLE_NAMES, SAMPLES
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
from tuimon.analysis.status import Status
from tuimon.core.hardware import HardwareSample, HostSample
from tuimon.monitor.monitor import Monitor
from tuimon.monitor.publisher import Gate
from tuimon.monitor.snapshot import RunState
from tuimon.monitor.turns import in_turn
from tuimon.monitor.watching import RunWatch
from tuimon.monitor.watchlist import Watchlist
from tuimon.sources import sketch
from tuimon.sources.base import UNBOUNDED, ReadBudget, ReadResult
from tuimon.sources.jsonl import JsonlSource
from tuimon.sources.naming import Root
from tuimon.store.run import HARDWARE_STREAM


def own_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("tuimon-")}


def test_before_the_start_the_snapshot_lists_and_holds_nothing(tmp_path: Path) -> None:
    snapshot = Monitor([Root(tmp_path)]).snapshot
    assert snapshot.listing
    assert (snapshot.revision, snapshot.runs, snapshot.roots) == (0, (), (tmp_path,))


def test_all_runs_are_read_whole_with_the_findings_of_a_check() -> None:
    with watching(SAMPLES) as monitor:
        listed = wait_for(monitor, lambda s: not s.listing)
        assert {run.name for run in listed.runs} == set(SAMPLE_NAMES)
        ready = wait_for(monitor, lambda s: len(state_of(s, "resumed").findings) == 2)
        assert points(ready, "resumed", "train/loss") == 798
        wait_for(monitor, lambda s: len(state_of(s, "diverged").findings) >= 4)
        wait_for(monitor, lambda s: all(run.loaded == 1.0 for run in s.runs))
        assert state_of(wait_until_quiet(monitor), "healthy").findings == ()


def test_new_points_and_new_runs_are_published(tmp_path: Path) -> None:
    path = write(tmp_path / "a" / "metrics.jsonl", rows(range(10)))
    with watching(tmp_path) as monitor:
        before = wait_for(monitor, lambda s: points(s, "a") == 10)
        write(path, rows(range(10, 25)), mode="a")
        after = wait_for(monitor, lambda s: points(s, "a") == 25)
        assert after.revision > before.revision
        write(tmp_path / "b" / "metrics.jsonl", rows(range(5)))
        wait_for(monitor, lambda s: points(s, "b") == 5)
        # What was published stays as it was.
        assert points(before, "a") == 10
        assert before.run("b") is None


def test_every_change_wakes_the_screen_in_the_thread_that_made_it(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", rows(range(10)))
    woken: list[str] = []
    monitor = Monitor([Root(tmp_path)])
    monitor.subscribe(lambda: woken.append(threading.current_thread().name))
    monitor.start()
    wait_for(monitor, lambda s: points(s, "a") == 10)
    monitor.stop()
    assert set(woken) == {"tuimon-reader"}
    assert len(woken) == monitor.snapshot.revision


def test_without_a_live_run_nothing_is_published(tmp_path: Path) -> None:
    write(tmp_path / "old.jsonl", rows(range(50)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "old") == 50 and state_of(s, "old").checked)
        still = wait_until_quiet(monitor)
        assert not still.live
        # Longer than the next look for new files, and than the refresh of a live run.
        time.sleep(2.5)
        assert monitor.snapshot is still


def test_with_a_live_run_ages_go_on(tmp_path: Path) -> None:
    write(tmp_path / "now.jsonl", rows(range(50), start=time.time() - 49))
    with watching(tmp_path) as monitor:
        first = wait_for(monitor, lambda s: s.live and points(s, "now") == 50)
        assert state_of(first, "now").status is Status.RUNNING
        later = wait_for(monitor, lambda s: s.now > first.now + 1)
        assert points(later, "now") == 50


def test_a_recorded_end_makes_a_live_run_done(tmp_path: Path) -> None:
    start = time.time() - 49
    path = write(tmp_path / "now.jsonl", rows(range(50), start=start))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: s.live)
        write(path, [{"event": "finished", "step": 50, "time": start + 50}], mode="a")
        wait_for(monitor, lambda s: state_of(s, "now").status is Status.DONE)


def raise_once(error: Exception, then: Callable[..., Any]) -> Callable[..., Any]:
    waiting = [error]

    def call(*arguments: object, **named: object) -> object:
        if waiting:
            raise waiting.pop()
        return then(*arguments, **named)

    return call


def test_an_error_while_reading_becomes_a_problem_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.jsonl", rows(range(10)))
    write(tmp_path / "b.jsonl", rows(range(20)))
    monkeypatch.setattr(JsonlSource, "read", raise_once(RuntimeError("out of luck"), JsonlSource.read))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: says(s, "RuntimeError: out of luck", "tried again"))
        told = wait_for(monitor, lambda s: points(s, "a") == 10 and points(s, "b") == 20)
        # What is over is told no longer.
        assert not says(told, "out of luck")
        assert own_threads() == {"tuimon-reader", "tuimon-sampler"}


def test_a_run_that_cannot_be_read_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.jsonl", rows(range(10)))
    read = RunWatch.read

    def read_or_fail(watch: RunWatch, budget: ReadBudget, *, settle: bool = True) -> tuple[bool, bool]:
        if watch.name == "b":
            raise RuntimeError("never works")
        return read(watch, budget, settle=settle)

    monkeypatch.setattr(RunWatch, "read", read_or_fail)
    with watching(tmp_path) as monitor:
        told = wait_for(monitor, lambda s: points(s, "a") == points(s, "c") == 10 and says(s, "never works"))
        assert told.run("b") is not None
        wait_until_quiet(monitor)


def test_a_run_that_cannot_be_judged_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.jsonl", rows(range(10)))
    refresh = RunWatch.refresh

    def refresh_or_fail(
        watch: RunWatch, now: float, *, live: bool, process_alive: bool | None = None
    ) -> object:
        if watch.name == "b":
            raise ZeroDivisionError("never works")
        return refresh(watch, now, live=live, process_alive=process_alive)

    monkeypatch.setattr(RunWatch, "refresh", refresh_or_fail)
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == points(s, "c") == 10 and says(s, "never works"))
        wait_until_quiet(monitor)


def test_a_sampler_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    class Probe:
        calls = 0

        def sample(self, wall_time: float) -> HardwareSample:
            Probe.calls += 1
            raise OSError(f"no sensor at {wall_time:.0f}")

        def close(self) -> None:
            pass

    write(tmp_path / "a.jsonl", rows(range(10)))
    monitor = Monitor([Root(tmp_path)], probe=Probe())
    monitor.start()
    wait_for(monitor, lambda s: says(s, "tuimon sampler", "no sensor") and points(s, "a") == 10)
    wait_for(monitor, lambda _: Probe.calls > 1)
    monitor.stop()


def test_a_run_that_is_still_being_read_gets_no_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file changed a moment ago, so that it looks alive until its end, long past, is read."""

    class Probe:
        calls = 0

        def sample(self, wall_time: float) -> HardwareSample:
            Probe.calls += 1
            disk = HostSample(disk_path="/", disk_used_bytes=99, disk_free_bytes=1)
            return HardwareSample(wall_time, host=disk)

        def close(self) -> None:
            pass

    def read_when_sampled(source: JsonlSource, budget: ReadBudget) -> ReadResult:
        return read(source, budget) if Probe.calls > 1 else ReadResult(more=True)

    read = JsonlSource.read
    monkeypatch.setattr(JsonlSource, "read", read_when_sampled)
    write(tmp_path / "a.jsonl", rows(range(10)))
    monitor = Monitor([Root(tmp_path)], probe=Probe())
    monitor.start()
    wait_for(monitor, lambda s: points(s, "a") == 10)
    run = state_of(wait_until_quiet(monitor), "a")
    monitor.stop()
    assert not run.status.live
    assert (run.findings, HARDWARE_STREAM in {s.stream for s in run.run.series.values()}) == ((), False)


class DiskProbe:
    """A sensor that always says the same."""

    def sample(self, wall_time: float) -> HardwareSample:
        return HardwareSample(
            wall_time, host=HostSample(disk_path="/", disk_used_bytes=99, disk_free_bytes=1)
        )

    def close(self) -> None:
        """Hold nothing."""


def test_samples_wait_for_the_step_that_they_belong_to(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", rows(range(10), start=time.time() - 10))
    monitor = Monitor([Root(tmp_path)], probe=DiskProbe())
    monitor._watches.look()
    (watch,) = monitor._watches
    watch.read(ReadBudget())
    monitor._sampling.sample(live=True)
    watch.refresh(time.time(), live=True)
    watch.state = None
    monitor._give_hardware()
    assert monitor._sampling.has_fresh
    watch.refresh(time.time(), live=True)
    monitor._give_hardware()
    assert not monitor._sampling.has_fresh
    assert watch.view.series["disk.used_pct"].steps.tolist() == [9]


def test_what_sensors_say_is_judged_when_it_is_shown(tmp_path: Path) -> None:
    seen: dict[int, RunState] = {}

    def note() -> None:
        state = monitor.snapshot.run("a")
        if state is not None and (count := points(monitor.snapshot, "a", "disk.used_pct")):
            seen.setdefault(count, state)

    write(tmp_path / "a.jsonl", rows(range(10), start=time.time() - 10))
    monitor = Monitor([Root(tmp_path)], probe=DiskProbe())
    monitor.subscribe(note)
    monitor.start()
    wait_for(monitor, lambda s: points(s, "a", "disk.used_pct") >= 2)
    monitor.stop()
    assert all(state.checked for state in seen.values())
    samples = state_of(monitor.snapshot, "a").run.series["disk.used_pct"]
    assert samples.steps.tolist() == [9] * len(samples)


def test_stop_ends_all_threads_soon_and_start_happens_once(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    write(tmp_path / "a.jsonl", rows(range(1000)))
    monitor = Monitor([Root(tmp_path)])
    monitor.start()
    monitor.start()
    wait_for(monitor, lambda s: points(s, "a") == 1000)
    assert len([thread for thread in threading.enumerate() if thread.name == "tuimon-reader"]) == 1
    started = time.monotonic()
    monitor.stop()
    assert time.monotonic() - started < 5
    assert set(threading.enumerate()) <= before


def test_the_gate_holds_the_reader_and_lets_it_go_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(10)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        wait_until_quiet(monitor)
        monitor.gate.close(longest_s=60.0)
        write(path, rows(range(10, 20)), mode="a")
        time.sleep(1.0)
        assert points(monitor.snapshot, "a") == 10
        monitor.gate.open()
        wait_for(monitor, lambda s: points(s, "a") == 20)


def test_a_forgotten_gate_opens_by_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rows(range(10)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        monitor.gate.close()
        write(path, rows(range(10, 20)), mode="a")
        wait_for(monitor, lambda s: points(s, "a") == 20)
        wait_for(monitor, lambda _: monitor.gate._open.is_set())


def test_who_closes_a_closed_gate_does_not_make_anybody_go_on_sooner() -> None:
    gate, passed = Gate(), threading.Event()
    gate.close(60.0)
    gate.close(0.0)

    def read() -> None:
        gate.pass_through()
        passed.set()

    threading.Thread(target=read, daemon=True).start()
    assert not passed.wait(0.1)
    gate.open()
    assert passed.wait(30.0)
    gate.close(0.0)
    gate.pass_through()


def test_without_watchdog_polling_sees_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def import_without_watchdog(
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> object:
        if name.startswith("watchdog"):
            raise ImportError(name)
        return real_import(name, globals_, locals_, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", import_without_watchdog)
    path = write(tmp_path / "a.jsonl", rows(range(10)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: points(s, "a") == 10)
        write(path, rows(range(10, 20)), mode="a")
        wait_for(monitor, lambda s: points(s, "a") == 20)
        assert not [thread for thread in threading.enumerate() if "inotify" in thread.name.lower()]


def test_the_open_run_is_read_first(tmp_path: Path) -> None:
    for index in range(20):
        write(tmp_path / f"run{index:02d}.jsonl", rows(range(10)))
    watches = Watchlist([Root(tmp_path)], None, None)
    watches.look()
    assert in_turn(watches, "run07", list_first=False, may_judge=True)[0].name == "run07"


def test_when_the_rest_of_a_training_appears_its_parts_become_one_run(tmp_path: Path) -> None:
    """Hugging Face writes `runs/<date_host>/` at the start, and the first checkpoint much later."""
    out = tmp_path / "out"
    board = out / "runs" / "Nov21_10-00-00_node1"
    source = SAMPLES / "healthy" / "events.out.tfevents.1772442000.sample.0"
    board.mkdir(parents=True)
    (board / source.name).write_bytes(source.read_bytes())
    with watching(out) as monitor:
        early = wait_for_points(monitor, "runs/Nov21_10-00-00_node1", 873, "Training/Loss")
        assert early.formats == ("tfevents",)
        checkpoint = out / "checkpoint-100"
        checkpoint.mkdir()
        state = SAMPLES / "huggingface" / "checkpoint-100" / "trainer_state.json"
        (checkpoint / state.name).write_bytes(state.read_bytes())
        merged = wait_for(
            monitor, lambda s: points(s, "out", "Training/Loss") == 873 and len(s.runs) == 1, hurry=True
        )
        assert set(state_of(merged, "out").formats) == {"tfevents", "hf"}


def test_many_runs_are_all_read(tmp_path: Path) -> None:
    for index in range(120):
        write(tmp_path / f"run{index:03d}" / "metrics.jsonl", rows(range(20)))
    with watching(tmp_path) as monitor:
        wait_for(monitor, lambda s: len(s.runs) == 120 and all(points(s, r.name) == 20 for r in s.runs))


def test_this_machines_samples_go_to_the_one_live_run() -> None:
    """Covered with real sensors in tests/hardware; here only that no finished run gets any."""
    with watching(SAMPLES / "overfit") as monitor:
        wait_for(monitor, lambda s: points(s, "overfit", "train/loss") == 480)
        assert wait_until_quiet(monitor).hardware == ()


def test_a_large_file_is_sketched_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, held = JsonlSource.read, threading.Event()

    def read_when_let(source: JsonlSource, budget: ReadBudget) -> ReadResult:
        # The thin copy of a sketch is read in one go.
        return read(source, budget) if budget == UNBOUNDED or held.is_set() else ReadResult(more=True)

    monkeypatch.setattr(JsonlSource, "read", read_when_let)
    monkeypatch.setattr(sketch, "LARGE_BYTES", 100_000)
    monkeypatch.setattr(sketch, "_WINDOW_BYTES", 400)
    write(tmp_path / "a.jsonl", rows(range(5000)))
    with watching(tmp_path) as monitor:
        drawn = state_of(wait_for(monitor, lambda s: bool(points(s, "a"))), "a")
        assert drawn.sketched
        assert not drawn.findings
        assert drawn.progress.step == 4999
        assert 100 < len(drawn.run.series["loss"]) < 5000
        held.set()
        whole = state_of(wait_for(monitor, lambda s: points(s, "a") == 5000), "a")
        assert not whole.sketched


def test_a_run_is_judged_and_memory_goes_back_behind_the_picture_of_all_its_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    monkeypatch.setattr("tuimon.monitor.reading.give_back_freed_memory", lambda: given.append(1))
    monkeypatch.setattr("tuimon.monitor.reading.BLOCK_BYTES", 100_000)
    monkeypatch.setattr(sketch, "LARGE_BYTES", 100_000)
    monkeypatch.setattr(sketch, "_WINDOW_BYTES", 400)
    monkeypatch.setattr("tuimon.monitor.monitor._FIRST_PICTURE_S", 60.0)
    monkeypatch.setattr("tuimon.monitor.monitor._WHOLE_PICTURE_S", 60.0)
    write(tmp_path / "a.jsonl", rows(range(5000)))
    monitor = Monitor([Root(tmp_path)], for_screen=True)
    monitor.focus("a")
    monitor.start()
    try:
        wait_for(monitor, lambda s: bool(points(s, "a")) and not monitor.gate._open.is_set())
        monitor.gate.open()
        wait_for(monitor, lambda s: not state_of(s, "a").sketched)
        assert not monitor.gate._open.is_set()
        wait_until_quiet(monitor)
        assert state_of(monitor.snapshot, "a").checked_step is None
        assert not given
        monitor.gate.open()
        wait_for(monitor, lambda s: state_of(s, "a").checked_step == 4999)
        assert given == [1]
    finally:
        monitor.stop()


def test_beyond_the_memory_limit_older_points_fold_and_extremes_stay(tmp_path: Path) -> None:
    count = 60_000
    path = write(tmp_path / "a.jsonl", rows(range(count)))
    write(path, [{"step": count, "time": 1.7e9 + count, "loss": -5.0}], mode="a")
    monitor = Monitor([Root(tmp_path)], memory_limit_bytes=300_000)
    monitor.start()
    wait_for(monitor, lambda s: points(s, "a") > 0 and state_of(s, "a").loaded == 1.0)
    series = state_of(wait_until_quiet(monitor), "a").run.series["loss"]
    monitor.stop()
    assert len(series) < count / 2
    assert series.statistics.count == count + 1
    assert (series.statistics.minimum, series.statistics.maximum) == (-5.0, 1.0)
