"""The run `resumed`: killed twice, resumed from its last checkpoint twice, all in one file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from scripts.sample_runs import corpus, language_model
from scripts.sample_runs.clock import VirtualClock
from scripts.sample_runs.metrics_log import MetricsLog
from scripts.sample_runs.training import (
    LOWEST_LEARNING_RATE_SHARE,
    clip_gradients,
    make_reproducible,
    set_learning_rate,
    warmup_cosine,
)

SEED = 21
MAX_STEPS = 700
KILLED_AT = (357, 541)
DOWN_TIME_S = (14.0 * 60.0, 47.0 * 60.0)
CHECKPOINT_EVERY = 100
EVAL_EVERY = 50
BATCH_SIZE = 16
SEQUENCE_LENGTH = 64
HIDDEN_SIZE = 96
PEAK_LEARNING_RATE = 3e-3
WARMUP_STEPS = 40
MAX_GRAD_NORM = 1.0
STEP_S = 1.2
EVALUATION_S = 5.0
CHECKPOINT_S = 4.0
CONFIG: dict[str, int | float | str] = {
    "max_steps": MAX_STEPS,
    "batch_size": BATCH_SIZE,
    "sequence_length": SEQUENCE_LENGTH,
    "learning_rate": PEAK_LEARNING_RATE,
    "lr_scheduler_type": "cosine_with_min_lr",
    "min_lr_rate": LOWEST_LEARNING_RATE_SHARE,
    "warmup_steps": WARMUP_STEPS,
    "max_grad_norm": MAX_GRAD_NORM,
    "save_steps": CHECKPOINT_EVERY,
    "eval_steps": EVAL_EVERY,
    "seed": SEED,
}


def make(folder: Path) -> None:
    """Train in three attempts and write `metrics.jsonl` into `folder`."""
    clock = VirtualClock(day=3, seed=SEED)
    with MetricsLog(folder / "metrics.jsonl", clock) as log:
        log.write_config(CONFIG)
    with tempfile.TemporaryDirectory() as checkpoints:
        checkpoint = Path(checkpoints) / "last.pt"
        for attempt, (last_step, down_time_s) in enumerate(zip(KILLED_AT, DOWN_TIME_S, strict=True)):
            _Attempt(attempt, checkpoint, clock).train(folder, last_step)
            clock.advance(down_time_s)
        _Attempt(len(KILLED_AT), checkpoint, clock).train(folder, MAX_STEPS)
    with MetricsLog(folder / "metrics.jsonl", clock) as log:
        log.write_event("finished")


class _Attempt:
    """One start of the training script, which finds out by itself whether there is a checkpoint.

    Args:
        attempt: How often the script was started before; each start draws other batches.
        checkpoint: Where model and optimiser are saved to and loaded from.
        clock: The time base, which goes on over all attempts.
    """

    def __init__(self, attempt: int, checkpoint: Path, clock: VirtualClock) -> None:
        make_reproducible(SEED)
        text = corpus.compose_text(200_000, seed=31)
        alphabet = corpus.alphabet_of(text)
        held_out = corpus.encode(corpus.compose_text(8_000, seed=32), alphabet)
        self._sequences = language_model.cut_sequences(corpus.encode(text, alphabet), SEQUENCE_LENGTH)
        self._held_out = language_model.cut_sequences(held_out, SEQUENCE_LENGTH)
        self._model = language_model.build_language_model(len(alphabet), HIDDEN_SIZE)
        self._optimizer = torch.optim.AdamW(self._model.parameters(), lr=PEAK_LEARNING_RATE)
        self._generator = torch.Generator().manual_seed(SEED + attempt)
        self._checkpoint = checkpoint
        self._clock = clock

    def train(self, folder: Path, last_step: int) -> None:
        """Go on from the checkpoint, or from the start, until the process ends at `last_step`."""
        first_step = self._load() + 1
        with MetricsLog(folder / "metrics.jsonl", self._clock) as log:
            for step in range(first_step, last_step + 1):
                metrics = self._take_step(step)
                self._clock.advance(STEP_S)
                log.write_metrics(step, metrics)
                if step % EVAL_EVERY == 0:
                    self._clock.advance(EVALUATION_S)
                    loss = language_model.mean_loss(self._model, list(self._held_out.split(BATCH_SIZE)))
                    log.write_metrics(step, {"eval/loss": loss})
                if step % CHECKPOINT_EVERY == 0:
                    self._clock.advance(CHECKPOINT_S)
                    self._save(step)

    def _take_step(self, step: int) -> dict[str, float]:
        learning_rate = warmup_cosine(
            step, peak=PEAK_LEARNING_RATE, warmup_steps=WARMUP_STEPS, total_steps=MAX_STEPS
        )
        set_learning_rate(self._optimizer, learning_rate)
        rows = torch.randint(0, len(self._sequences), (BATCH_SIZE,), generator=self._generator)
        loss = language_model.sequence_loss(self._model, self._sequences[rows])
        self._optimizer.zero_grad()
        loss.backward()
        norm = clip_gradients(self._model.parameters(), MAX_GRAD_NORM)
        self._optimizer.step()
        return {"train/loss": loss.item(), "train/learning_rate": learning_rate, "train/grad_norm": norm}

    def _save(self, step: int) -> None:
        state = {"step": step, "model": self._model.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save(state, self._checkpoint)

    def _load(self) -> int:
        """Load the checkpoint and return its step, 0 where there is none yet."""
        if not self._checkpoint.exists():
            return 0
        state = torch.load(self._checkpoint, weights_only=True)
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])
