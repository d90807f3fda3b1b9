"""The best value of a run, and the checkpoint that holds it."""

from __future__ import annotations

import re

from tuimon.core.frozen import frozen
from tuimon.core.roles import FALLING_IS_GOOD, RISING_IS_GOOD, Role
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# What is measured on held-out examples counts first; the training loss is what remains.
_ROLES = (
    Role.EVAL_LOSS,
    Role.EVAL_ACCURACY,
    Role.EVAL_PERPLEXITY,
    Role.REWARD,
    Role.LOSS,
    Role.PERPLEXITY,
    Role.ERROR,
    Role.ACCURACY,
)
_STEP_AT_END = re.compile(r"(\d+)$")
_NAME_AT_END = re.compile(r"([^\s/\\]+)[/\\]*$")


@frozen
class Best:
    """The best value that a run has reached.

    Attributes:
        series: The tag.
        direction: `min` or `max`, whichever is better.
        value: The value.
        step: The logged step at which it was reached first.
        checkpoint: Name of the checkpoint of that step, or None where none is known.
    """

    series: str
    direction: str
    value: float
    step: int
    checkpoint: str | None


def best_value(run: RunView) -> Best | None:
    """Return the best value of the run's most telling curve, or None where no curve has a direction.

    The metric that the trainer itself judges by (`metric_for_best_model`) takes precedence. Exact, at the
    cost of looking it up.
    """
    configured = _configured_series(run)
    ranked = (series for role in _ROLES for series in run.with_role(role))
    for series in ranked if configured is None else (configured, *ranked):
        best = _best_of(run, series)
        if best is not None:
            return best
    return None


def _best_of(run: RunView, series: SeriesView) -> Best | None:
    statistics = series.statistics
    if series.role in RISING_IS_GOOD:
        direction, value, step = "max", statistics.maximum, statistics.maximum_step
    elif series.role in FALLING_IS_GOOD:
        direction, value, step = "min", statistics.minimum, statistics.minimum_step
    else:
        return None
    if value is None or step is None:
        return None
    return Best(series.tag, direction, value, step, checkpoint_at(run, step))


def _configured_series(run: RunView) -> SeriesView | None:
    """Return the series of `metric_for_best_model`, which Hugging Face writes with or without `eval_`."""
    metric = run.config.get("metric_for_best_model")
    if not isinstance(metric, str):
        return None
    name = metric.removeprefix("eval_")
    spellings = (f"eval_{name}", f"eval/{name}", metric)
    return next((run.series[tag] for tag in spellings if tag in run.series and len(run.series[tag])), None)


def checkpoint_at(run: RunView, step: int) -> str | None:
    """Return the name of the checkpoint of a step: recorded, or the trainer's best if it is of that step."""
    for record in reversed(run.lifecycle):
        if record.kind == "checkpoint" and record.step == step:
            return _name(record.text) or f"step {step}"
    best = run.config.get("best_model_checkpoint")
    name = _name(best) if isinstance(best, str) else None
    number = _STEP_AT_END.search(name) if name else None
    return name if number is None or int(number[1]) == step else None


def _name(text: str) -> str | None:
    """Return the last part of a path, or of a sentence that ends in one."""
    found = _NAME_AT_END.search(text.strip())
    return found[1] if found else None
