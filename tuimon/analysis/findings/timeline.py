"""The run as every rule sees it: where it is, how it moves, and what was logged last."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Mapping, Sequence
from statistics import median

from tuimon.analysis.findings.history import History
from tuimon.core.batch import ConfigValue
from tuimon.core.roles import Role, pair_key, role_of

# Roles whose series have a history of what is usual, and over how many recent points. A loss moves, so its
# recent median is short; a gradient norm is compared with a longer past.
HISTORY_POINTS = {Role.LOSS: 25, Role.GRAD_NORM: 128}
_INTERVALS = 64
_EVAL_LOSSES = 256
# Jobs restart a handful of times.
_UNTIMED_FALLS = 64
_SMALL_RUN_LINES = 200
# Longer than this many usual intervals without a training line is a pause, not training.
_PAUSE_INTERVALS = 5.0
# Two networks against each other, or a policy that chooses its own examples: the loss of such a run may rise
# for a long time while all is well.
_UNDIRECTED = re.compile(
    r"(^|[/_.\s-])(d|g|disc\w*|gen|generator|gan|adv\w*|policy|pg|actor|critic|vf|value)[/_.\s-]?loss"
)


class Timeline:
    """Follows the training lines of one run.

    A training line is a point of the leading series: the one whose steps tell restarts best (the training
    loss, if there is one). Everything is in order of arrival; times are those of the rows.

    Attributes:
        tag: Tag of the row that is being looked at.
        step: Its step; None before the first.
        time: Its wall time; NaN where none is logged.
        now: The latest time known, from rows or from the clock; NaN before there is one.
        train_step: Step of the last training line.
        line_time: Wall time of the last training line.
        active_time: Wall time of the last training or evaluation point.
        lines: Training lines so far.
        lines_since_start: Training lines since the run began or was restarted.
        interval_s: Seconds that the last training line took, evaluations before it left out; NaN if unknown.
        step_s: The same per step.
        paused: Whether the last training line came after a pause (or it cannot be told).
        restarts_are_known: Whether a step that falls is a restart.
        restarts: How often the step fell.
        restart_is_told: Whether the last restart had been told before, by lines of another leader.
        step_before: Step that had been reached before the last restart.
        resumed_step: Step at which the run went on after it.
        total_steps: Step at which the run will end, if known.
        config: Hyper-parameters.
        latest: Last finite value of the roles that are asked for.
        last_finite: While a value that is no number is looked at, the last one of its series that was.
        undirected: The run trains a policy or networks against each other: its loss has no direction.
        eval_losses: The last finite evaluation losses of one series, each with `lines` at that moment.
        ended: The run said that it is over, or whoever watches it did.
        failed: It ended badly.
        last_words: What it said of that.
        choose_anew: A rule hears other series, or fewer, from the next training line on.
    """

    def __init__(self) -> None:
        self.tag = ""
        self.step: int | None = None
        self.time = math.nan
        self.now = math.nan
        self.train_step: int | None = None
        self.line_time = math.nan
        self.active_time = math.nan
        self.lines = 0
        self.lines_since_start = 0
        self.interval_s = math.nan
        self.step_s = math.nan
        self.paused = True
        self.restarts = 0
        self.restart_is_told = False
        self.restarts_are_known = True
        self.step_before = 0
        self.resumed_step = 0
        self.total_steps: int | None = None
        self.config: Mapping[str, ConfigValue] = {}
        self.latest: dict[Role, float] = {}
        self._readings: dict[str, float] = {}
        self._sensed: tuple[Sequence[str], Sequence[float]] = ((), ())
        self.last_finite: float | None = None
        self.undirected = False
        self.ended = False
        self.failed = False
        self.last_words = ""
        self.choose_anew = False
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        # None of them is shorter.
        self._shortest_s = math.inf
        self.eval_losses: deque[tuple[int, float]] = deque(maxlen=_EVAL_LOSSES)
        self._eval_loss_tag = ""
        self._loss_tags: dict[str, str] = {}
        self._evaluation_time = -math.inf
        self._reached = 0
        self._offset = 0
        # The steps between which restarts lie that lines without times told: those of the present leader, and
        # those of the ones before it.
        self._untimed_falls: deque[tuple[int, int]] = deque(maxlen=_UNTIMED_FALLS)
        self._told_falls: deque[tuple[int, int]] = deque(maxlen=_UNTIMED_FALLS)
        self._histories: dict[str, History] = {}

    @property
    def accumulated_step(self) -> int | None:
        """The present step on the accumulated axis."""
        return None if self.step is None else self.step + self._offset

    @property
    def progress(self) -> float | None:
        """The share of the run that is done, 0 to 1; None where its length is not known."""
        if not self.total_steps or self.train_step is None:
            return None
        share = self.train_step / self.total_steps
        return share if 0.0 <= share <= 1.0 else float(share > 0.0)

    @property
    def may_be_small(self) -> bool:
        """Whether the run may be over before the rules have their usual number of points."""
        return not self.progress or self.lines < _SMALL_RUN_LINES * self.progress

    @property
    def silence_s(self) -> float:
        """Seconds since the last training or evaluation point; NaN if unknown."""
        return self.now - self.active_time

    @property
    def usual_interval_s(self) -> float:
        """Median seconds between training lines; NaN before there are three."""
        return median(self._intervals) if len(self._intervals) > 1 else math.nan

    @property
    def readings(self) -> Mapping[str, float]:
        """The last finite value of each sensor."""
        self._readings.update(zip(*self._sensed, strict=True))
        return self._readings

    def sense(self, tags: Sequence[str], values: Sequence[float]) -> None:
        """Take note of what sensors read; the same ones are mostly read again before anybody asks."""
        if tags is not self._sensed[0]:
            self._readings.update(zip(*self._sensed, strict=True))
        self._sensed = tags, values

    def history(self, tag: str) -> History:
        """Return what is usual for a series of one of `HISTORY_POINTS`' roles."""
        history = self._histories.get(tag)
        if history is None:
            history = self._histories[tag] = History(HISTORY_POINTS[role_of(tag)])
        return history

    def train_history(self, eval_tag: str) -> History | None:
        """Return what is known of the training loss that belongs to an evaluation loss, if there is one."""
        tag = self._loss_tags.get(pair_key(eval_tag)) or next(iter(self._loss_tags.values()), None)
        return None if tag is None else self.history(tag)

    def note_tag(self, tag: str, role: Role) -> None:
        """Learn from a new tag what kind of run it is."""
        if role is Role.LOSS:
            self._loss_tags.setdefault(pair_key(tag), tag)
        if role is Role.REWARD or _UNDIRECTED.search(tag.lower()):
            self.undirected = True

    def move(self, step: int | None, time: float) -> None:
        """Go to the step and time of the row that is looked at next."""
        self.step = step
        self.time = time
        if not time <= self.now:
            self.now = time

    def advance(self, time: float) -> None:
        """Let time pass."""
        self.time = time
        if not time <= self.now:
            self.now = time

    def begin_line(self) -> bool:
        """Take the present row for a training line and return whether the run was restarted before it."""
        step = self.step or 0
        restarted = self.train_step is not None and step < self.train_step and self.restarts_are_known
        if restarted:
            self._restart(step)
        elif self.train_step is None and self._told_falls and step < self._told_falls[0][0]:
            # A new leader that tells the run from its beginning.
            self._offset = self._reached = 0
        self._measure_interval(step)
        self.train_step = step
        self._reached = max(self._reached, step)
        self.line_time = self.time
        self.lines += 1
        self.lines_since_start += 1
        self.ended = False
        return restarted

    def note_evaluation(self) -> None:
        """Take the present row for an evaluation: training goes on from its time."""
        self._evaluation_time = self.time

    def note_eval_loss(self, tag: str, value: float) -> None:
        """Remember an evaluation loss; of several series the one that came first is the run's."""
        if not self.eval_losses:
            self._eval_loss_tag = tag
        if tag == self._eval_loss_tag:
            self.eval_losses.append((self.lines, value))

    def change_leader(self) -> None:
        """Let another series tell the training lines from now on; its steps and pace may be others.

        Lines without times come before all others of their run, which tell the same restarts again.
        """
        self._told_falls += self._untimed_falls
        self._untimed_falls.clear()
        self.train_step = None
        self.lines_since_start = 0
        self._intervals.clear()

    def _restart(self, step: int) -> None:
        """Keep what is known of the series, and drop what is known of the speed."""
        self.restarts += 1
        self.step_before = self.train_step or 0
        self.resumed_step = step
        told = [fall for fall in self._told_falls if step < fall[1] and fall[0] < self.step_before]
        self.restart_is_told = bool(told)
        if told:
            self._told_falls.remove(told[0])
        elif not math.isfinite(self.time):
            self._untimed_falls.append((step, self.step_before))
        self._offset += self._reached + 1 - step
        self._reached = step
        self.lines_since_start = 0
        self._intervals.clear()

    def _measure_interval(self, step: int) -> None:
        """Measure the time since the last training line, from the end of an evaluation if there was one."""
        began, evaluated = self.line_time, self._evaluation_time
        elapsed = self.time - (max(began, evaluated))
        steps = step - self.train_step if self.train_step is not None else 0
        if self.lines_since_start == 0 or not elapsed > 0.0:
            self.interval_s = self.step_s = math.nan
            # Where times are whole seconds, several lines have the same one.
            self.paused = self.lines_since_start == 0 or elapsed != 0.0 or len(self._intervals) < 2
            return
        self.interval_s = elapsed
        self.step_s = elapsed / steps if steps > 0 else math.nan
        self.paused = self._is_pause(elapsed)
        # The first interval holds compilation and warm caches.
        if self.lines_since_start > 1:
            self._intervals.append(elapsed)
            self._shortest_s = min(self._shortest_s, elapsed)

    def _is_pause(self, elapsed: float) -> bool:
        """Return whether an interval is much longer than usual, or what is usual is not known."""
        if len(self._intervals) < 2:
            return True
        # What is short beside the shortest is short beside the usual one, which takes longer to tell.
        if elapsed <= _PAUSE_INTERVALS * self._shortest_s:
            return False
        self._shortest_s = min(self._intervals)
        return not elapsed <= _PAUSE_INTERVALS * self.usual_interval_s
