"""Which series stand for a run, and which of them are read smoothed."""

from __future__ import annotations

import pytest

from tests.tui.states import scalar_state
from tuimon.analysis.charted import by_chart, is_noisy, main_series, telling_series

FALLING = [3.0, 2.0, 1.5, 1.2]


@pytest.mark.parametrize(
    ("tags", "telling", "main"),
    [
        (("eval_loss", "reward", "train_loss"), "train_loss", "train_loss"),
        (("custom", "accuracy"), "accuracy", "accuracy"),
        (("gpu.0.util", "custom", "other"), None, "custom"),
        (("gpu.0.util",), None, None),
        (("_runtime", "custom"), None, "custom"),
    ],
)
def test_what_stands_for_a_run(tags: tuple[str, ...], telling: str | None, main: str | None) -> None:
    run = scalar_state(dict.fromkeys(tags, FALLING)).run
    assert [None if s is None else s.tag for s in (telling_series(run), main_series(run))] == [telling, main]


def test_only_noisy_measurements_are_smoothed() -> None:
    run = scalar_state(
        dict.fromkeys(["loss", "eval_loss", "learning_rate", "tokens_seen", "gpu.0.util"], FALLING)
    ).run
    assert [tag for tag, series in run.series.items() if is_noisy(series)] == ["loss"]


def test_sensors_and_second_metrics_of_one_spelling_have_charts_of_their_own() -> None:
    run = scalar_state(dict.fromkeys(["loss", "train/loss", "val_loss", "gpu.0.util"], FALLING)).run
    keys = {series.tag: key for key, series in by_chart(run.series.values())}
    assert keys["loss"] == keys["val_loss"] != "loss"
    assert (keys["train/loss"], keys["gpu.0.util"]) == ("train/loss", "gpu.0.util")
