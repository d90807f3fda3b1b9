from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuimon.analysis.importance import FEWEST_RUNS, importances, rank_correlation, ranks_of
from tuimon.core.batch import ConfigValue
from tuimon.core.columns import Float64Array

Sweep = tuple[dict[str, list[ConfigValue]], Float64Array]


def monotone(seed: int, runs: int = 32) -> Sweep:
    """A random search in which each effect is half of the one before it, and one setting does nothing."""
    random = np.random.default_rng(seed)
    rate, dropout, width, decay = random.uniform(0, 1, (4, runs))
    loss = 4 * rate - 2 * dropout + 1 * width + random.normal(0, 0.15, runs)
    found: dict[str, list[ConfigValue]] = {
        "seed": random.integers(0, 1000, runs).tolist(),
        "width": (2 ** (4 + 6 * width)).round().tolist(),
        "dropout": dropout.tolist(),
        "learning_rate": (10 ** (-5 + 4 * rate)).tolist(),
        "weight_decay": decay.tolist(),
    }
    return found, np.exp(loss)


def with_best_in_the_middle(seed: int, runs: int = 32) -> Sweep:
    """A learning rate with a best value, a choice of optimizers, and a batch size out of a few."""
    random = np.random.default_rng(seed)
    rate = random.uniform(-1, 1, runs)
    optimizer = random.integers(0, 2, runs)
    batch = random.integers(0, 4, runs)
    loss = 4 * rate**2 + 1.2 * optimizer + 0.2 * batch + random.normal(0, 0.1, runs)
    found: dict[str, list[ConfigValue]] = {
        "batch_size": (16 * 2**batch).tolist(),
        "optimizer": [("adam", "sgd")[number] for number in optimizer],
        "learning_rate": (10 ** (-3 + rate)).tolist(),
        "output_dir": [f"outputs/{number}" for number in range(runs)],
    }
    return found, loss


@pytest.mark.parametrize(
    ("sweep", "order"),
    [
        (monotone, ["learning_rate", "dropout", "width"]),
        (with_best_in_the_middle, ["learning_rate", "optimizer", "batch_size"]),
    ],
    ids=["monotone", "middle"],
)
def test_the_true_order_is_named_in_95_of_100_sweeps(sweep: Callable[[int], Sweep], order: list[str]) -> None:
    right = sum([each.name for each in importances(*sweep(seed))][:3] == order for seed in range(100))
    assert right >= 95


def test_noise_has_no_importance_and_its_interval_begins_at_none() -> None:
    noise = [
        each for seed in range(40) for each in importances(*monotone(seed)) if each.name == "weight_decay"
    ]
    assert sum(each.low == 0.0 for each in noise) >= 36
    # What noise alone would give is taken off: as often as not nothing is left.
    assert sum(each.importance == 0.0 for each in noise) >= 16


def test_the_correlation_has_a_direction() -> None:
    found = {each.name: each for each in importances(*monotone(1))}
    rate, dropout = found["learning_rate"], found["dropout"]
    assert rate.correlation is not None
    assert dropout.correlation is not None
    assert rate.correlation > 0.6
    assert dropout.correlation < -0.1
    assert rate.correlation_low is not None
    assert rate.correlation_high is not None
    assert rate.correlation_low < rate.correlation < rate.correlation_high
    assert rate.low < rate.importance < rate.high


@pytest.mark.parametrize("runs", range(FEWEST_RUNS))
def test_of_too_few_runs_nothing_is_said(runs: int) -> None:
    assert importances(*monotone(0, runs)) == []


def test_runs_without_a_metric_do_not_count() -> None:
    config, metric = monotone(0, 12)
    metric[:5] = math.nan
    assert importances(config, metric) == []
    metric[:5] = 1.0
    assert importances(config, metric)


def test_settings_that_nothing_can_tell_apart_are_one() -> None:
    config, metric = monotone(3)
    rates = config["learning_rate"]
    assert all(isinstance(rate, float) for rate in rates)
    config["lr"] = [float(str(rate)) * 10 for rate in rates]
    config["inverse"] = [-float(str(rate)) for rate in rates]
    found = {each.name: each for each in importances(config, metric)}
    assert found["learning_rate"].same_as == ("lr", "inverse")
    assert "lr" not in found


def test_what_is_constant_or_a_name_of_its_own_in_each_run_is_no_setting() -> None:
    config, metric = monotone(3)
    config |= {"epochs": [3] * 32, "name": [f"run{n}" for n in range(32)], "unknown": [None] * 32}
    assert not {each.name for each in importances(config, metric)} & {"epochs", "name", "unknown"}


def test_more_settings_than_runs_can_tell_apart_are_measured_one_by_one() -> None:
    config, metric = monotone(5)
    random = np.random.default_rng(0)
    config |= {f"s{n}": random.uniform(size=32).tolist() for n in range(40)}
    first, *others = importances(config, metric)
    assert first.name == "learning_rate"
    assert len(others) == 44


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from("ab")


@settings(max_examples=30)
@given(
    st.integers(0, 20).flatmap(
        lambda runs: st.tuples(
            st.dictionaries(st.text(max_size=2), st.lists(VALUES, min_size=runs, max_size=runs), max_size=4),
            st.lists(st.floats(), min_size=runs, max_size=runs),
        )
    )
)
def test_any_settings_give_an_answer_within_bounds(
    sweep: tuple[dict[str, list[ConfigValue]], list[float]],
) -> None:
    config, metric = sweep
    for each in importances(config, np.array(metric, np.float64)):
        assert 0 <= each.low <= each.importance <= each.high <= 1
        if each.correlation is not None:
            assert -1 <= each.correlation <= 1


def test_ranks_and_their_correlation_are_those_of_the_textbook() -> None:
    np.testing.assert_array_equal(ranks_of(np.array([10.0, 30.0, 20.0, 30.0])), [1, 3.5, 2, 3.5])
    # Ten pupils' intelligence and hours of television: https://en.wikipedia.org/wiki/Spearman's_rank_correlation_coefficient
    first = np.array([106, 100, 86, 101, 99, 103, 97, 113, 112, 110], np.float64)
    second = np.array([7, 27, 2, 50, 28, 29, 20, 12, 6, 17], np.float64)
    correlation, low, high = rank_correlation(first, second)
    assert correlation == pytest.approx(-29 / 165)
    assert low < correlation < high
