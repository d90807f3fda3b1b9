from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, level, log_of, only, rules
from tuimon.analysis.findings.catalog import FindingSettings
from tuimon.analysis.findings.finding import Severity


def test_a_spike_is_found_at_its_step_and_resolves() -> None:
    loss = falling(200)
    loss[120] *= 2.5
    found = only(log_of("loss", loss).findings(), "loss_spike")
    assert found.step == 1210
    assert found.value == pytest.approx(loss[120])
    assert found.usual == pytest.approx(np.median(loss[95:120]))
    assert "sigma above its recent median" in found.message
    assert found.resolved_step == 1270


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("healthy", falling(600)),
        ("batches of one", falling(600, noise=0.28, seed=1)),
        ("fine-tune near zero", falling(600, first=1.0, last=0.01, noise=0.4, seed=2)),
        ("constant", np.full(200, 0.7)),
        ("below zero", -falling(300)),
        ("around zero", np.random.default_rng(3).standard_normal(300)),
        ("one last digit", np.where(np.arange(200) % 50 == 49, 0.701, 0.7)),
    ],
)
def test_noise_is_no_finding(name: str, loss: np.ndarray) -> None:
    assert set(rules(log_of("loss", loss).findings())) <= {"plateau"}, name


def test_what_happened_before_is_no_spike() -> None:
    loss = level(200, 2.0)
    loss[[15, 60]] *= 1.3
    assert "loss_spike" not in rules(log_of("loss", loss).findings())


def test_two_spikes_are_two_findings() -> None:
    loss = falling(200)
    loss[[100, 150]] *= 2.0
    assert rules(log_of("loss", loss).findings()) == ["loss_spike", "loss_spike"]


def test_a_spike_does_not_hide_the_next_smaller_one() -> None:
    loss = falling(240)
    loss[100:110] *= np.linspace(6.0, 1.1, 10)
    loss[200] *= 1.4
    assert [f.step for f in log_of("loss", loss).findings() if f.rule == "loss_spike"] == [1010, 2010]


def test_a_small_spike_counts_once_it_lasts() -> None:
    loss = level(300, 2.0, noise=0.05)
    loss[200:202] *= 1.36
    found = only(log_of("loss", loss).findings(), "loss_spike")
    assert found.step == 2020


@pytest.mark.parametrize("seed", range(4))
def test_a_spike_on_a_loss_that_falls_is_held_against_the_points_before_it(seed: int) -> None:
    fall = 2.0 + 6.0 * np.exp(-np.arange(200) / 40.0)
    loss = fall * (1.0 + 0.02 * np.random.default_rng(seed).standard_normal(200))
    loss[100] *= 1.3
    found = only(log_of("loss", loss).findings(), "loss_spike")
    assert found.step == 1010
    assert found.usual == pytest.approx(loss[97:100].max())
    assert "above the points before it" in found.message


def test_a_loss_that_begins_higher_after_a_restart_is_no_spike() -> None:
    loss = 2.0 + 6.0 * np.exp(-np.arange(200) / 40.0)
    log = RunLog()
    for index, value in enumerate([*loss[:100], *loss[70:160]]):
        log.train({"loss": value}, step=10 * index if index < 100 else 10 * (index - 30))
    assert rules(log.findings()) == ["restart_detected"]


@pytest.mark.parametrize("seed", range(4))
def test_single_outliers_of_a_heavy_tail_are_no_spikes(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_t(4, 1000).clip(-6.0, 6.0)
    assert "loss_spike" not in rules(log_of("loss", 2.0 + 0.08 * noise).findings())


def test_an_early_spike_is_only_possible() -> None:
    loss = level(80, 2.0)
    loss[15] *= 8
    found = only(log_of("loss", loss).findings(), "loss_spike")
    assert found.severity is Severity.INFO
    assert found.message.startswith("possible loss spike: ")


def test_what_noise_does_in_a_small_run_is_no_possible_spike() -> None:
    for seed in range(20):
        assert "loss_spike" not in rules(log_of("loss", level(80, 2.0, noise=0.45, seed=seed)).findings())


def test_in_a_run_that_is_known_to_be_long_nothing_is_guessed() -> None:
    loss = level(80, 2.0)
    loss[15] *= 8
    assert log_of("loss", loss).findings(total_steps=20_000) == ()


def test_three_of_five_doublings_are_a_surge() -> None:
    loss = falling(200)
    loss[100:104] *= 3.0
    found = only(log_of("loss", loss).findings(), "loss_surge")
    assert found.step == 1030
    assert "x its recent median" in found.message
    assert not found.open


@pytest.mark.parametrize(("points", "until"), [(36, 20), (40, 25), (80, 50)])
def test_a_short_run_that_diverges_surges(points: int, until: int) -> None:
    x = np.arange(points)
    loss = (0.5 + 2.0 * np.exp(-5.0 * x / points)) * level(points, 1.0, noise=0.03)
    loss[until:] *= 1.0 + 0.35 * np.arange(1, points - until + 1)
    assert "loss_surge" in rules(log_of("loss", loss).findings())


def test_one_doubling_is_no_surge_unless_strict() -> None:
    loss = falling(200)
    loss[100] *= 3.0
    assert "loss_surge" not in rules(log_of("loss", loss).findings())
    strict = only(log_of("loss", loss).findings(settings=FindingSettings().strict()), "loss_surge")
    assert strict.step == 1010
    assert "its last value" in strict.message


def test_a_loss_that_stays_up_diverges() -> None:
    loss = falling(300)
    loss[150:] *= np.linspace(1.0, 3.0, 150)
    found = only(log_of("loss", loss).findings(), "divergence")
    assert found.severity is Severity.CRITICAL
    assert found.step is not None
    assert found.onset_step is not None
    assert 1510 < found.onset_step < found.step < 2700
    assert "above its recent best" in found.message
    assert found.open


def test_a_loss_that_comes_back_resolves_the_divergence() -> None:
    loss = falling(400)
    loss[150:220] *= 3.0
    found = only(log_of("loss", loss).findings(), "divergence")
    assert found.resolved_step is not None
    assert found.resolved_step > 2200


@pytest.mark.parametrize("tag", ["train/d_loss", "reward", "policy_loss"])
def test_a_loss_without_a_direction_may_rise(tag: str) -> None:
    log = RunLog()
    for loss in (falling(300) * np.linspace(1.0, 4.0, 300)).tolist():
        log.train({tag: 0.5, "loss": loss})
    assert log.findings() == ()


def test_the_word_auxiliary_alone_gives_no_licence_to_rise() -> None:
    log = RunLog()
    for loss in (falling(300) * np.linspace(1.0, 4.0, 300)).tolist():
        log.train({"load_balancing_loss": 0.5, "loss": loss})
    assert "divergence" in rules(log.findings())
