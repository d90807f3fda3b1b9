"""Which metrics become charts, which share one, in which order, and which are facts."""

from __future__ import annotations

import math

import pytest

from tests.tui.states import batch, make_state, sample_state, scalar_state
from tuimon.core.batch import ScalarBatch
from tuimon.tui.chart_list import chart_specs, facts
from tuimon.tui.view import View

FALLING = [3.0, 2.0, 1.5, 1.2]


def tags(values_by_tag: dict[str, list[float]], filter_text: str = "") -> list[tuple[str, ...]]:
    specs = chart_specs(scalar_state(values_by_tag).run, View(filter_text=filter_text))
    return [spec.tags for spec in specs]


@pytest.mark.parametrize(
    ("training", "evaluation"),
    [
        ("train/loss", "eval/loss"),
        ("loss", "eval_loss"),
        ("loss", "val_loss"),
        ("Training/Loss", "Validation/Loss"),
        ("train_accuracy", "val_accuracy"),
    ],
)
def test_training_and_evaluation_of_one_metric_share_a_chart(training: str, evaluation: str) -> None:
    assert tags({evaluation: FALLING, training: FALLING}) == [(training, evaluation)]


def test_two_tags_of_one_scope_never_share_a_chart() -> None:
    assert tags({"train/loss": FALLING, "loss": FALLING}) == [("train/loss",), ("loss",)]


def test_different_metrics_have_charts_of_their_own() -> None:
    assert len(tags({"train/loss": FALLING, "eval/accuracy": FALLING})) == 2


def test_the_charts_worth_most_come_first_and_sensors_last() -> None:
    shuffled = ["gpu.0.util", "custom", "train/learning_rate", "train/grad_norm", "train/ppl", "train/loss"]
    assert [each[0] for each in tags(dict.fromkeys(shuffled, FALLING))] == [
        "train/loss",
        "train/ppl",
        "train/grad_norm",
        "train/learning_rate",
        "custom",
        "gpu.0.util",
    ]


def test_equal_roles_stay_in_the_order_in_which_they_appeared() -> None:
    assert tags({"zebra": FALLING, "apple": FALLING}) == [("zebra",), ("apple",)]


def test_points_that_never_move_are_facts() -> None:
    state = scalar_state(
        {"once": [0.25], "constant": [4.0, 4.0, 4.0], "Config/lr": [1.0, 2.0], "train/loss": FALLING}
    )
    assert [spec.tags for spec in chart_specs(state.run, View())] == [("train/loss",)]
    assert facts(state.run) == (("once", 0.25), ("constant", 4.0), ("Config/lr", 2.0))


def test_one_nan_makes_a_constant_worth_a_chart() -> None:
    assert tags({"steady": [1.0, math.nan, 1.0]}) == [("steady",)]


def test_a_series_of_nan_alone_is_no_fact_that_hides_it() -> None:
    state = scalar_state({"broken": [math.nan, math.nan]})
    assert [spec.tags for spec in chart_specs(state.run, View())] == [("broken",)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("loss", ["train/loss"]),
        ("LOSS", ["train/loss"]),
        ("^(train|x)/l", ["train/loss"]),
        ("eval", ["train/loss"]),
        ("!loss", ["train/grad_norm", "layer[0]"]),
        ("layer[", ["layer[0]"]),
        ("!layer[", ["train/loss", "train/grad_norm"]),
        ("[[layer", []),
        ("x{99999999999}", []),
        ("(" * 5000, []),
        ("nothing like it", []),
        ("!", []),
    ],
)
def test_filter(text: str, shown: list[str]) -> None:
    values = dict.fromkeys(["train/loss", "eval/loss", "train/grad_norm", "layer[0]"], FALLING)
    found = [spec[0] for spec in tags(values, text)]
    assert found == shown


def test_a_chart_keeps_both_its_curves_when_the_filter_matches_one() -> None:
    values = dict.fromkeys(["train/loss", "eval/loss"], FALLING)
    assert tags(values, "eval") == [("train/loss", "eval/loss")]


def test_the_key_of_a_chart_stays_while_its_run_grows() -> None:
    young = make_state([batch("train/loss", FALLING)])
    old = make_state([batch("train/loss", FALLING), batch("eval/loss", FALLING)])
    assert [s.key for s in chart_specs(young.run, View())] == [s.key for s in chart_specs(old.run, View())]


def test_a_run_without_points_has_neither() -> None:
    empty = make_state([])
    assert chart_specs(empty.run, View()) == ()
    assert facts(empty.run) == ()


def test_rows_of_many_tags_make_one_chart_each() -> None:
    points = batch("x", FALLING)
    wide = ScalarBatch(
        tuple(f"m{i}" for i in range(50)), points.order, points.steps, points.wall_times, points.values * 50
    )
    assert len(chart_specs(make_state([wide]).run, View())) == 50


def test_the_sample_runs_open_with_the_loss_and_show_no_configuration() -> None:
    for name in ("healthy", "overfit", "diverged", "resumed", "huggingface"):
        state = sample_state(name)
        specs = chart_specs(state.run, View())
        assert "loss" in specs[0].tags[0].lower()
        assert not any(tag.startswith(("Config/", "final/")) for spec in specs for tag in spec.tags)
    assert dict(facts(sample_state("healthy").run))["Config/batch_size"] == 16


def test_histograms_come_last_and_are_found_by_name() -> None:
    run = sample_state("healthy").run
    specs = chart_specs(run, View())
    heatmaps = [spec for spec in specs if spec.is_heatmap]
    assert [spec.tags[0] for spec in heatmaps] == list(run.histograms)
    assert specs[-len(heatmaps) :] == tuple(heatmaps)
    assert [spec.tags for spec in chart_specs(run, View(filter_text="head"))] == [("Weights/head.weight",)]


def test_a_folded_group_has_no_charts() -> None:
    run = sample_state("healthy").run
    assert not any(spec.is_heatmap for spec in chart_specs(run, View(folded={"Weights"})))
    assert "Training/Loss" not in {
        tag for spec in chart_specs(run, View(folded={"Training"})) for tag in spec.tags
    }


def test_where_runs_are_compared_training_and_evaluation_have_charts_of_their_own() -> None:
    run = scalar_state({"loss": FALLING, "eval_loss": FALLING}).run
    assert [spec.tags for spec in chart_specs(run, View(), paired=False)] == [("loss",), ("eval_loss",)]


def test_favourites_come_first_and_alone_if_that_is_wanted() -> None:
    run = scalar_state({"loss": FALLING, "grad_norm": FALLING, "lr": FALLING}).run
    view = View(favourites={"lr", "not logged here"})
    assert [spec.tags for spec in chart_specs(run, view)] == [("lr",), ("loss",), ("grad_norm",)]
    view.only_favourites = True
    assert [spec.tags for spec in chart_specs(run, view)] == [("lr",)]
    view.step_back()
    assert len(chart_specs(run, view)) == 3
