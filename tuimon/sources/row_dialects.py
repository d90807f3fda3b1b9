"""What trainers mean by the names in their JSON lines, where that differs from what the names say.

Rules work row by row on what a file said so far, so that it does not matter how it was split. Rows that no
rule is about are handed on as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from tuimon.core.roles import is_evaluation
from tuimon.sources.rows import Row, as_float

# LLaMA-Factory writes `str(timedelta)`.
_DURATION_NAMES = ("elapsed_time", "remaining_time")
_DURATION = re.compile(r"^(?:(-?\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)$")
# pycocotools' `stats`, which DETR and its followers log as a list; the shorter one is of keypoints.
_BOX_STATS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
_KEYPOINT_STATS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")
_COCO_STATS = {len(names): names for names in (_BOX_STATS, _KEYPOINT_STATS)}
_COCO_NAMES = tuple(
    f"{prefix}coco_eval_{kind}" for prefix in ("", "test_") for kind in ("bbox", "masks", "segm", "keypoints")
)
# detectron2 reckons `eta_seconds` and `time` as medians over windows of different lengths. While both hold
# the same iterations their quotient is a whole number, but for rounding.
_EXACT = 1e-9
_SOME_ESTIMATES = 20

# A longer time is a moment, not a duration.
_LONGEST_STEP_S = 1e6

SIGNS = frozenset({*_DURATION_NAMES, *_COCO_NAMES, "eta_seconds", "iter", "env_info"})
"""Names at the top of rows that a rule may be about."""


class RowDialects:
    """Puts the rows of one file right. Used by one thread."""

    def __init__(self) -> None:
        self._is_plain = True
        epochs = EpochIterations()
        self._rules: tuple[Callable[[Row], Row], ...] = (
            read_durations,
            name_coco_stats,
            TotalFromEta().apply,
            epochs.apply,
            ValidationSteps().apply,
        )

    def are_plain(self, rows: Sequence[Row]) -> bool:
        """Return whether no rule is about these rows, nor about any before them."""
        return self._is_plain and all(map(SIGNS.isdisjoint, rows))

    def apply(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return rows with the meaning that their trainer gives them."""
        self._is_plain = self.are_plain(rows)
        if self._is_plain:
            return rows
        return [self._applied(row) for row in rows]

    def _applied(self, row: Row) -> Row:
        for rule in self._rules:
            row = rule(row)
        return row


def read_durations(row: Row) -> Row:
    """Return a row with seconds in place of `[D day(s), ]H:MM:SS`."""
    for name in _DURATION_NAMES:
        text = row.get(name)
        if isinstance(text, str) and (match := _DURATION.match(text)):
            days, hours, minutes, seconds = match.groups(default="0")
            total_s = ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)
            row = {**row, name: total_s}
    return row


def name_coco_stats(row: Row) -> Row:
    """Return a row with names for the numbers in COCO's lists: `test_coco_eval_bbox/AP50`."""
    for name in _COCO_NAMES:
        numbers = row.get(name)
        if isinstance(numbers, list) and (names := _COCO_STATS.get(len(numbers))):
            row = {**row, name: dict(zip(names, numbers, strict=True))}
    return row


class Stopwatch:
    """Adds up the seconds since the first row, where rows tell how long a step takes and not when it was.

    The result is logged as `elapsed_time`, which makes speed and ETA known.
    """

    def __init__(self) -> None:
        self._step: float | None = None
        self._elapsed_s = 0.0

    def apply(self, row: Row, step: float) -> Row:
        """Return a row at `step` with the seconds since the first one."""
        step_s = as_float(row.get("time"))
        if "elapsed_time" in row or step_s is None or not 0 < step_s < _LONGEST_STEP_S:
            return row
        if self._step is not None:
            self._elapsed_s += step_s * max(0.0, step - self._step)
        self._step = step
        return {**row, "elapsed_time": self._elapsed_s}


