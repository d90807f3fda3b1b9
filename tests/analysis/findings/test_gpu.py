from __future__ import annotations

import numpy as np

from tests.analysis.findings.runs import RunLog, falling, only
from tuimon.analysis.findings.finding import Severity
from tuimon.core.columns import Float64Array


def sampled(percents: Float64Array, *, gpus: int = 1, every: int = 1) -> RunLog:
    """A run with one reading of every GPU per training line."""
    log = RunLog()
    for at, loss in enumerate(falling(len(percents)).tolist()):
        log.train({"loss": loss})
        if at % every == 0:
            log.sample({f"gpu.{gpu}.util": float(percents[at]) for gpu in range(gpus)}, at=log.time + 1.0)
    return log


def busy(points: int, percent: float, seed: int = 0) -> Float64Array:
    return np.clip(percent + 8.0 * np.random.default_rng(seed).standard_normal(points), 0.0, 100.0)


def test_gpus_below_half_are_found() -> None:
    found = only(sampled(np.append(busy(100, 92.0), busy(100, 30.0)), gpus=4).findings(), "gpu_underutilised")
    assert found.series == "run"
    assert found.severity is Severity.WARNING
    assert found.step is not None
    assert 1000 < found.step < 1500
    assert found.message.startswith("the 4 GPUs were busy ")
    assert found.open


def test_one_gpu_is_named_by_its_tag() -> None:
    found = only(sampled(busy(100, 30.0)).findings(), "gpu_underutilised")
    assert found.series == "gpu.0.util"
    assert found.message.startswith("the GPU was busy ")


def test_it_resolves_above_sixty_percent() -> None:
    log = sampled(np.concatenate([busy(60, 92.0), busy(60, 20.0), busy(80, 92.0)]))
    assert not only(log.findings(), "gpu_underutilised").open


def test_between_fifty_and_sixty_it_goes_on() -> None:
    log = sampled(np.concatenate([busy(60, 92.0), busy(60, 20.0), busy(120, 55.0)]))
    assert only(log.findings(), "gpu_underutilised").open


def test_busy_and_uneven_gpus_are_no_finding() -> None:
    uneven = np.where(np.arange(300) % 3 == 0, 25.0, 95.0)
    assert sampled(busy(300, 85.0)).findings() == ()
    assert sampled(uneven).findings() == ()


def test_idle_gpus_in_evaluations_and_pauses_do_not_count() -> None:
    log = RunLog()
    for at, loss in enumerate(falling(300).tolist()):
        log.train({"loss": loss})
        log.sample({"gpu.0.util": 95.0}, at=log.time + 1.0)
        if at % 10 == 9:
            for second in range(0, 200, 4):
                log.sample({"gpu.0.util": 0.0}, at=log.time + 2.0 + second)
            log.evaluate({"eval_loss": loss}, seconds=204.0)
        elif at % 10 == 4:
            for second in range(0, 80, 4):
                log.sample({"gpu.0.util": 0.0}, at=log.time + 2.0 + second)
            log.time += 84.0
    assert log.findings() == ()


def test_idle_gpus_before_training_do_not_count() -> None:
    log = RunLog()
    for second in range(0, 400, 4):
        log.sample({"gpu.0.util": 0.0}, at=log.time + second)
    log.time += 400
    log.train({"loss": 4.0})
    assert log.findings() == ()


def test_tags_logged_one_by_one_are_one_reading() -> None:
    log = RunLog()
    for loss in falling(100).tolist():
        log.train({"Training/Loss": loss})
        for gpu, percent in enumerate((20.0, 40.0)):
            log.sample({f"GPU_{gpu}/Utilization_Percent": percent}, at=log.time + 0.01 * gpu)
    found = only(log.findings(), "gpu_underutilised")
    assert found.value == 30.0


def test_a_short_run_with_idle_gpus_has_a_possible_finding() -> None:
    found = only(sampled(busy(20, 10.0)).findings(), "gpu_underutilised")
    assert found.severity is Severity.INFO
    assert found.message.startswith("possible gpu underutilised: ")
