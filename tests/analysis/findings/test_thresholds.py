from __future__ import annotations

import tomllib
from dataclasses import asdict

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, log_of, rules
from tuimon.analysis.findings.catalog import RULES, FindingSettings
from tuimon.analysis.findings.thresholds import read_thresholds
from tuimon.core.errors import UsageError


def of_toml(text: str, *, strict: bool = False) -> FindingSettings:
    return read_thresholds(tomllib.loads(text)["findings"], strict=strict)


def spiking(tag: str = "train/loss") -> RunLog:
    loss = falling(200)
    loss[120] *= 2.5
    return log_of(tag, loss)


def test_without_a_table_the_defaults_hold() -> None:
    assert read_thresholds({}) == FindingSettings()
    assert read_thresholds({}, strict=True) == FindingSettings().strict()


def test_a_threshold_is_set_and_counts() -> None:
    settings = of_toml("[findings.loss_spike]\nrise = 4\n")
    assert settings.loss_spike.rise == 4.0
    assert settings.loss_spike.sigmas == FindingSettings().loss_spike.sigmas
    assert rules(spiking().findings()) == ["loss_spike"]
    assert spiking().findings(settings=settings) == ()


def test_a_rule_is_switched_off() -> None:
    assert spiking().findings(settings=of_toml("[findings.loss_spike]\noff = true\n")) == ()


def test_series_that_fit_a_pattern_have_thresholds_of_their_own() -> None:
    settings = of_toml('[findings.loss_spike."aux/*"]\nrise = 4\n[findings.nan_inf."*loss"]\noff = true\n')
    assert spiking("aux/loss").findings(settings=settings) == ()
    assert rules(spiking("train/loss").findings(settings=settings)) == ["loss_spike"]
    log = log_of("train/loss", np.append(falling(50), np.nan))
    assert rules(log.findings()) == ["nan_inf"]
    assert log.findings(settings=settings) == ()


def test_a_pattern_starts_from_the_thresholds_of_its_rule() -> None:
    settings = of_toml('[findings.loss_spike]\nrise = 4\n"aux/*" = { sigmas = 9 }\n')
    limits = settings.limits_of("loss_spike", "aux/loss")
    assert (limits.rise, limits.sigmas) == (4.0, 9.0)
    assert settings.limits_of("loss_spike", "loss").sigmas == 6.0


def test_every_threshold_of_every_rule_can_be_set() -> None:
    for rule in RULES:
        defaults = asdict(getattr(FindingSettings(), rule.name))
        assert read_thresholds({rule.name: defaults}) == FindingSettings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[findings.los_spike]\nrise = 1\n", ("unknown rule 'los_spike'", "did you mean 'loss_spike'?")),
        (
            "[findings.loss_spike]\nsigma = 1\n",
            ("unknown threshold 'sigma'", "findings.loss_spike", "'sigmas'"),
        ),
        ('[findings.loss_spike]\nsigmas = "8"\n', ("sigmas = '8' is no float",)),
        ("[findings.loss_spike]\nsigmas = true\n", ("sigmas = True is no float",)),
        ("[findings.loss_spike]\nsigmas = nan\n", ("no finite number",)),
        ("[findings.loss_spike]\nclear = 0\n", ("clear = 0 is below 1",)),
        ("[findings.loss_spike]\nclear = 1.5\n", ("clear = 1.5 is no int",)),
        ("[findings.loss_spike]\noff = 1\n", ("off = 1 is no bool",)),
        ('[findings.stalled."run*"]\nleast_s = 1\n', ("as a whole", "findings.stalled")),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        of_toml(text)
    for part in told:
        assert part in str(caught.value)