class TotalFromEta:
    """Tells at which iteration a run of detectron2 ends: `iteration + eta_seconds / time`.

    Where no row tells it exactly (a resumed run), the median of the last estimates to three digits is told.
    """

    def __init__(self) -> None:
        self._iteration = -1.0
        self._is_exact = False
        self._told = 0
        self._estimates: list[float] = []
        self._stopwatch = Stopwatch()

    def apply(self, row: Row) -> Row:
        """Return the row, with the total in its config if it tells another one than before."""
        iteration, eta_s, step_s = (as_float(row.get(name)) for name in ("iteration", "eta_seconds", "time"))
        if iteration is None or eta_s is None or step_s is None or "config" in row:
            return row
        row = self._stopwatch.apply(row, iteration) if math.isfinite(iteration) else row
        total = self._total(iteration, eta_s, step_s)
        if total is None or total == self._told:
            return row
        self._told = total
        return {**row, "config": {"eta_seconds": {"max_iter": total}}}

    def _total(self, iteration: float, eta_s: float, step_s: float) -> int | None:
        if iteration < self._iteration:
            self._is_exact, self._estimates = False, []
        self._iteration = iteration
        left = eta_s / step_s if step_s > 0 else math.nan
        if not 0 <= left < 1e12 or not 0 <= iteration < 1e12:
            return None
        if left == 0:
            return round(iteration)
        if self._is_exact:
            return None
        if abs(left - round(left)) <= _EXACT * left:
            self._is_exact = True
            return round(iteration + left)
        self._estimates = [*self._estimates, iteration + left][-_SOME_ESTIMATES:]
        middle = sorted(self._estimates)[len(self._estimates) // 2]
        return int(float(f"{middle:.2e}")) if len(self._estimates) == _SOME_ESTIMATES else None


class EpochIterations:
    """Counts the iterations of mmcv, whose `iter` begins at 1 in every epoch.

    The first iteration of an epoch follows the last one that the epoch before logged. Validation rows hold
    a number of batches as `iter`: they belong to the iteration before them, and get `val/` before their
    names. Iteration-based runs, whose `iter` goes on, stay as they are.
    """

    def __init__(self) -> None:
        self._offsets: dict[float, int] = {}
        self._epoch = math.nan
        self._iter = 0
        self._step = 0
        self._stopwatch = Stopwatch()

    def apply(self, row: Row) -> Row:
        """Return the row with a `step` in place of `iter`."""
        if "env_info" in row:
            return {"config": {name: value for name, value in row.items() if name != "env_info"}}
        mode, epoch, iteration = row.get("mode"), as_float(row.get("epoch")), as_float(row.get("iter"))
        if mode not in ("train", "val") or epoch is None or iteration is None or not _is_whole(iteration):
            return row
        rest = {name: value for name, value in row.items() if name not in ("mode", "iter")}
        if mode == "val":
            named = {_of_validation(name): value for name, value in rest.items()}
            return {**named, "step": self._step}
        self._step = self._offset(epoch, int(iteration)) + int(iteration)
        self._epoch, self._iter = epoch, int(iteration)
        return self._stopwatch.apply({**rest, "step": self._step}, self._step)

    def _offset(self, epoch: float, iteration: int) -> int:
        if epoch not in self._offsets:
            begins_again = iteration <= self._iter
            before = self._offsets.get(self._epoch, 0)
            self._offsets[epoch] = before + (self._iter if begins_again else 0)
        return self._offsets[epoch]


class ValidationSteps:
    """Places the validation rows of mmengine, whose `step` is the epoch, at the iteration before them.

    They are known by having a `step` that is the last epoch, and no `iter`. Their durations get `val/`
    before their names, because those of the training are called the same.
    """

    def __init__(self) -> None:
        self._step: float | None = None
        self._epoch: float | None = None
        self._stopwatch = Stopwatch()

    def apply(self, row: Row) -> Row:
        """Return the row with an iteration as its step."""
        step = as_float(row.get("step"))
        if step is None or not math.isfinite(step):
            return row
        if "iter" in row:
            if as_float(row["iter"]) != step:
                return row
            self._step, self._epoch = step, as_float(row.get("epoch"))
            rest = {name: value for name, value in row.items() if name != "iter"}
            return self._stopwatch.apply(rest, step)
        if self._step is None or "epoch" in row:
            return row
        named = {f"val/{name}" if name in ("time", "data_time") else name: row[name] for name in row}
        is_epoch = self._epoch is not None and step == math.floor(self._epoch) and step < self._step
        return {**named, "step": int(self._step)} if is_epoch else named


def _of_validation(name: str) -> str:
    return name if name == "epoch" or is_evaluation(name) else f"val/{name}"


def _is_whole(number: float) -> bool:
    return math.isfinite(number) and abs(number) < 2**53 and number.is_integer()
