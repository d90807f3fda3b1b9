"""What the y axis of a panel counts, with its unit."""

from __future__ import annotations

from tuimon.core.roles import Role
from tuimon.core.text import clean

_QUANTITIES = {
    Role.LOSS: "loss",
    Role.EVAL_LOSS: "loss",
    Role.PERPLEXITY: "perplexity",
    Role.EVAL_PERPLEXITY: "perplexity",
    Role.ACCURACY: "accuracy",
    Role.EVAL_ACCURACY: "accuracy",
    Role.ERROR: "error",
    Role.REWARD: "reward",
    Role.LEARNING_RATE: "learning rate",
    Role.GRAD_NORM: "gradient norm",
    Role.TOKENS: "tokens",
    Role.GPU_UTILISATION: "utilisation in %",
    Role.GPU_MEMORY_PCT: "memory in %",
    Role.GPU_TEMPERATURE: "temperature in °C",
    Role.GPU_POWER: "power in W",
    Role.GPU_CLOCK: "clock in MHz",
    Role.CPU_UTILISATION: "utilisation in %",
    Role.HOST_MEMORY_PCT: "memory in %",
    Role.DISK_PCT: "disk in %",
}
# Units that names tell; the longer ones first.
_UNITS = (
    ("tokens_per_s", "tokens per second"),
    ("tokens/s", "tokens per second"),
    ("samples_per_s", "samples per second"),
    ("steps_per_s", "steps per second"),
    ("_gb", "GB"),
    ("_mb", "MB"),
    ("_ms", "ms"),
    ("percent", "%"),
    ("_pct", "%"),
    ("seconds", "s"),
)


def quantity(role: Role, tag: str) -> str:
    """Return what the values of a tag are, with their unit where the name tells it."""
    known = _QUANTITIES.get(role)
    if known is not None:
        return known
    name = tag.lower()
    unit = next((unit for word, unit in _UNITS if word in name), None)
    last = clean(tag.rstrip("/").rpartition("/")[2]) or "value"
    return unit if unit is not None else last
