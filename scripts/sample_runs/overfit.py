"""The run `overfit`: a small network that learns the noise of a small data set by heart."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from scripts.sample_runs.clock import VirtualClock
from scripts.sample_runs.metrics_log import MetricsLog
from scripts.sample_runs.training import gradient_norm, make_reproducible

SEED = 3
FEATURES = 20
CLASSES = 4
WRONG_LABELS = 0.2
TRAIN_EXAMPLES = 512
EVAL_EXAMPLES = 1000
BATCH_SIZE = 128
HIDDEN_SIZE = 64
LEARNING_RATE = 1e-3
NUM_EPOCHS = 120
EVAL_EVERY = 20
STEP_S = 0.6
EVALUATION_S = 3.5
CONFIG: dict[str, int | float | str] = {
    "max_steps": NUM_EPOCHS * TRAIN_EXAMPLES // BATCH_SIZE,
    "num_epochs": NUM_EPOCHS,
    "batch_size": BATCH_SIZE,
    "learning_rate": LEARNING_RATE,
    "optimizer": "AdamW",
    "weight_decay": 0.0,
    "hidden_size": HIDDEN_SIZE,
    "train_examples": TRAIN_EXAMPLES,
    "seed": SEED,
}


def make(folder: Path) -> None:
    """Train the network and write `metrics.jsonl` into `folder`."""
    make_reproducible(SEED)
    generator = torch.Generator().manual_seed(SEED)
    truth = torch.randn(FEATURES, CLASSES, generator=generator)
    features, labels = _draw_examples(TRAIN_EXAMPLES, truth, generator)
    held_out = _draw_examples(EVAL_EXAMPLES, truth, generator)
    model = nn.Sequential(
        nn.Linear(FEATURES, HIDDEN_SIZE),
        nn.ReLU(),
        nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE),
        nn.ReLU(),
        nn.Linear(HIDDEN_SIZE, CLASSES),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    clock = VirtualClock(day=1, seed=SEED)
    step = 0
    with MetricsLog(folder / "metrics.jsonl", clock) as log:
        log.write_config(CONFIG)
        for _ in range(NUM_EPOCHS):
            for rows in torch.randperm(TRAIN_EXAMPLES, generator=generator).split(BATCH_SIZE):
                step += 1
                metrics = _take_step(model, optimizer, features[rows], labels[rows])
                clock.advance(STEP_S)
                log.write_metrics(step, metrics)
                if step % EVAL_EVERY == 0:
                    clock.advance(EVALUATION_S)
                    log.write_metrics(step, _evaluate(model, *held_out))
        log.write_event("finished")


def _draw_examples(
    count: int, truth: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw examples of a rule that is partly quadratic, a fifth of them with a label drawn by chance."""
    features = torch.randn(count, FEATURES, generator=generator)
    products = features[:, :CLASSES] * features[:, CLASSES : 2 * CLASSES]
    labels = (features @ truth + products).argmax(dim=1)
    is_wrong = torch.rand(count, generator=generator) < WRONG_LABELS
    chance = torch.randint(0, CLASSES, (count,), generator=generator)
    return features, torch.where(is_wrong, chance, labels)


def _take_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, features: torch.Tensor, labels: torch.Tensor
) -> dict[str, float]:
    scores = model(features)
    loss = nn.functional.cross_entropy(scores, labels)
    optimizer.zero_grad()
    loss.backward()
    norm = gradient_norm(model.parameters())
    optimizer.step()
    return {
        "train/loss": loss.item(),
        "train/learning_rate": LEARNING_RATE,
        "train/grad_norm": norm,
        "train/accuracy": _accuracy(scores, labels),
    }


def _evaluate(model: nn.Module, features: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    with torch.no_grad():
        scores = model(features)
    loss = nn.functional.cross_entropy(scores, labels)
    return {"eval/loss": loss.item(), "eval/accuracy": _accuracy(scores, labels)}


def _accuracy(scores: torch.Tensor, labels: torch.Tensor) -> float:
    return float((scores.argmax(dim=1) == labels).float().mean())
