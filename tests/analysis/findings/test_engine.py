from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.findings.runs import RunLog, falling, level, log_of, rules
from tests.commands import SAMPLE_NAMES, SAMPLES
from tuimon.analysis.findings.catalog import RULES, FindingSettings
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.totals import find_totals
from tuimon.monitor.once import read_once
from tuimon.sources.naming import Root
from tuimon.store.rows import RowReader, Rows
from tuimon.store.run import RunView


def eventful() -> RunLog:
    """A run with something for most rules."""
    log = RunLog()
    losses, norms = falling(400), level(400, 0.8, noise=0.2)
    losses[100:104] *= 4.0
    norms[100:104] *= 60.0
    losses[300:] *= np.linspace(1.0, 5.0, 100)
    losses[390:] = math.nan
    for at in range(400):
        if at == 200:
            log.step -= 300
            log.time += 900.0
        log.interval_s = 4.0 if at < 250 else 9.0
        log.train({"loss": losses[at], "grad_norm": norms[at], "lr": 0.0 if 150 < at < 170 else 1e-3})
        log.sample({"gpu.0.util": 90.0 if at < 220 else 20.0, "proc.alive": 1.0}, at=log.time + 1.0)
        if at % 15 == 14:
            log.evaluate({"eval_loss": 2.0 - at / 400 if at < 150 else 1.6 + at / 600})
    for second in range(10, 1500, 10):
        log.sample({"gpu.0.util": 100.0, "proc.alive": 1.0}, at=log.time + second)
    return log


EVENTFUL = eventful()
VIEW = EVENTFUL.view()
ROWS = EVENTFUL.rows()


def findings_in_parts(cuts: list[int]) -> tuple[Finding, ...]:
    engine = FindingEngine("run")
    for start, stop in zip([0, *cuts], [*cuts, len(ROWS)], strict=True):
        engine.extend(ROWS.part(start, stop), VIEW.attempts, 8000)
    return engine.findings


WHOLE = findings_in_parts([])


def test_the_eventful_run_is_eventful() -> None:
    assert set(rules(WHOLE)) >= {
        "nan_inf", "loss_spike", "loss_surge", "grad_explosion", "lr_anomaly", "restart_detected",
        "throughput_drop", "gpu_underutilised", "divergence", "stalled",
    }  # fmt: skip


@settings(max_examples=15)
@given(st.lists(st.integers(0, len(ROWS)), max_size=12).map(sorted))
def test_findings_do_not_depend_on_how_the_rows_are_cut(cuts: list[int]) -> None:
    assert repr(findings_in_parts(cuts)) == repr(WHOLE)


@cache
def sample(name: str) -> tuple[RunView, Rows]:
    (state,) = read_once([Root(SAMPLES / name, None)]).runs
    return state.run, RowReader(FindingEngine.wanted).read(state.run)


def findings_of_sample(name: str, shares: list[float]) -> tuple[Finding, ...]:
    run, rows = sample(name)
    engine, cuts = FindingEngine("run"), [round(share * len(rows)) for share in shares]
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        engine.extend(rows.part(start, stop), run.attempts, find_totals(run).total_steps, run.config)
    return engine.findings


# The whole of a sample is judged once.
findings_of_whole_sample = cache(lambda name: repr(findings_of_sample(name, [])))


@settings(max_examples=12)
@given(
    st.sampled_from([name for name in SAMPLE_NAMES if name != "healthy"]),
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20).map(sorted),
)
def test_findings_of_samples_do_not_depend_on_how_the_rows_are_cut(name: str, shares: list[float]) -> None:
    assert repr(findings_of_sample(name, shares)) == findings_of_whole_sample(name)


def test_a_run_cut_off_at_a_finding_already_gives_it() -> None:
    for number, found in enumerate(WHOLE):
        seen = (found.time >= ROWS.wall_times) | (np.arange(len(ROWS)) == 0)
        engine = FindingEngine("run")
        engine.extend(ROWS.part(0, int(np.flatnonzero(seen)[-1]) + 1), VIEW.attempts, 8000)
        assert rules(engine.findings)[: number + 1] == rules(WHOLE)[: number + 1]


def test_points_one_by_one_of_a_growing_file_give_the_same() -> None:
    log = log_of("loss", falling(120))
    log.train({"loss": math.nan})
    whole = log.findings()
    engine = FindingEngine("run")
    rows = log.rows()
    for at in range(len(rows)):
        engine.extend(rows.part(at, at + 1))
    assert repr(engine.findings) == repr(whole)


