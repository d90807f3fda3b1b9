"""Ranks of one run that are slower than the others."""

from __future__ import annotations

import math
import re
from statistics import median

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Rule
from tuimon.analysis.findings.naming import times
from tuimon.analysis.findings.windows import SortedWindow
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.core.units import format_value

_RANK = re.compile(r"(?:^|[^a-z])(?:rank|worker|node|device)[_\-./ ]?(\d{1,5})(?!\d)", re.IGNORECASE)
_MOST_RANKS = 1024


@frozen
class StragglerLimits:
    """Defaults of `straggler` (NVRx: a score below 0.75 of the others, which is 1.33 times their step time).

    Attributes:
        slowdown: Times the median step time of the other ranks.
        median_points: Each rank's step time is the median of so many points.
        hold: Points of the rank in a row (own choice).
        calm_slowdown: Below this multiple a point is calm.
        clear: Calm points in a row after which it is over.
    """

    slowdown: float = 1.33
    median_points: int = 12
    hold: int = 8
    calm_slowdown: float = 1.15
    clear: int = 24


class _Rank:
    def __init__(self, alarm: Alarm, points: int) -> None:
        self.alarm = alarm
        self.window = SortedWindow(points)


class Straggler(Rule[StragglerLimits]):
    """One rank whose steps take longer than those of the others: all wait for it."""

    name = "straggler"
    severity = Severity.WARNING
    roles = frozenset({Role.STEP_TIME})
    per_series = False
    causes = (
        "a node or a GPU that is slower: heat, clocks, another job",
        "a network link that is slower",
        "a shard with longer examples",
    )
    remedies = (
        "Compare clocks, temperature and other processes of that node (nvidia-smi).",
        "Take the node out, and start again from the last checkpoint.",
        "Check that examples are spread evenly over the ranks.",
    )

    def prepare(self) -> None:
        """Start without ranks."""
        self._ranks: dict[str, _Rank | None] = {}
        self._known: dict[str, float] = {}

    def hears(self, tag: str) -> bool:
        """Return whether a step time is that of a rank."""
        return _RANK.search(tag) is not None

    def restarted(self) -> None:
        """Forget the step times: it may be other machines."""
        for rank in self._ranks.values():
            if rank is not None:
                rank.alarm.resolve()
        self._ranks.clear()
        self._known.clear()

    def point(self, value: float) -> None:
        """Look at a rank's step time."""
        tag = self.run.tag
        if tag not in self._ranks:
            self._ranks[tag] = self._meet(tag)
        rank = self._ranks[tag]
        if rank is None or not 0.0 < value < math.inf:
            return
        rank.window.push(value)
        if not rank.window.full:
            return
        own = self._known[tag] = rank.window.median
        if len(self._known) < 2:
            return
        others = median(value for other, value in self._known.items() if other != tag)
        if own > self.limits.slowdown * others:
            rank.alarm.hit(lambda: _describe(tag, own, others))
        elif rank.alarm.awake:
            rank.alarm.miss(calm=own < self.limits.calm_slowdown * others)

    def _meet(self, tag: str) -> _Rank | None:
        if _RANK.search(tag) is None or len(self._ranks) >= _MOST_RANKS:
            return None
        alarm = Alarm(self, self.limits.hold, self.limits.clear, series=tag)
        return _Rank(alarm, self.limits.median_points)


def _describe(tag: str, own: float, others: float) -> Evidence:
    number = _RANK.search(tag)
    who = number[0].lstrip("/._-") if number is not None else tag
    return Evidence(
        value=own,
        usual=others,
        message=f"{who} takes {format_value(own, 3)} per step, the others {format_value(others, 3)} "
        f"({times(own, others, 1)})",
    )
