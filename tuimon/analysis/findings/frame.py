"""What all rules share: how evidence becomes a finding, stays one, and ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from tuimon.analysis.findings.finding import Finding, FindingState, Severity
from tuimon.analysis.findings.sample import Sample
from tuimon.analysis.findings.timeline import Timeline
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role

RUN_SERIES = "run"
LimitsT = TypeVar("LimitsT")
ListenerT = TypeVar("ListenerT", bound="Listener")
# Rules about what changes slowly look at so many readings in a row as one, their mean, ...
AVERAGED_READINGS = 4
# ... and at so many points of a series at once.
GROUPED_POINTS = 4


def averages(readings: int) -> int:
    """Return how many such means a rule waits for that waits for so many readings."""
    return -(-readings // AVERAGED_READINGS)


def groups(points: int) -> int:
    """Return how many such groups a rule waits for that waits for so many points."""
    return -(-points // GROUPED_POINTS)


@frozen
class Evidence:
    """What a rule says at the moment at which it speaks.

    Attributes:
        value: The value that was seen.
        usual: The usual value it is held against.
        message: One sentence with both numbers.
        severity: How bad it is, if not as bad as usual for the rule.
        causes: Causes that this case points to, named before those of the rule.
        remedies: Remedies that this case points to, named before those of the rule.
    """

    value: float | None
    usual: float | None
    message: str
    severity: Severity | None = None
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()


Describe: TypeAlias = Callable[[], Evidence]
_LONGEST_QUOTE = 160


def quoted(text: str) -> str:
    """Return what a run said in one line of bounded length."""
    line = " ".join(text[: 4 * _LONGEST_QUOTE].split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"


class Ledger:
    """All findings of a run in the order in which they opened."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._outlived: list[Alarm] = []

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in their present state."""
        return tuple(entry.finding for entry in self._entries)

    def add(self, finding: Finding) -> Entry:
        """Open a finding."""
        of_its_kind = (finding.rule, finding.series)
        self._numbers[of_its_kind] += 1
        entry = Entry(replace(finding, number=self._numbers[of_its_kind]))
        self._entries.append(entry)
        return entry

    def watch(self, alarm: Alarm) -> None:
        """Let training lines be misses of an alarm for as long as it is awake."""
        if alarm not in self._outlived:
            self._outlived.append(alarm)

    def line(self) -> None:
        """Take note of a training line."""
        if self._outlived:
            for alarm in self._outlived:
                alarm.miss()
            self._outlived = [alarm for alarm in self._outlived if alarm.awake]

    def is_open(self, *rules: str) -> bool:
        """Return whether any finding of these rules is open."""
        return any(entry.is_open and entry.rule in rules for entry in self._entries)


class Entry:
    """One finding while it grows."""

    __slots__ = ("_count", "_opened", "_resolved", "_resolved_line", "_resolved_step", "last_step")

    def __init__(self, opened: Finding) -> None:
        self._opened = opened
        self._count = opened.count
        self._resolved = False
        self._resolved_step: int | None = None
        self._resolved_line: int | None = None
        self.last_step = opened.step

    @property
    def rule(self) -> str:
        """The rule that opened it."""
        return self._opened.rule

    @property
    def is_open(self) -> bool:
        """Whether it still holds."""
        return not self._resolved

    @property
    def finding(self) -> Finding:
        """The finding in its present state."""
        return replace(
            self._opened,
            state=FindingState.RESOLVED if self._resolved else FindingState.OPEN,
            resolved_step=self._resolved_step,
            resolved_line=self._resolved_line,
            last_step=self.last_step,
            count=self._count,
        )

    def repeat(self, step: int | None) -> None:
        """Note that it was seen again."""
        self._count += 1
        self.last_step = step

    def resolve(self, step: int | None, line: int) -> None:
        """Note that it no longer holds."""
        self._resolved = True
        self._resolved_step = step
        self._resolved_line = line


class Alarm:
    """At most one open finding of one rule in one series.

    A rule reports each point as a `hit`, or as a `miss` that is calm or merely between its two thresholds.
    The series is the rule's, unless the alarm has one of its own (one GPU of several).
    `hold` hits in a row open a finding; while it is open, hits are counted; `clear` calm misses in a row
    resolve it and arm the alarm again. This is the whole removal of duplicates.
    Where hits are events (a line in a log), each training line is a calm miss: `by_lines`.

    Attributes:
        hold: Hits in a row that open a finding.
        clear: Calm misses in a row that resolve it.
        is_open: Whether a finding is open, a possible one not counted.
        awake: Whether a miss would change anything. Most points are misses of alarms that are not.
    """

    __slots__ = (
        "_by_lines", "_calm", "_entry", "_onset", "_onset_line", "_rule", "_series", "_streak",
        "awake", "clear", "hold", "is_open",
    )  # fmt: skip

    def __init__(
        self,
        rule: Rule[Any],
        hold: int = 1,
        clear: int | None = None,
        series: str | None = None,
        *,
        by_lines: bool = False,
    ) -> None:
        self._rule = rule
        self._by_lines = by_lines
        self._series = series
        self.hold = hold
        self.clear = clear if clear is not None else max(5, 2 * hold)
        self.is_open = self.awake = False
        self._entry: Entry | None = None
        self._streak = 0
        self._calm = 0
        self._onset: int | None = None
        self._onset_line = 0

    def hit(self, describe: Describe) -> None:
        """Report what the rule looks for; `describe` is called only when that opens a finding."""
        self._calm = 0
        if self._by_lines and not self.awake:
            self._rule.ledger.watch(self)
        if self._entry is not None and self.is_open:
            self._entry.repeat(self._rule.run.step)
            return
        if self._streak == 0:
            self._onset, self._onset_line = self._rule.run.step, self._rule.run.lines
        self._streak += 1
        self.awake = True
        if self._streak >= self.hold:
            self.resolve()
            self._open(describe(), possible=False)

    def suspect(self, describe: Describe) -> None:
        """Report clear evidence from fewer points than the rule demands: a finding that says "possible".

        In a run that is known to be long there is no need to guess.
        """
        if not self._rule.run.may_be_small:
            return
        self._calm = 0
        if self._entry is None:
            self._onset, self._onset_line = self._rule.run.step, self._rule.run.lines
            self._open(describe(), possible=True)
        else:
            self._entry.repeat(self._rule.run.step)

    def miss(self, *, calm: bool = True) -> None:
        """Report a point that is not what the rule looks for."""
        self._streak = 0
        if self._entry is None:
            self.awake = False
            return
        self._calm = self._calm + 1 if calm else 0
        if self._calm >= self.clear:
            self.resolve()

    def resolve(self) -> None:
        """End an open finding at once."""
        if self._entry is not None:
            self._entry.resolve(self._rule.run.step, self._rule.run.lines)
        self._entry, self.is_open, self.awake = None, False, False
        self._streak = self._calm = 0

    def _open(self, evidence: Evidence, *, possible: bool) -> None:
        rule, run = self._rule, self._rule.run
        severity = rule.severity if evidence.severity is None else evidence.severity
        message = evidence.message
        if possible:
            severity = Severity.INFO
            message = f"possible {rule.name.replace('_', ' ')}: {message}"
        self.is_open, self.awake = not possible, True
        self._entry = rule.ledger.add(
            Finding(
                rule=rule.name,
                series=self._series or rule.series,
                severity=severity,
                step=run.step,
                time=run.time,
                value=evidence.value,
                usual=evidence.usual,
                message=message,
                causes=_merged(evidence.causes, rule.causes),
                remedies=_merged(evidence.remedies, rule.remedies),
                last_step=run.step,
                onset_step=self._onset,
                onset_line=self._onset_line,
                accumulated_step=run.accumulated_step,
            )
        )


class Listener:
    """Hears what comes of a run: it overrides the hooks it needs.

    It is called in the thread of the engine, sees every point once, in order of arrival, and keeps a bounded
    state.
    """

    def hears(self, tag: str) -> bool:  # noqa: ARG002 - for rules that override it
        """Return whether points of a tag (`run`: training lines) can mean anything to it.

        It is asked when a tag is met, and again when a rule has said `run.choose_anew`.
        """
        return True

    def point(self, value: float) -> None:
        """Look at a finite point of one of the roles."""

    def points(self, values: Sequence[float]) -> None:
        """Look at `GROUPED_POINTS` such points of a series at once, when the last of them came."""

    def nonfinite(self, value: float) -> None:
        """Look at a NaN or an infinite value of one of the roles, sensors excepted."""

    def line(self) -> None:
        """Look at the run at a training line, before the points that were logged with it."""

    def restarted(self) -> None:
        """Take note of a restart, before the training line that showed it."""

    def active(self) -> None:
        """Look at a training line or an evaluation as a sign of life, while `run.silence_s` still counts."""

    def sampled(self, sample: Sample) -> None:
        """Look at a reading of the sensors that was taken while training went on."""

    def averaged(self, sample: Sample) -> None:
        """Look at the mean of `AVERAGED_READINGS` such readings."""

    def told(self, text: str) -> None:
        """Look at what a log says failed."""

    def silence(self) -> None:
        """Look at the run when time has passed without a sign of life."""

    def ended(self) -> None:
        """Take note that nothing more will come."""


def overriding(listeners: Sequence[ListenerT], hook: str) -> tuple[ListenerT, ...]:
    """Return those that override a hook, so that the others cost nothing."""
    return tuple(each for each in listeners if getattr(type(each), hook) is not getattr(Listener, hook))


class Rule(Listener, Generic[LimitsT]):
    """Looks for one thing, in one series (`per_series`) or in a run as a whole.

    Attributes:
        name: Its name in findings, settings and documentation.
        severity: How bad what it finds usually is.
        roles: The roles of the series whose points it sees.
        per_series: Whether each series of these roles gets a rule of its own.
        causes: Why it usually happens, likeliest first.
        remedies: What to do, as instructions.
        run: The run as it is now.
        ledger: Where its findings go.
        series: The tag it is about, or `run`.
        limits: Its thresholds.
    """

    name: ClassVar[str]
    severity: ClassVar[Severity]
    roles: ClassVar[frozenset[Role]] = frozenset()
    per_series: ClassVar[bool] = True
    causes: ClassVar[tuple[str, ...]]
    remedies: ClassVar[tuple[str, ...]]

    def __init__(self, run: Timeline, ledger: Ledger, series: str, limits: LimitsT) -> None:
        self.run = run
        self.ledger = ledger
        self.series = series
        self.limits = limits
        self.prepare()

    def prepare(self) -> None:
        """Make alarms and windows, once."""


def _merged(first: tuple[str, ...], usual: tuple[str, ...]) -> tuple[str, ...]:
    return first + tuple(text for text in usual if text not in first)
