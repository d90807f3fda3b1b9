"""What trainers mean by the columns of their tables, beyond what the names say by themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.base import Trainer
from tuimon.sources.rows import NumberColumn, RawColumn, as_float

TRAINERS = (
    Trainer("Lightning CSVLogger", "`metrics.csv`: rows with holes; a header that grows is no restart"),
    Trainer("Ultralytics YOLO", "`results.csv`: the step is the epoch, `time` becomes `elapsed_time`"),
    Trainer("Keras CSVLogger", "`training.log`, `*.csv`: the step is the epoch"),
    Trainer(
        "Stable-Baselines3, OpenAI Baselines, RLlib, Spinning Up",
        "`progress.csv`, `progress.txt`; `*.monitor.csv`: the step is the sum of episode lengths",
    ),
    Trainer("DVCLive", "`plots/metrics/**/*.tsv`: the path is the tag"),
    Trainer("Flair", "`loss.tsv`: the step is the epoch"),
    Trainer("anything that logs tables", "`*.csv`, `*.tsv` with a header that names a step or an epoch"),
)

# Names that a run's table has, so that a file without content yet is a run that begins, and one without a
# step column is a log all the same.
_LOG_NAME = re.compile(
    r"^(metrics|progress|results|history|log|logs|loss|losses|train(ing)?_?(log|metrics|history)?)\.(csv|tsv)$"
    r"|^progress\.txt$|(^|\.)monitor\.csv$"
)
_MONITOR_NAME = re.compile(r"^(?:(\d+)\.)?monitor\.csv$")
_YOLO_NAMES = ("train/", "val/", "metrics/", "lr/pg", "x/lr")


def is_log_name(name: str) -> bool:
    """Return whether a file is named as only a run's table is (`name` in lower case)."""
    return _LOG_NAME.search(name) is not None


def environment_of(path: Path) -> int:
    """Return the number of the environment whose episodes a file holds: `3.monitor.csv` is of the fourth."""
    match = _MONITOR_NAME.match(path.name.lower())
    return int(match[1]) if match is not None and match[1] else 0


def dvclive_root(path: Path) -> Path | None:
    """Return the folder that DVCLive writes to, for one of its metric files, else None."""
    if path.suffix.lower() != ".tsv":
        return None
    for parent in path.parents:
        if parent.name == "metrics" and parent.parent.name == "plots":
            return parent.parent.parent
    return None


def column_names(path: Path, header: Sequence[str]) -> list[str]:
    """Return the names of a table's columns, all different; what has no name gets ""."""
    names = [name.strip() for name in header]
    lowered = [name.lower() for name in names]
    if (root := dvclive_root(path)) is not None:
        tag = path.relative_to(root / "plots" / "metrics").with_suffix("").as_posix()
        names = [tag if name == path.stem else name for name in names]
    elif "epoch" in lowered and "time" in lowered and any(name.startswith(_YOLO_NAMES) for name in lowered):
        # Seconds since the start; a column of this name is a duration of a step elsewhere.
        names[lowered.index("time")] = "elapsed_time"
    taken: dict[str, int] = {}
    for place, name in enumerate(names):
        taken[name] = taken.get(name, 0) + 1
        if name and taken[name] > 1:
            names[place] = f"{name}.{taken[name] - 1}"
    return names


class EpisodeAxes:
    """Step and time of a Stable-Baselines monitor: a row (r, l, t) per episode.

    The step is the number of environment steps until the end of the episode, the sum of all lengths `l`;
    the time is `t` seconds after the `t_start` of the file's first line.

    Args:
        started: `t_start`, unix seconds; NaN where it is not known.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._steps = 0

    @staticmethod
    def fits(names: Sequence[str]) -> bool:
        """Return whether a table with these columns is a monitor."""
        return list(names[:3]) == ["r", "l", "t"]

    def add(self, axes: dict[str, RawColumn], numbers: dict[str, NumberColumn]) -> None:
        """Add step and clock to the columns of some rows."""
        lengths, ends = numbers.get("l"), numbers.get("t")
        if lengths is not None:
            steps = self._steps + np.cumsum(_whole(lengths))
            self._steps = int(steps[-1])
            axes["total_timesteps"] = RawColumn(lengths.places.tolist(), steps.tolist())
        if ends is not None:
            axes["wall_time"] = RawColumn(ends.places.tolist(), (self._started + ends.values).tolist())


def start_of(comment: object) -> float:
    """Return the `t_start` that a monitor's first line holds, or NaN."""
    started = as_float(comment.get("t_start")) if isinstance(comment, dict) else None
    return float("nan") if started is None else started


def _whole(column: NumberColumn) -> Int64Array:
    usable = np.isfinite(column.values) & (np.abs(column.values) < 2**53)
    return np.where(usable, column.values, 0).astype(np.int64)
