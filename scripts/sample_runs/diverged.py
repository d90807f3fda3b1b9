"""The run `diverged`: a warm-up that climbs to a learning rate at which the weights cannot stay finite."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import nn

from scripts.sample_runs.clock import VirtualClock
from scripts.sample_runs.metrics_log import MetricsLog
from scripts.sample_runs.training import gradient_norm, make_reproducible, set_learning_rate

SEED = 6
FEATURES = 12
TERMS = 6
NOISE = 0.1
EXAMPLES = 8192
BATCH_SIZE = 512
HIDDEN_SIZE = 64
PEAK_LEARNING_RATE = 1.5
MAX_STEPS = 600
NON_FINITE_STEPS = 12
STEP_S = 0.9
CONFIG: dict[str, int | float | str] = {
    "max_steps": MAX_STEPS,
    "batch_size": BATCH_SIZE,
    "learning_rate": PEAK_LEARNING_RATE,
    "lr_scheduler_type": "constant_with_warmup",
    "warmup_steps": MAX_STEPS,
    "optimizer": "SGD",
    "hidden_size": HIDDEN_SIZE,
    "seed": SEED,
}


def make(folder: Path) -> None:
    """Train until the loss has been non-finite for a while and write `metrics.jsonl` into `folder`."""
    make_reproducible(SEED)
    clock = VirtualClock(day=2, seed=SEED)
    with MetricsLog(folder / "metrics.jsonl", clock) as log:
        log.write_config(CONFIG)
        try:
            _train(log, clock)
        except FloatingPointError as error:
            log.write_event("error", message=str(error))


def _train(log: MetricsLog, clock: VirtualClock) -> None:
    """Train, and log every step.

    Raises:
        FloatingPointError: The loss was not finite for `NON_FINITE_STEPS` steps.
    """
    generator = torch.Generator().manual_seed(SEED)
    features = torch.randn(EXAMPLES, FEATURES, generator=generator)
    truth = torch.randn(FEATURES, TERMS, generator=generator)
    noise = NOISE * torch.randn(EXAMPLES, 1, generator=generator)
    targets = 2.0 + 0.5 * torch.tanh(features @ truth / 2).sum(dim=1, keepdim=True) + noise
    model = nn.Sequential(
        nn.Linear(FEATURES, HIDDEN_SIZE),
        nn.SiLU(),
        nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE),
        nn.SiLU(),
        nn.Linear(HIDDEN_SIZE, 1),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK_LEARNING_RATE)
    non_finite = 0
    for step in range(1, MAX_STEPS + 1):
        learning_rate = PEAK_LEARNING_RATE * step / MAX_STEPS
        set_learning_rate(optimizer, learning_rate)
        rows = torch.randint(0, EXAMPLES, (BATCH_SIZE,), generator=generator)
        loss = nn.functional.mse_loss(model(features[rows]), targets[rows])
        optimizer.zero_grad()
        loss.backward()
        norm = gradient_norm(model.parameters())
        optimizer.step()
        clock.advance(STEP_S)
        metrics = {"train/loss": loss.item(), "train/learning_rate": learning_rate, "train/grad_norm": norm}
        log.write_metrics(step, metrics)
        non_finite += not math.isfinite(loss.item())
        if non_finite == NON_FINITE_STEPS:
            raise FloatingPointError(f"the loss was not finite for {NON_FINITE_STEPS} steps")
