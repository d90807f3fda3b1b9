from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, level, log_of, only, rules
from tuimon.core.columns import Float64Array


def swinging(points: int = 600, start: int = 300, stop: int = 600, noise: float = 0.02) -> Float64Array:
    loss = falling(points, noise=noise)
    noisier = np.exp(0.15 * np.random.default_rng(5).standard_normal(stop - start))
    loss[start:stop] *= noisier
    return loss


def test_a_loss_that_begins_to_swing_is_found() -> None:
    found = only(log_of("loss", swinging()).findings(total_steps=60_000), "loss_oscillation")
    assert found.step is not None
    assert 3010 < found.step < 4000
    assert "from point to point (usual:" in found.message
    assert found.open


def test_one_that_calms_down_resolves_it() -> None:
    assert not only(log_of("loss", swinging(800, 300, 420)).findings(), "loss_oscillation").open


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_a_run_that_always_was_so_does_not_swing(noise: float, seed: int) -> None:
    found = log_of("loss", falling(800, noise=noise, seed=seed)).findings(total_steps=80_000)
    assert "loss_oscillation" not in rules(found)


def test_a_spike_and_a_rise_are_something_else() -> None:
    loss = falling(600)
    loss[300:310] *= 3.0
    loss[450:] *= 1.3
    assert "loss_oscillation" not in rules(log_of("loss", loss).findings())


def test_a_loss_without_direction_may_swing() -> None:
    log = RunLog()
    for loss in swinging().tolist():
        log.train({"loss": loss, "reward": 1.0})
    assert "loss_oscillation" not in rules(log.findings())


def paced(times: Float64Array) -> RunLog:
    log = RunLog()
    for loss, seconds in zip(falling(len(times)).tolist(), times.tolist(), strict=True):
        log.train({"loss": loss, "step_time": seconds})
    return log


def test_steps_that_become_uneven_are_found_and_even_ones_resolve_it() -> None:
    times = np.concatenate([level(300, 0.5), level(200, 0.5, noise=0.4, seed=1), level(300, 0.5, seed=2)])
    found = only(paced(times).findings(total_steps=80_000), "speed_unstable")
    assert found.message.startswith("step times vary by ")
    assert not found.open


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("always uneven", level(600, 0.5, noise=0.4)),
        ("all slower", np.append(level(300, 0.5), level(300, 2.0, seed=1))),
        ("a slow decline", np.geomspace(0.5, 0.8, 600) * level(600, 1.0)),
        ("checkpoints", np.where(np.arange(600) % 50 == 49, 4.0, 0.5)),
    ],
)
def test_other_speeds_are_not_unstable(name: str, times: Float64Array) -> None:
    assert "speed_unstable" not in rules(paced(times).findings(total_steps=60_000)), name
