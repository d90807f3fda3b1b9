from __future__ import annotations

import math

import numpy as np
import pytest

from tests.analysis.logged_lines import Line, run_of
from tuimon.analysis.derived import DerivedSeries
from tuimon.core.batch import ScalarBatch
from tuimon.core.roles import Role
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore


def derived_tags(*lines: Line) -> list[str]:
    run = run_of(lines)
    return [tag for tag in DerivedSeries().update(run).series if tag not in run.series]


def test_perplexity_is_the_exponential_of_a_loss() -> None:
    run = run_of(
        [
            {"step": 1, "time": 1e9, "train/loss": 2.0},
            {"step": 2, "time": 1e9 + 1, "train/loss": math.nan},
            {"step": 3, "time": 1e9 + 2, "train/loss": 800.0},
            {"step": 4, "time": 1e9 + 3, "train/loss": 0.0},
            {"step": 4, "time": 1e9 + 4, "eval/loss": 1.0},
        ]
    )
    series = DerivedSeries().update(run).series
    perplexity = series["train/loss/perplexity"]
    np.testing.assert_allclose(perplexity.values, [math.exp(2), math.nan, math.inf, 1.0])
    assert perplexity.role is Role.PERPLEXITY
    assert series["eval/loss/perplexity"].role is Role.EVAL_PERPLEXITY
    assert perplexity.steps.tolist() == [1, 2, 3, 4]
    assert (perplexity.statistics.nan, perplexity.statistics.inf) == (1, 1)
    assert list(run.series) == list(series)[:2]


@pytest.mark.parametrize(
    "line",
    [
        {"loss": 2.0, "perplexity": 7.4},
        {"loss": -1.0},
        {"loss": 350.0},
        {"loss": 0.05},
        {"loss": math.nan},
        {"mse_loss": 2.0},
        {"loss": 2.0, "reward": 1.0},
        {"loss": 2.0, "rewards/chosen": 1.0},
        {"loss": 2.0, "d_loss": 1.0, "g_loss": 1.0},
        {"loss": 2.0, "accuracy": 0.5},
        {"loss": 2.0, "train/box_loss": 0.5},
        {"accuracy": 0.5},
    ],
)
def test_no_perplexity_where_it_is_logged_or_makes_no_sense(line: Line) -> None:
    assert derived_tags({"step": 1, **line}) == []


@pytest.mark.parametrize(
    "line",
    [
        {"loss": 2.0, "mean_token_accuracy": 0.5},
        {"loss": 2.0, "aux_loss": 0.01, "load_balancing_loss": 0.01},
        {"lm loss": 9.0},
        {"train_loss": 2.0, "grad_norm": 1.0},
    ],
)
def test_language_models_get_a_perplexity(line: Line) -> None:
    assert derived_tags({"step": 1, **line}) == [f"{next(iter(line))}/perplexity"]


def test_a_logged_training_perplexity_leaves_the_evaluation_its_own() -> None:
    assert derived_tags({"step": 1, "loss": 2.0, "ppl": 7.4, "eval_loss": 2.1}) == ["eval_loss/perplexity"]


def test_only_new_points_are_derived() -> None:
    store, derived = RunStore(), DerivedSeries()

    def log(first: int, values: list[float]) -> RunView:
        order = np.arange(first, first + len(values))
        store.extend(
            0, [ScalarBatch(("loss",), order, order, 1e9 + order.astype(np.float64), (np.array(values),))]
        )
        return store.freeze()

    first = derived.update(log(0, [3.0, 2.0])).series["loss/perplexity"]
    second = derived.update(log(2, [1.0])).series["loss/perplexity"]
    np.testing.assert_allclose(second.values, np.exp([3.0, 2.0, 1.0]))
    assert np.shares_memory(first.values, second.values)
    assert len(first) == 2


def test_the_same_run_gives_the_same_run_again() -> None:
    derived, run = DerivedSeries(), run_of([{"step": step, "loss": 2.5 - step / 50} for step in range(20)])
    first = derived.update(run)
    assert first is not run
    assert derived.update(run) is first


def test_a_closing_mean_has_no_perplexity() -> None:
    lines: list[Line] = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0}, {"step": 2, "train_loss": 2.5}]
    assert derived_tags(*lines) == ["loss/perplexity"]


def test_a_run_without_a_loss_is_returned_as_it_is() -> None:
    run = run_of([{"step": 1, "accuracy": 0.5}])
    assert DerivedSeries().update(run) is run
