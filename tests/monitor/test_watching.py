from __future__ import annotations

import json
from pathlib import Path

from tuimon.analysis.status import Status
from tuimon.monitor.watching import RunWatch
from tuimon.sources.base import ReadBudget
from tuimon.sources.discovery import discover
from tuimon.sources.naming import Root

SAMPLES = Path(__file__).parents[2] / "sample_runs"


def test_what_was_not_read_yet_is_no_silence_of_the_run() -> None:
    (ref,) = discover([Root(SAMPLES / "overfit")]).runs
    watch = RunWatch(ref, None, with_rules=True)
    rules: set[str] = set()
    for _ in range(10):
        watch.read(ReadBudget(max_bytes=2048))
        while watch.judge.extend(watch.view):
            pass
        newest = max(float(series.wall_times[-1]) for series in watch.view.series.values())
        # The clock is hours ahead of the few lines that were read.
        state = watch.refresh(newest + 4 * 3600, live=True, process_alive=True)
        rules |= {finding.rule for finding in state.findings}
    assert watch.behind
    assert "stalled" not in rules


def test_a_run_that_was_read_to_its_end_and_is_silent_is_stalled(tmp_path: Path) -> None:
    lines = (SAMPLES / "overfit" / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "metrics.jsonl").write_text("".join(lines[:200]), encoding="utf-8")
    (ref,) = discover([Root(tmp_path)]).runs
    watch = RunWatch(ref, None, with_rules=True)
    while watch.read(ReadBudget(max_bytes=2048))[1] or watch.judge.extend(watch.view):
        pass
    newest = max(float(series.wall_times[-1]) for series in watch.view.series.values())
    state = watch.refresh(newest + 4 * 3600, live=True, process_alive=True)
    assert "stalled" in {finding.rule for finding in state.findings}


def test_a_run_that_failed_long_ago_failed_when_it_was_last_heard_of(tmp_path: Path) -> None:
    lines = (SAMPLES / "overfit" / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    failed = json.dumps({"step": 230, "event": "failed"})
    (tmp_path / "metrics.jsonl").write_text("".join(lines[:200]) + failed + "\n", encoding="utf-8")
    (ref,) = discover([Root(tmp_path)]).runs
    watch = RunWatch(ref, None, with_rules=True)
    while watch.read(ReadBudget(max_bytes=2048))[1] or watch.judge.extend(watch.view):
        pass
    newest = max(float(series.wall_times[-1]) for series in watch.view.series.values())
    state = watch.refresh(newest + 30 * 86400, live=True)
    assert state.status is Status.FAILED
    assert [f.time for f in state.findings if f.rule == "crashed"] == [newest]
