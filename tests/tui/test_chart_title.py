"""A title says the values however narrow its chart is."""

from __future__ import annotations

import math

import pytest

from tests.tui.states import scalar_state
from tuimon.charts.style import series_style
from tuimon.core.roles import is_evaluation
from tuimon.tui.chart_title import Told, chart_title
from tuimon.tui.rows import row_width


def title(width: int, **values_by_tag: list[float]) -> str:
    run = scalar_state({tag.replace("__", "/"): values for tag, values in values_by_tag.items()}).run
    curves = list(run.series.values())
    keys = ["e" if is_evaluation(each.tag) and len(curves) > 1 else "" for each in curves]
    told = [
        Told(
            each,
            series_style(index),
            key,
            each.statistics.last,
            nonfinite=each.statistics.nan + each.statistics.inf,
        )
        for index, (each, key) in enumerate(zip(curves, keys, strict=True))
    ]
    row = chart_title(told, width)
    assert row_width(row) <= max(width, 18)
    return "".join(text for text, _ in row)


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, "Training/Loss 0.6242  e Validation/Loss 0.6525 best 0.5@1"),
        (50, "Training/Loss 0.6242  e Validation/Loss 0.6525"),
        (30, "Training/Loss 0.6242  e 0.6525"),
        (22, "Loss 0.6242  e 0.6525"),
    ],
)
def test_what_is_left_out_first(width: int, text: str) -> None:
    assert title(width, Training__Loss=[1.0, 0.6242], Validation__Loss=[0.5, 0.6525]) == text


def test_a_long_name_is_cut_and_its_value_stays() -> None:
    assert title(20, optimizer__gradient_norm_before_clipping=[1.0, 0.25]) == "gradient_norm_~ 0.25"


def test_points_that_are_not_finite_are_counted_at_every_width() -> None:
    assert title(60, loss=[1.0, math.nan, math.inf]) == "loss Inf ×2 non-finite"
    assert title(16, loss=[1.0, math.nan, math.inf]) == "loss Inf ×2"


def test_a_single_evaluation_needs_no_key() -> None:
    assert title(60, eval__loss=[2.0, 1.0]) == "eval/loss 1 best 1@2"
    assert title(60, eval__accuracy=[0.8, 0.5]) == "eval/accuracy 0.5 best 0.8@1"
