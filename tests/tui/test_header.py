"""Alive? How far? When done? Anything wrong? The answer fits in 80 columns."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from tests.tui.states import NOW, batch, live_state, make_state, sample_snapshot, sample_state, snapshot_of
from tuimon.analysis.progress import EtaState, Progress
from tuimon.analysis.status import Status
from tuimon.charts.style import Glyphs
from tuimon.core.process import RunProcess
from tuimon.monitor.snapshot import Playback, RunState
from tuimon.tui.panes.header import eta_text, header_rows
from tuimon.tui.rows import row_width


def lines(state: RunState | None, width: int = 80, height: int = 2, glyphs: Glyphs = "braille") -> list[str]:
    snapshot = snapshot_of(*([] if state is None else [state]))
    rows = header_rows(snapshot, state, width, height, glyphs)
    assert [row_width(row) for row in rows] == [width] * height
    return ["".join(text for text, _ in row) for row in rows]


def test_a_live_run_in_80_columns() -> None:
    first, second = lines(live_state())
    for answer in ("● llama-sft-7 RUNNING", "600/1200", "50.0%", "ETA 20m", "2 s/it"):
        assert answer in first
    for answer in ("loss 1.237", "eval 1.287", "lr ", "no open finding"):
        assert answer in second


def test_a_run_that_the_rules_have_not_seen_yet_is_not_called_fine() -> None:
    _, second = lines(replace(live_state(), checked=False, checked_step=None))
    assert "not checked yet" in second
    _, second = lines(replace(live_state(), checked=False, checked_step=300))
    assert "checked to step 300" in second
    assert "no open finding" not in second


def test_a_live_run_whose_newest_line_is_not_judged_yet_counts_as_checked() -> None:
    _, second = lines(replace(live_state(), checked=False, checked_step=599))
    assert "no open finding" in second


def test_a_failed_run_in_80_columns_says_what_is_wrong() -> None:
    first, second = lines(sample_state("diverged"))
    for answer in ("✗ diverged FAILED", "339/600", "56.5%"):
        assert answer in first
    assert "loss NaN" in second
    assert "! 1 open: divergence, then " in second


@pytest.mark.parametrize("name", ["healthy", "overfit", "diverged", "resumed", "huggingface"])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_every_sample_run_says_status_steps_percent_loss_and_findings(name: str, width: int) -> None:
    state = sample_state(name)
    first, second = lines(state, width)
    assert name in first
    assert state.status.upper() in first
    assert f"{state.progress.step}/{state.progress.total_steps}" in first
    assert "%" in first
    assert "loss " in second
    assert "finding" in second or "open: " in second


@pytest.mark.parametrize("width", [1, 7, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_every_width_is_exact(width: int, glyphs: Glyphs) -> None:
    for state in sample_snapshot().runs:
        for line in lines(state, width, glyphs=glyphs):
            assert line.isascii() or glyphs == "braille"


def test_40_columns_still_say_status_and_steps() -> None:
    first, second = lines(sample_state("diverged"), 40)
    assert "FAILED" in first
    assert "339/600" in first
    assert "! 1 open" in second


def test_a_resumed_run_says_its_attempt() -> None:
    assert "attempt 3" in lines(sample_state("resumed"), 120)[1]


def test_a_run_that_is_still_being_read_says_so() -> None:
    assert "read 25.0%" in lines(replace(live_state(), loaded=0.25), 120)[1]


def test_speed_in_tokens_where_it_is_logged() -> None:
    state = live_state()
    fast = replace(state, progress=replace(state.progress, tokens_per_s=17_200.0))
    assert "17.2k tok/s" in lines(fast, 160)[1]


@pytest.mark.parametrize(
    ("eta_state", "text"),
    [
        (EtaState.ESTIMATING, "ETA estimating"),
        (EtaState.NO_TOTAL, "ETA no total"),
        (EtaState.STALLED, "ETA stalled"),
    ],
)
def test_an_eta_that_is_not_known_says_why(eta_state: EtaState, text: str) -> None:
    assert eta_text(Progress(eta_state=eta_state), Status.RUNNING, NOW) == text


def test_an_eta_stands_still_in_a_pause_and_is_still_shown() -> None:
    paused = Progress(eta_s=600.0, finish_time=NOW + 600, eta_state=EtaState.PAUSED)
    assert eta_text(paused, Status.RUNNING, NOW) == "ETA 10m00s paused"
    evaluating = replace(paused, evaluating=True)
    assert eta_text(evaluating, Status.RUNNING, NOW) == "ETA 10m00s paused (evaluation)"


def test_the_eta_says_how_long_how_sure_and_the_clock() -> None:
    known = Progress(
        eta_s=600.0, eta_low_s=540.0, eta_high_s=660.0, finish_time=NOW + 600, eta_state=EtaState.KNOWN
    )
    assert eta_text(known, Status.RUNNING, NOW) == "ETA 10m00s ±1m00s (12:10)"
    assert (
        eta_text(replace(known, eta_low_s=599.0, eta_high_s=601.0), Status.RUNNING, NOW)
        == "ETA 10m00s (12:10)"
    )


def test_a_run_that_ended_has_no_eta() -> None:
    assert eta_text(Progress(eta_s=5.0, eta_state=EtaState.KNOWN), Status.DONE, NOW) == ""
    assert "ETA" not in lines(sample_state("healthy"))[0]


def test_a_replay_says_where_it_is() -> None:
    state = sample_state("diverged")
    playback = Playback(20.0, paused=True, position=25.0, start=0.0, end=100.0, step=80)
    snapshot = snapshot_of(state, playback=playback)
    first = "".join(text for text, _ in header_rows(snapshot, state, 100, 2, "braille")[0])
    assert "paused 20x 25.0%" in first


def test_without_a_run_it_says_what_is_waited_for() -> None:
    assert "waiting for runs in outputs" in lines(None)[0]


def test_a_long_name_is_shortened_and_nothing_else_is_lost() -> None:
    first, _ = lines(replace(live_state(), name="experiments/2026/" + "very-long-name-" * 9))
    assert "~" in first
    assert "RUNNING" in first
    assert "600/1200" in first
    assert "ETA" in first


def test_a_run_without_total_says_its_step_alone() -> None:
    steps = batch("loss", [2.0, 1.5, 1.0])
    first, _ = lines(make_state([steps]))
    assert " 3 " in first
    assert "%" not in first


def test_a_loss_of_nan_is_written_out() -> None:
    assert "loss NaN" in lines(make_state([batch("loss", [1.0, math.nan])]))[1]


def test_a_job_that_ends_too_early_is_told_and_one_that_suffices_is_not() -> None:
    state = live_state()
    finish = state.progress.finish_time
    assert finish is not None
    for ends, told in ((finish - 1800.0, True), (finish + 1800.0, False)):
        process = RunProcess(4711, job_end_time=ends)
        second = lines(replace(state, process=process))[1]
        assert ("will not finish" in second) is told


def test_a_process_that_was_stopped_is_told() -> None:
    state = live_state()
    for process, told in ((RunProcess(4711, suspended=True), True), (RunProcess(4711), False)):
        assert ("process suspended" in lines(replace(state, process=process))[1]) is told


def test_a_deadline_that_was_given_counts_before_that_of_the_job_and_is_told_in_any_case() -> None:
    state = live_state()
    finish = state.progress.finish_time
    assert finish is not None
    state = replace(state, process=RunProcess(4711, job_end_time=finish + 9000.0))
    told = {}
    for spare in (-1800.0, 1800.0):
        rows = header_rows(snapshot_of(state), state, 120, 2, "braille", deadline=finish + spare)
        told[spare] = "".join(text for text, _ in rows[1])
    assert re.search(r"deadline \d\d:\d\d: will not finish", told[-1800.0])
    assert re.search(r"deadline \d\d:\d\d: in time", told[1800.0])


def test_a_run_without_steps_says_none() -> None:
    assert " - " not in lines(make_state([]))[0]
