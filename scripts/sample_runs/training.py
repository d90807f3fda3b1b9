"""What the training loops of the sample runs have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

LOWEST_LEARNING_RATE_SHARE = 0.1
"""Share of its peak at which the learning rate of `warmup_cosine` ends."""


def make_reproducible(seed: int) -> None:
    """Seed torch and keep it to one thread, so that sums are taken in the same order every time."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(seed)


def warmup_cosine(step: int, *, peak: float, warmup_steps: int, total_steps: int) -> float:
    """Return the learning rate of a step (from 1): a linear rise, then half a cosine down to a tenth."""
    if step <= warmup_steps:
        return peak * step / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    fall = 0.5 * (1.0 + math.cos(math.pi * progress))
    return peak * (LOWEST_LEARNING_RATE_SHARE + (1.0 - LOWEST_LEARNING_RATE_SHARE) * fall)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of all parameter groups."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


def clip_gradients(parameters: Iterable[torch.Tensor], max_norm: float) -> float:
    """Clip the gradients in place and return their norm as it was before."""
    return float(nn.utils.clip_grad_norm_(parameters, max_norm))


def gradient_norm(parameters: Iterable[torch.Tensor]) -> float:
    """Return the norm of all gradients and leave them as they are."""
    return clip_gradients(parameters, math.inf)
