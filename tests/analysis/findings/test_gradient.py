from __future__ import annotations

import math

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, level, log_of, only, rules
from tuimon.analysis.findings.catalog import FindingSettings
from tuimon.analysis.findings.finding import Severity


def test_an_explosion_is_measured_by_the_own_median() -> None:
    norm = level(200, 0.8, noise=0.3)
    norm[120:130] = 40.0
    found = only(log_of("grad_norm", norm).findings(), "grad_explosion")
    assert found.step == 1210
    assert found.severity is Severity.WARNING
    assert found.message.startswith("gradient norm 40, ")
    assert "its median" in found.message
    assert not found.open


def test_twice_in_three_points_is_needed_below_25_times() -> None:
    norm = level(200, 1.0, noise=0.1)
    norm[100] = 12.0
    assert log_of("grad_norm", norm).findings() == ()
    norm[102] = 12.0
    assert only(log_of("grad_norm", norm).findings(), "grad_explosion").step == 1030


@pytest.mark.parametrize("natural", [500.0, 1e-3])
def test_a_natural_norm_is_no_finding_unless_strict(natural: float) -> None:
    log = log_of("grad_norm", level(300, natural, noise=0.35))
    assert log.findings() == ()
    expected = "grad_explosion" if natural > 100 else "grad_vanishing"
    assert rules(log.findings(settings=FindingSettings().strict())) == [expected]


def test_a_norm_that_falls_over_the_run_is_no_finding() -> None:
    norm = level(400, 1.0, noise=0.3) * np.geomspace(15.0, 0.5, 400)
    assert log_of("grad_norm", norm).findings() == ()


def test_a_norm_that_always_was_wild_is_no_finding() -> None:
    assert log_of("grad_norm", level(600, 1.0, noise=1.3, seed=2)).findings() == ()


def test_it_is_critical_while_the_loss_suffers() -> None:
    log = RunLog()
    losses, norms = falling(200), level(200, 0.8, noise=0.3)
    losses[120:130], norms[120:130] = 30.0, 40.0
    for loss, norm in zip(losses.tolist(), norms.tolist(), strict=True):
        log.train({"loss": loss, "grad_norm": norm})
    assert only(log.findings(), "grad_explosion").severity is Severity.CRITICAL


def test_a_vanishing_norm_is_found_and_resolves() -> None:
    norm = level(500, 0.8, noise=0.3)
    norm[200:300] *= np.geomspace(1.0, 2e-4, 100)
    found = only(log_of("grad_norm", norm).findings(), "grad_vanishing")
    assert found.step is not None
    assert 2500 < found.step < 3000
    assert ", was 0." in found.message
    assert found.resolved_step is not None


def test_next_to_nothing_is_vanishing_whatever_it_was() -> None:
    assert "grad_vanishing" in rules(log_of("grad_norm", level(100, 1e-9)).findings())


def test_nan_and_zero_norms_are_survived() -> None:
    norm = level(100, 0.8)
    norm[40], norm[50], norm[60] = math.nan, 0.0, -1.0
    assert rules(log_of("grad_norm", norm).findings()) == ["nan_inf"]
