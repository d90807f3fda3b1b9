"""Live, in a replay and looked back on, a run has the same findings."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from tests.commands import SAMPLE_NAMES, SAMPLES
from tuimon.analysis.findings.finding import Finding
from tuimon.monitor.once import data_time, read_once
from tuimon.monitor.replay import Replay
from tuimon.monitor.snapshot import RunState
from tuimon.monitor.watching import RunWatch
from tuimon.sources.base import ReadBudget
from tuimon.sources.discovery import Discoverer
from tuimon.sources.naming import Root


def looked_back_on(path: Path) -> RunState:
    (state,) = read_once([Root(path, None)], with_rules=True).runs
    return state


def replayed(state: RunState, stops: int) -> tuple[Finding, ...]:
    feed = Replay(state)
    for stop in range(1, stops + 1):
        feed.seek_fraction(stop / stops)
    (shown,) = feed.snapshot.runs
    return shown.findings


def watched(path: Path, slice_rows: int) -> tuple[Finding, ...]:
    """Read a run in small slices, as the reader's thread does, and judge each at the time of its data."""
    (ref,) = Discoverer().discover([Root(path, None)]).runs
    watch = RunWatch(ref, None, with_rules=True)
    more = True
    while more:
        _, more = watch.read(ReadBudget(max_bytes=4096))
        while watch.judge.extend(watch.view, slice_rows):
            pass
        watch.refresh(data_time(watch.view), live=True)
    watch.reading.close()
    assert watch.state is not None
    return watch.state.findings


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_replay_finds_what_a_look_back_finds(name: str) -> None:
    state = looked_back_on(SAMPLES / name)
    assert repr(replayed(state, 13)) == repr(state.findings)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_run_that_is_watched_while_it_grows_has_the_findings_of_a_look_back(name: str) -> None:
    assert repr(watched(SAMPLES / name, 50)) == repr(looked_back_on(SAMPLES / name).findings)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_run_that_is_judged_a_few_points_at_a_time_has_the_same_findings(name: str) -> None:
    whole = looked_back_on(SAMPLES / name).findings
    with mock.patch("tuimon.monitor.judging._READ_POINTS", 40):
        assert repr(looked_back_on(SAMPLES / name).findings) == repr(whole)
