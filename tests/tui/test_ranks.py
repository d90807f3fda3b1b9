"""The ranks of one training are one curve with a band, until the filter asks for some of them."""

from __future__ import annotations

import math
from pathlib import Path

import orjson

from tests.tui.drawing import pane_text
from tests.tui.states import sample_state, scalar_state, snapshot_of
from tuimon.monitor.once import read_once
from tuimon.monitor.snapshot import RunState
from tuimon.sources.naming import Root
from tuimon.tui.chart_list import chart_specs
from tuimon.tui.picture import Painter
from tuimon.tui.view import View

STEPS = 60


def ranks(count: int = 3, **others: object) -> RunState:
    """A run whose rank r logs a loss that is r larger; the one of rank 1 is NaN once."""
    falling = [9.0 - step * 0.1 for step in range(STEPS)]
    values = {
        "loss" if rank == 0 else f"rank_{rank}/loss": [rank + each for each in falling]
        for rank in range(count)
    }
    if count > 1:
        values["rank_1/loss"][20] = math.nan
    return scalar_state({**values, "lr": falling}, **others)


def chart(view: View, *states: RunState, size: tuple[int, int] = (120, 40)) -> str:
    return pane_text(Painter("braille").paint(snapshot_of(*states), view, *size), "chart0")


def test_files_of_ranks_make_one_curve(tmp_path: Path) -> None:
    for rank in range(3):
        rows = ({"step": step, "loss": 4.0 + rank - step / 20} for step in range(STEPS))
        path = tmp_path / "run" / f"rank_{rank}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    (state,) = read_once([Root(tmp_path)]).runs
    (spec,) = (spec for spec in chart_specs(state.run, View()) if "loss" in spec.tags)
    assert spec.ranks == (("loss", "rank_1/loss", "rank_2/loss"),)
    assert "loss 2.05 mean of 3 ranks 1.05 r0..3.05 r2" in chart(View(state.name), state)


def test_the_title_tells_the_mean_the_extremes_and_what_is_not_finite() -> None:
    title = chart(View("run-1"), ranks()).splitlines()[0]
    assert "loss 4.1 mean of 3 ranks 3.1 r0..5.1 r2 ×1 non-finite" in title
    at_cursor = chart(View("run-1", crosshair=21.0), ranks()).splitlines()[0]
    assert "loss 8 mean of 3 ranks 7 r0..9 r2" in at_cursor
    assert "×" in chart(View("run-1"), ranks()).splitlines()[-3]


def test_the_band_is_drawn_around_the_line() -> None:
    one = chart(View("run-1"), ranks(1))
    many = chart(View("run-1"), ranks())
    dots = [
        sum((ord(c) - 0x2800).bit_count() for c in text if 0x2800 < ord(c) < 0x2900) for text in (one, many)
    ]
    assert dots[1] > 1.5 * dots[0]


def test_the_filter_asks_for_one_rank() -> None:
    run = ranks().run
    assert [spec.tags for spec in chart_specs(run, View(filter_text="rank_2"))] == [("rank_2/loss",)]
    (spec,) = chart_specs(run, View(filter_text="!rank|lr"))
    assert spec.ranks == (("loss",),)
    (both,) = chart_specs(run, View(filter_text="loss"))
    assert len(both.ranks[0]) == 3
    assert both.holds("rank_2/loss")


def test_a_finding_of_one_rank_is_marked_on_their_chart() -> None:
    assert any(finding.series == "rank_1/loss" for finding in ranks().findings)
    assert "!" in chart(View("run-1"), ranks()).splitlines()[1]


def test_a_group_folds_for_all_ranks() -> None:
    falling = [3.0, 2.0, 1.5]
    run = scalar_state({"train/loss": falling, "rank_1/train/loss": falling, "lr": falling}).run
    assert [spec.tags for spec in chart_specs(run, View(folded={"train"}))] == [("lr",)]


def test_runs_of_several_ranks_are_compared_by_their_means() -> None:
    other = ranks(name="run-2")
    view = View("run-1", pinned="run-2", crosshair=60.0)
    title = chart(view, ranks(), other).splitlines()[0]
    assert "p 4.1" in title
    assert chart(View("healthy", pinned="run-2"), sample_state("healthy"), other)