def test_findings_stand_in_order_of_opening_and_say_everything() -> None:
    times = [found.time for found in WHOLE]
    assert times == sorted(times)
    for found in WHOLE:
        assert found.message
        assert "\n" not in found.message
        assert found.causes
        assert found.remedies
        assert found.step is not None
        assert found.accumulated_step is not None
        assert found.count >= 1
        assert found.onset_step is not None


def test_accumulated_steps_go_on_after_a_restart() -> None:
    view = EVENTFUL.view()
    restart = next(found for found in WHOLE if found.rule == "restart_detected")
    late = [found for found in WHOLE if found.time > restart.time]
    assert late
    for found in late:
        assert found.step is not None
        assert found.accumulated_step == found.step + view.attempts[-1].offset


def test_a_format_without_times_has_findings_without_time() -> None:
    found = EVENTFUL.engine(timed=False, total_steps=8000).findings
    assert {"nan_inf", "loss_spike", "restart_detected"} <= set(rules(found))
    assert not {"stalled", "throughput_drop"} & set(rules(found))
    assert all(math.isnan(one.time) for one in found)


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("train/loss", True),
        ("eval_loss", True),
        ("Training/Learning_Rate", True),
        ("GPU_0/Utilization_Percent", True),
        ("train_runtime", True),
        ("my/own_number", False),
        ("hparams/lr", False),
    ],
)
def test_only_tags_with_a_role_are_wanted(tag: str, *, wanted: bool) -> None:
    assert FindingEngine.wanted(tag) == wanted


def test_tags_that_are_not_wanted_change_nothing() -> None:
    plain, chatty = RunLog(), RunLog()
    for at, loss in enumerate(falling(100).tolist()):
        plain.train({"loss": loss})
        chatty.train({"my/own_number": math.nan, "loss": loss})
        chatty.sample({"other/counter": float(-at)})
    view = chatty.view()
    engine = FindingEngine("run")
    engine.extend(RowReader(lambda _: True).read(view), view.attempts)
    assert engine.findings == plain.findings() == ()
    assert engine.checked_step == 1000


HOSTILE = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -1.0, 5e-324, 1e308, -1e308])
TAGS = (
    "loss", "eval_loss", "grad_norm", "lr", "train/step_time", "tokens_per_second", "data_time", "accuracy",
    "eval_accuracy", "gpu.0.util", "gpu.1.util", "gpu.0.mem_used_gb", "gpu.0.mem_total_gb", "gpu.0.temp_c",
    "gpu.0.sm_clock_mhz", "gpu.0.throttle", "cpu.util", "host.rss_gb", "host.mem_used_pct", "disk.used_pct",
    "proc.alive",
)  # fmt: skip


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(-5, 90), HOSTILE, st.lists(HOSTILE, min_size=len(TAGS), max_size=len(TAGS))),
        max_size=90,
    ),
    st.booleans(),
)
def test_no_value_and_no_time_breaks_it(
    entries: list[tuple[int, float, list[float]]],
    strict: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    log = RunLog()
    for step, time, values in entries:
        log.time = time
        log.interval_s = 0.0
        log.train(dict(zip(TAGS, values, strict=True)), step=step)
    engine = log.engine(settings=FindingSettings().strict() if strict else None)
    for found in engine.findings:
        assert found.message


def test_nothing_is_known_of_an_empty_run() -> None:
    engine = FindingEngine("run")
    engine.tick(1.8e9)
    assert engine.findings == ()
    assert engine.checked_step is None


def test_a_rule_can_be_switched_off() -> None:
    off = frozenset({"nan_inf", "stalled"})
    engine = EVENTFUL.engine(total_steps=8000, settings=FindingSettings(off=off))
    assert not off & set(rules(engine.findings))


def test_every_rule_has_settings_causes_and_remedies() -> None:
    for rule in RULES:
        assert hasattr(FindingSettings(), rule.name)
        assert rule.causes
        assert all(remedy.endswith((".", "?")) for remedy in rule.remedies)
        assert rule.__doc__


@pytest.mark.parametrize("seed", range(12))
def test_small_healthy_fine_tunes_are_quiet(seed: int) -> None:
    log = RunLog()
    losses = falling(80, seed=seed, noise=0.07, first=2.4, last=0.9)
    norms = level(80, 1.2, seed=seed, noise=0.35) * np.geomspace(4.0, 1.0, 80)
    evals = iter([1.3, 1.24, 1.25])
    for at in range(80):
        rate = 2e-4 * min(1.0, (at + 1) / 8) * (1 - at / 80)
        log.train({"loss": losses[at], "grad_norm": norms[at], "learning_rate": rate})
        log.sample({"gpu.0.util": 88.0}, at=log.time + 1.0)
        if at in (26, 53, 79):
            log.evaluate({"eval_loss": next(evals)})
    assert log.findings(total_steps=800) == ()
    assert log.findings() == ()
