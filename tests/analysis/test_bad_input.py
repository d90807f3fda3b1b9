"""Whatever a log holds, nothing here raises or warns (warnings are errors)."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.analysis.logged_lines import Line, run_of
from tests.analysis.measuring import measure_progress
from tuimon.analysis.best import best_value
from tuimon.analysis.derived import DerivedSeries
from tuimon.analysis.epochs import epoch_statistics
from tuimon.analysis.eta import trace_eta
from tuimon.analysis.smoothing import SMOOTHING_CYCLE, SmoothedSeries
from tuimon.analysis.status import Evidence, decide_status
from tuimon.analysis.totals import find_totals
from tuimon.analysis.trend import loss_trend

NUMBERS = st.floats() | st.sampled_from([0.0, 1.0, 2.5, math.nan, math.inf, 1e308, -1e308, 5e-324])
TIMES = st.floats() | st.floats(1.7e9, 1.8e9) | st.sampled_from([math.nan, 0.0, 1.7e9])
STEPS = st.integers(-(2**62), 2**62) | st.integers(0, 50)
TAGS = st.sampled_from(
    ["loss", "eval_loss", "epoch", "train/lr", "num_tokens", "percentage", "total_steps", "accuracy"]
) | st.sampled_from(
    [
        "Config/epochs",
        "train_runtime",
        "elapsed_time",
        "reward",
        "tokens_per_second",
        "proc.alive",
        "convergence",
    ]
)
LINES = st.lists(
    st.builds(
        lambda step, time, values: {"step": step, "time": time, **values},
        STEPS,
        TIMES,
        st.dictionaries(TAGS, NUMBERS, min_size=1, max_size=4),
    ),
    max_size=30,
)
CONFIG = st.dictionaries(
    st.sampled_from(
        ["max_steps", "num_train_epochs", "steps_per_epoch", "a.epochs", "best_model_checkpoint", ""]
    ),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
)


# A counter that rises by more than the largest number, at once and bit by bit.
_LEAPING: list[Line] = [
    {"step": 0, "time": 0.0, "loss": 0.0, "num_tokens": -1e308},
    {"step": 1, "time": 1.0, "loss": 0.0, "train_runtime": 1.0},
    {"step": 2, "time": 2.0, "loss": 0.0, "num_tokens": 1e308},
]
_SHORT: list[Line] = [{"step": 0, "time": 0.0, "loss": 0.0}] * 3
_RISING: list[Line] = [*_LEAPING[:2], {"step": 1, "time": 1.0, "num_tokens": 0.0}, _LEAPING[2]]


@settings(max_examples=50)
@given(lines=LINES, other=LINES, config=CONFIG, total=st.none() | st.integers(-5, 10**18), now=TIMES)
@example(lines=[], other=_LEAPING, config={}, total=None, now=0.0)
@example(lines=[], other=_RISING, config={}, total=None, now=0.0)
@example(lines=[*_SHORT, _LEAPING[0]], other=[{**_LEAPING[2], **_SHORT[0]}], config={}, total=None, now=0.0)
def test_nothing_raises(
    lines: list[Line], other: list[Line], config: dict[str, str | float | None], total: int | None, now: float
) -> None:
    run = run_of(lines, other_stream=other, config=config)
    totals = find_totals(run, total)
    progress = measure_progress(run, now, totals)
    for live in (True, False):
        status = decide_status(Evidence.of(run, progress, now=now, live=live, changed_at=now))
        measure_progress(run, now, totals, status)
    fraction = progress.fraction
    assert fraction is None or 0 <= fraction <= 1
    assert progress.eta_s is None or progress.eta_s >= 0
    trend = loss_trend(run)
    assert trend is None or 0 <= trend.convergence <= 1
    assert len(list(trace_eta(run, total))) >= 0
    epoch_statistics(run)
    best_value(run)
    derived = DerivedSeries().update(run)
    for smoothing in SMOOTHING_CYCLE:
        for series in derived.series.values():
            if len(series):
                assert len(SmoothedSeries(smoothing).update(series)) == len(series)


def test_times_without_an_end_last_no_epoch() -> None:
    lines: list[Line] = [
        {"step": step, "time": math.inf, "loss": 1.0, "epoch": step / 2} for step in range(4)
    ]
    assert all(epoch.elapsed_s is None for epoch in epoch_statistics(run_of(lines)))
