"""The run `healthy`: a language model that learns as it should, logged to TensorBoard."""

from __future__ import annotations

import math
import resource
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from scripts.sample_runs import corpus, language_model
from scripts.sample_runs.clock import VirtualClock
from scripts.sample_runs.gpus import BusyGpu
from scripts.sample_runs.training import clip_gradients, make_reproducible, set_learning_rate, warmup_cosine

STEP_S = 1.8
EVALUATION_S = 8.0
CHECKPOINT_S = 5.0
SYSTEM_EVERY = 5
HISTOGRAM_EVERY = 97
HISTOGRAM_BINS = 48
SAMPLE_LENGTH = 240


@dataclass(frozen=True, slots=True)
class Config:
    """The hyper-parameters, logged as `Config/*`."""

    total_steps: int = 873
    num_epochs: int = 3
    batch_size: int = 16
    sequence_length: int = 64
    hidden_size: int = 128
    learning_rate: float = 1e-3
    warmup_steps: int = 60
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    eval_every: int = 50
    seed: int = 11

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps for one pass over the training text."""
        return self.total_steps // self.num_epochs


def make(folder: Path) -> None:
    """Train the model and write the event file into `folder`."""
    config = Config()
    make_reproducible(config.seed)
    recorder = _Recorder(folder, VirtualClock(day=0, seed=config.seed))
    recorder.config(config)
    _train(config, recorder)
    recorder.close()
    for path in folder.glob("events.out.tfevents.*"):  # the writer names it after this machine and process
        path.rename(folder / f"events.out.tfevents.{recorder.start_s:010.0f}.sample.0")


def _train(config: Config, recorder: _Recorder) -> None:
    characters = config.steps_per_epoch * config.batch_size * config.sequence_length + 1
    text = corpus.compose_text(characters, seed=1)
    alphabet = corpus.alphabet_of(text)
    sequences = language_model.cut_sequences(corpus.encode(text, alphabet), config.sequence_length)
    held_out_text = corpus.encode(corpus.compose_text(12_000, seed=2), alphabet)
    held_out = language_model.cut_sequences(held_out_text, config.sequence_length)
    model = language_model.build_language_model(len(alphabet), config.hidden_size)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.weight_decay)
    recorder.weights(0, model)
    order = torch.empty(0, dtype=torch.int64)
    for step in range(1, config.total_steps + 1):
        place = (step - 1) % config.steps_per_epoch
        if place == 0:
            order = torch.randperm(len(sequences))
        rows = order[place * config.batch_size : (place + 1) * config.batch_size]
        values = _take_step(config, model, optimizer, sequences[rows], step)
        recorder.clock.advance(STEP_S)
        recorder.scalars(step, values)
        _log_occasionally(config, recorder, model, held_out, step)
        if step % config.steps_per_epoch == 0:
            recorder.clock.advance(CHECKPOINT_S)
            sample = language_model.generate_text(model, alphabet, length=SAMPLE_LENGTH, seed=step)
            recorder.text(step, "Samples/Generated", sample)


def _take_step(
    config: Config, model: nn.ModuleDict, optimizer: torch.optim.Optimizer, batch: torch.Tensor, step: int
) -> dict[str, float]:
    learning_rate = warmup_cosine(
        step, peak=config.learning_rate, warmup_steps=config.warmup_steps, total_steps=config.total_steps
    )
    set_learning_rate(optimizer, learning_rate)
    loss = language_model.sequence_loss(model, batch)
    optimizer.zero_grad()
    loss.backward()
    norm = clip_gradients(model.parameters(), config.max_grad_norm)
    optimizer.step()
    return {
        "Training/Loss": loss.item(),
        "Training/Perplexity": math.exp(loss.item()),
        "Training/Learning_Rate": learning_rate,
        "Training/Gradient_Norm": norm,
        "Training/Epoch": step / config.steps_per_epoch,
    }


def _log_occasionally(
    config: Config, recorder: _Recorder, model: nn.ModuleDict, held_out: torch.Tensor, step: int
) -> None:
    """Log what a script logs only every so many steps."""
    if step % SYSTEM_EVERY == 0:
        recorder.system(step)
    if step % HISTOGRAM_EVERY == 0:
        recorder.weights(step, model)
    if step % config.eval_every == 0 or step == config.total_steps:
        recorder.clock.advance(EVALUATION_S)
        loss = language_model.mean_loss(model, list(held_out.split(config.batch_size)))
        recorder.scalars(step, {"Validation/Loss": loss, "Validation/Perplexity": math.exp(loss)})


class _Recorder:
    """Writes what a training script of this kind logs, at the times of a virtual clock."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock = clock
        self.start_s = clock.now()
        self._last_sample_s = self.start_s
        self._gpus = [
            BusyGpu(seed=100, level_percent=94.0, memory_gb=61.4),
            BusyGpu(seed=101, level_percent=92.0, memory_gb=60.8),
        ]
        with clock.as_system_time():  # the writer stamps its name and its first record by itself
            self._writer = SummaryWriter(str(folder))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Write one value per tag."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step, walltime=self.clock.now())

    def text(self, step: int, tag: str, text: str) -> None:
        """Write a text."""
        self._writer.add_text(tag, text, step, walltime=self.clock.now())

    def config(self, config: Config) -> None:
        """Write the hyper-parameters, as scalars and as a table."""
        values = asdict(config)
        self.scalars(0, {f"Config/{name}": float(value) for name, value in values.items()})
        rows = [f"| {name} | {value} |" for name, value in values.items()]
        self.text(0, "Config", "\n".join(["| setting | value |", "|---|---|", *rows]))

    def weights(self, step: int, model: nn.Module) -> None:
        """Write a histogram of each weight matrix."""
        for name, weight in model.named_parameters():
            if weight.dim() == 2:
                tag = f"Weights/{name}"
                self._writer.add_histogram(tag, weight, step, HISTOGRAM_BINS, walltime=self.clock.now())

    def system(self, step: int) -> None:
        """Write the memory of this process, and the readings of two GPUs that only exist as a model."""
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        memory_gb = psutil.Process().memory_info().rss / 1e9
        self.scalars(
            step, {"Memory/Allocated_GB": round(memory_gb, 2), "Memory/Reserved_GB": round(peak_gb, 2)}
        )
        now = self.clock.now()
        for place, gpu in enumerate(self._gpus):
            readings = gpu.sample(now - self.start_s, now - self._last_sample_s)
            self.scalars(step, {f"GPU_{place}/{name}": value for name, value in readings.items()})
        self._last_sample_s = now
