from __future__ import annotations

import numpy as np

from tests.analysis.findings.runs import RunLog, falling, only, rules
from tuimon.analysis.findings.finding import Finding


def ranked(
    slow_from: int = 60, slow_to: int = 10_000, *, slowness: float = 1.6, prefix: str = "rank_"
) -> RunLog:
    log, noise = RunLog(), np.random.default_rng(0)
    for at, loss in enumerate(falling(200).tolist()):
        times = {
            f"{prefix}{n}/step_time": 0.4 * float(np.exp(0.05 * noise.standard_normal())) for n in range(4)
        }
        if slow_from <= at < slow_to:
            times[f"{prefix}2/step_time"] *= slowness
        log.train({"loss": loss, **times})
    return log


def stragglers(log: RunLog) -> list[Finding]:
    return [one for one in log.findings(total_steps=100_000) if one.rule == "straggler"]


def test_a_rank_that_is_slower_than_the_others_is_named() -> None:
    found = only(ranked().findings(total_steps=100_000), "straggler")
    assert found.series == "rank_2/step_time"
    assert found.message.startswith("rank_2 takes 0.6")
    assert found.message.endswith("(1.6x)")
    assert found.step is not None
    assert 610 < found.step < 850
    assert found.open


def test_a_rank_that_catches_up_is_no_straggler_any_more() -> None:
    (found,) = stragglers(ranked(60, 120))
    assert not found.open


def test_ranks_that_differ_a_little_or_all_slow_down_have_none() -> None:
    assert stragglers(ranked(slowness=1.2)) == []
    log = RunLog()
    for at, loss in enumerate(falling(200).tolist()):
        log.train({"loss": loss, **{f"rank_{n}/step_time": 0.4 if at < 100 else 0.9 for n in range(4)}})
    assert "straggler" not in rules(log.findings(total_steps=100_000))


def test_series_that_name_no_rank_are_not_compared() -> None:
    assert stragglers(ranked(prefix="phase")) == []
