from __future__ import annotations

from pathlib import Path

import pytest

from tuimon.analysis.findings.finding import Finding
from tuimon.monitor.once import read_once
from tuimon.monitor.replay import Replay
from tuimon.monitor.snapshot import RunState
from tuimon.sources.naming import Root

SAMPLES = Path(__file__).parents[2] / "sample_runs"
NAMES = ("diverged", "healthy", "huggingface", "overfit", "resumed")


def load(name: str) -> RunState:
    (state,) = read_once([Root(SAMPLES / name)], with_rules=True).runs
    return state


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str, int | None, str]]:
    return [(f.rule, f.series, f.step, f.message) for f in findings]


def counts(state: RunState) -> dict[str, int]:
    return {tag: len(series) for tag, series in state.run.series.items()}


@pytest.mark.parametrize("name", NAMES)
def test_replay_to_the_end_gives_every_point_and_the_findings_of_a_check(name: str) -> None:
    whole = load(name)
    replay = Replay(whole)
    replay.seek_fraction(1.0)
    (played,) = replay.snapshot.runs
    assert counts(played) == counts(whole)
    # As text, since a time that is not known is NaN, which equals nothing.
    assert repr(played.run.attempts) == repr(whole.run.attempts)
    assert told(played.findings) == told(whole.findings)
    assert played.status == whole.status


@pytest.mark.parametrize("name", ["diverged", "resumed", "overfit"])
def test_findings_appear_at_their_steps(name: str) -> None:
    whole = load(name)
    assert whole.findings
    for finding in whole.findings:
        assert finding.step is not None
        before, after = Replay(whole), Replay(whole)
        # Time before the finding's own line: nothing of it is known yet; with that line it is.
        before.seek_time(finding.time - 0.01)
        after.seek_time(finding.time)
        assert told((finding,))[0] not in told(before.snapshot.runs[0].findings)
        assert told((finding,))[0] in told(after.snapshot.runs[0].findings)


def test_small_moves_give_what_one_large_move_gives() -> None:
    whole = load("diverged")
    large, small = Replay(whole), Replay(whole)
    large.seek_fraction(0.97)
    for percent in range(98):
        small.seek_fraction(percent / 100)
    assert told(small.snapshot.runs[0].findings) == told(large.snapshot.runs[0].findings)


def test_going_back_forgets_what_has_not_happened_yet() -> None:
    replay = Replay(load("diverged"))
    replay.seek_fraction(1.0)
    assert replay.snapshot.runs[0].findings
    replay.seek_fraction(0.1)
    (early,) = replay.snapshot.runs
    assert not early.findings
    assert early.status.live
    assert max(len(series) for series in early.run.series.values()) < 50


def test_controls() -> None:
    replay = Replay(load("overfit"), speed=20.0, from_step=100)
    start = replay.snapshot.playback
    assert start is not None
    assert (start.speed, start.step, start.paused) == (20.0, 100, False)
    replay.step(1)
    stepped = replay.snapshot.playback
    assert stepped is not None
    assert (stepped.step, stepped.paused) == (101, True)
    replay.step(-2)
    replay.set_speed(40.0)
    slower = replay.snapshot.playback
    assert slower is not None
    assert (slower.step, slower.speed) == (99, 40.0)
    replay.seek_step(300)
    replay.toggle_pause()
    there = replay.snapshot.playback
    assert there is not None
    assert (there.step, there.paused) == (300, False)


def test_the_default_speed_plays_the_whole_run_in_a_minute() -> None:
    playback = Replay(load("healthy")).snapshot.playback
    assert playback is not None
    assert (playback.end - playback.start) / playback.speed == pytest.approx(60.0)


def test_a_format_without_times_is_paced_by_its_steps() -> None:
    replay = Replay(load("huggingface"))
    replay.seek_fraction(0.5)
    playback = replay.snapshot.playback
    assert playback is not None
    assert playback.step == pytest.approx(300, abs=5)


def test_down_time_is_short_in_a_replay() -> None:
    whole = load("resumed")
    times = next(iter(whole.run.series.values())).wall_times
    playback = Replay(whole).snapshot.playback
    assert playback is not None
    # The run was down for 13 and for 43 minutes.
    assert playback.end - playback.start < float(times[-1] - times[0]) - 50 * 60
