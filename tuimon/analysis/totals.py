"""At which step and epoch a run will end, from whatever says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tuimon.analysis.epoch_count import LARGEST_TOTAL, epoch_series, steps_per_epoch
from tuimon.analysis.lines import training_series
from tuimon.core.batch import ConfigValue
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# Names as trainers write them, the most specific first. Hugging Face, LLaMA-Factory, Lightning, nanoGPT,
# Megatron, detectron2, fairseq, Stable-Baselines3, ML-Agents, Ultralytics, mmengine, timm.
_STEP_NAMES = (
    "total_steps", "max_steps", "num_training_steps", "max_train_steps", "total_training_steps",
    "train_steps", "training_steps", "max_iters", "max_iter", "train_iters", "total_iters", "num_iterations",
    "total_iterations", "max_updates", "max_update", "total_timesteps", "n_timesteps", "total_env_steps",
)  # fmt: skip
_EPOCH_NAMES = (
    "num_train_epochs", "num_epochs", "max_epochs", "total_epochs", "train_epochs", "n_epochs", "nb_epochs",
    "max_epoch", "epochs",
)  # fmt: skip
# Hugging Face has a number of epochs even where `max_steps` ends the run.
_OVERRULED_BY_STEPS = frozenset({"num_train_epochs"})
_EPOCH_LENGTH_NAMES = (
    "steps_per_epoch", "num_update_steps_per_epoch", "iters_per_epoch", "batches_per_epoch", "train_batches",
)  # fmt: skip
# The same names may count what was done so far (`time/total_timesteps`): as scalars outside `Config/` only
# these are believed, and only while they stand still.
_COLUMN_NAMES = frozenset(
    {
        "total_steps",
        "max_steps",
        "num_training_steps",
        "total_epochs",
        "max_epochs",
        "num_train_epochs",
        "steps_per_epoch",
    }
)
_STILL_POINTS = 16
_ALL_NAMES = _STEP_NAMES + _EPOCH_NAMES + _EPOCH_LENGTH_NAMES
# `env.max_steps` ends an episode and `generation.max_steps` a text, not the training.
_OTHER_MATTERS = frozenset(
    {"env", "environment", "generation", "eval", "evaluation", "test", "sampler", "wandb"}
)
_CONFIG_TEXT = re.compile(r"config|hparam|hyper|param|arg|setting|text_summary", re.IGNORECASE)
# Few runs have such texts: it is compiled when there is one.
_TEXT_ENTRY = (
    r"(?<![\w.])(" + "|".join(_ALL_NAMES) + r")[\"'`*]*\s*[:=|]\s*[\"'`*]*(-?\d[\d_]*(?:\.\d+)?(?:e\+?\d+)?)"
)
_LONGEST_TEXT = 200_000
_SMALLEST_SHARE = 1e-6
_PERCENTAGE = re.compile(r"(^|/)(percentage|percent|progress_pct|percent_complete)$", re.IGNORECASE)
# A run may go a little beyond what was asked for (Stable-Baselines3 fills its last rollout). A total that was
# left behind by more than this is about something else.
_OVERSHOOT = 1.02


@frozen
class Totals:
    """Where a run ends.

    Attributes:
        total_steps: The step at which it ends; None where nothing says so.
        total_epochs: The number of its epochs.
        steps_per_epoch: How many steps an epoch has.
        source: What `total_steps` was taken from, for people (`config max_steps`); empty where it is None.
        from_epochs: Whether `total_steps` was reckoned from the epochs logged so far.
    """

    total_steps: int | None = None
    total_epochs: float | None = None
    steps_per_epoch: float | None = None
    source: str = ""
    from_epochs: bool = False


@frozen
class _Said:
    """A number that the run itself states under one of the known names."""

    name: str
    value: float
    source: str


def find_totals(run: RunView, total: int | None = None) -> Totals:
    """Return where a run ends.

    Asked in this order: `total`, the config, scalars (`Config/total_steps`, a column `total_steps`), texts
    (`args/text_summary`), a logged percentage, logged epochs together with the number of epochs.

    Args:
        run: The run.
        total: What the person said (`--total`), or None.
    """
    leader = training_series(run)
    reached = leader.statistics.last_step if leader is not None else 0
    said = [*_of_config(run), *_of_scalars(run), *_of_texts(run)]
    epochs = _first(said, _EPOCH_NAMES)
    length = _logged_epoch_length(run)
    if length is None and (stated := _first(said, _EPOCH_LENGTH_NAMES)) is not None:
        length = stated.value
    steps, source, from_epochs = _total_steps(run, said, reached, epochs, length)
    if total is not None:
        steps, source, from_epochs = total, "--total", False
    total_epochs = epochs.value if epochs is not None else None
    if total_epochs is None and steps is not None and length:
        total_epochs = round(steps / length, 2)
    elif (
        length is None and epochs is not None and epochs.name not in _OVERRULED_BY_STEPS and steps is not None
    ):
        length = steps / epochs.value
    return Totals(steps, total_epochs, length, source, from_epochs)


def _total_steps(
    run: RunView, said: list[_Said], reached: int, epochs: _Said | None, length: float | None
) -> tuple[int | None, str, bool]:
    stated = _first(said, _STEP_NAMES, at_least=reached / _OVERSHOOT)
    if stated is not None:
        return round(stated.value), stated.source, False
    if (of_percentage := _of_percentage(run)) is not None:
        return *of_percentage, False
    if epochs is not None and length:
        steps = round(epochs.value * length)
        if steps * _OVERSHOOT >= reached:
            return steps, f"epochs of {epochs.source}", True
    return None, "", False


def _first(said: Iterable[_Said], names: tuple[str, ...], at_least: float = 0.0) -> _Said | None:
    """Return the statement of the first name that has one; of one name the first statement counts."""
    fitting = [each for each in said if each.name in names and each.value >= at_least]
    return min(fitting, key=lambda each: names.index(each.name), default=None)


def _of_config(run: RunView) -> Iterator[_Said]:
    """Yield what the config says, settings of the whole before settings of its parts."""
    # A source that takes a column of this name for a setting may have taken a counter.
    counting = {tag for tag, series in run.series.items() if len(series) and not _stands_still(series)}
    for key in sorted(run.config, key=lambda name: name.count(".")):
        *parents, name = re.split(r"[./]", key.strip().lower())
        if name in _ALL_NAMES and key not in counting and _OTHER_MATTERS.isdisjoint(parents):
            value = _number(run.config[key])
            if value is not None:
                yield _Said(name, value, f"config {key}")


def _of_scalars(run: RunView) -> Iterator[_Said]:
    for tag, series in run.series.items():
        name = tag.rsplit("/", 1)[-1].strip().lower()
        is_setting = name in _ALL_NAMES and series.role is Role.CONFIG
        is_column = name in _COLUMN_NAMES and series.role is not Role.EPOCH
        if len(series) and (is_setting or (is_column and _stands_still(series))):
            value = _number(series.statistics.last)
            if value is not None:
                yield _Said(name, value, f"scalar {tag}")


def _stands_still(series: SeriesView) -> bool:
    """Return whether the last values are equal; a single one has to lie ahead of its step."""
    recent = series.values[-_STILL_POINTS:]
    if len(recent) == 1:
        return bool(recent[0] > series.steps[-1])
    return bool((recent == recent[-1]).all())


def _of_texts(run: RunView) -> Iterator[_Said]:
    for tag, records in run.texts.items():
        if _CONFIG_TEXT.search(tag):
            for name, value in _entries(records.newest.text):
                yield _Said(name, value, f"text {tag}")


@lru_cache(maxsize=256)
def _entries(text: str) -> tuple[tuple[str, float], ...]:
    """Return the known names with their numbers in a text that is JSON, YAML, a table or `name = value`."""
    found = re.findall(_TEXT_ENTRY, text[:_LONGEST_TEXT], re.IGNORECASE)
    numbers = ((name.lower(), _number(number.replace("_", ""))) for name, number in found)
    return tuple((name, number) for name, number in numbers if number is not None)


def _of_percentage(run: RunView) -> tuple[int, str] | None:
    for tag, series in run.series.items():
        if len(series) and _PERCENTAGE.search(tag):
            share, step = float(series.values[-1]) / 100, int(series.steps[-1])
            if _SMALLEST_SHARE <= share <= 1 and 0 < step <= LARGEST_TOTAL:
                return round(step / share), f"scalar {tag}"
    return None


def _logged_epoch_length(run: RunView) -> float | None:
    series = epoch_series(run)
    if series is None or not series.segments:
        return None
    begin = series.segments[-1].start
    return steps_per_epoch(series.steps.part(begin, len(series)), series.values[begin:])


def _number(value: ConfigValue) -> float | None:
    """Return a number that can be a total, or None for anything else (-1 says "not set"; a flag is none)."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 < number <= LARGEST_TOTAL else None
