from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.findings.runs import RunLog, falling, level
from tuimon.analysis.findings.catalog import RULES
from tuimon.analysis.findings.finding import Finding, FindingState, Severity
from tuimon.analysis.incidents import CAUSES_OF, NEAR_LINES, incidents_of


def finding(rule: str, line: int, *, series: str = "train/loss", until: int | None = None) -> Finding:
    return Finding(
        rule=rule,
        series=series,
        severity=Severity.WARNING,
        step=line * 10,
        time=1.7e9 + line,
        value=31.0,
        usual=1.0,
        message="",
        state=FindingState.OPEN if until is None else FindingState.RESOLVED,
        onset_line=line,
        resolved_line=until,
    )


def titles(*findings: Finding) -> list[str]:
    return [incident.title for incident in incidents_of(findings)]


def test_what_follows_from_one_another_is_one_incident_with_the_earliest_first() -> None:
    spike, norm, nan = finding("loss_spike", 103), finding("grad_explosion", 101), finding("nan_inf", 110)
    (incident,) = incidents_of([spike, nan, norm])
    assert incident.first == norm
    assert incident.consequences == (spike, nan)
    assert incident.title == "gradient norm 31x, then loss spike, then NaN"


def test_an_incident_is_as_bad_as_its_worst_finding_and_open_while_any_is() -> None:
    resolved = finding("loss_spike", 100, until=110)
    (incident,) = incidents_of([resolved, replace(finding("nan_inf", 103), severity=Severity.CRITICAL)])
    assert incident.severity is Severity.CRITICAL
    assert incident.open
    (calm,) = incidents_of([resolved])
    assert not calm.open


def test_what_has_nothing_to_do_with_each_other_stays_apart() -> None:
    assert titles(finding("loss_spike", 100), finding("disk_full", 101)) == ["loss spike", "disk full"]


def test_what_lies_far_apart_stays_apart() -> None:
    near, far = finding("nan_inf", 100 + NEAR_LINES), finding("nan_inf", 101 + NEAR_LINES)
    assert titles(finding("loss_spike", 100), near) == ["loss spike, then NaN"]
    assert titles(finding("loss_spike", 100), far) == ["loss spike", "NaN"]


def test_a_cause_that_lasts_explains_what_comes_much_later_and_one_that_ended_does_not() -> None:
    crash = finding("crashed", 900, series="run")
    assert titles(finding("gpu_memory_leak", 100), crash) == ["gpu memory leak, then crashed"]
    assert len(titles(finding("gpu_memory_leak", 100, until=500), crash)) == 2


def test_an_explanation_leads_although_sensors_tell_it_later() -> None:
    slow, starving = finding("throughput_drop", 100), finding("dataloader_bottleneck", 112)
    assert titles(slow, starving) == ["dataloader bottleneck, then throughput drop"]


def test_what_began_at_one_line_stays_in_the_order_of_opening() -> None:
    assert titles(finding("restart_detected", 50), finding("loss_spike", 50)) == ["restart, then loss spike"]


def test_the_same_on_several_gpus_is_one_matter() -> None:
    both = [finding("thermal_throttle", 100 + n, series=f"gpu.{n}.temp_c") for n in range(2)]
    (incident,) = incidents_of(both)
    assert incident.title == "thermal throttle"
    assert len(incident.findings) == 2


def test_the_rules_find_what_becomes_an_incident() -> None:
    log = RunLog()
    losses, norms = falling(200), level(200, 0.8, noise=0.2)
    norms[150:160] *= 60.0
    losses[152:160] *= 4.0
    losses[160:] = np.nan
    for loss, norm in zip(losses.tolist(), norms.tolist(), strict=True):
        log.train({"loss": loss, "grad_norm": norm})
    (incident,) = incidents_of(log.findings())
    assert incident.first.rule == "grad_explosion"
    assert incident.title.startswith("gradient norm ")
    assert incident.title.endswith("then NaN")


def test_every_rule_that_is_named_exists() -> None:
    known = {rule.name for rule in RULES}
    assert set(CAUSES_OF).union(*CAUSES_OF.values()) <= known


@given(st.lists(st.tuples(st.sampled_from([rule.name for rule in RULES]), st.integers(0, 300)), max_size=30))
def test_each_finding_is_in_one_incident(given_: list[tuple[str, int]]) -> None:
    found = [replace(finding(rule, line), number=n) for n, (rule, line) in enumerate(given_)]
    incidents = incidents_of(found)
    together = [one for incident in incidents for one in incident.findings]
    assert sorted(one.id for one in together) == sorted(one.id for one in found)
    beginnings = [min(one.onset_line for one in incident.findings) for incident in incidents]
    assert beginnings == sorted(beginnings)


@pytest.mark.parametrize("value", [None, 0.0, float("inf"), float("nan")])
def test_no_number_breaks_a_title(value: float | None) -> None:
    for rule in RULES:
        assert titles(replace(finding(rule.name, 5), value=value, usual=value))[0]
