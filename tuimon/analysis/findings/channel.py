"""What is known of one series, and of the series of one record, on their way to the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tuimon.analysis.findings.frame import GROUPED_POINTS, Listener, overriding
from tuimon.analysis.findings.history import History
from tuimon.analysis.findings.sample import Layout
from tuimon.analysis.findings.timeline import Timeline
from tuimon.core.roles import HARDWARE_ROLES, Role, is_evaluation, role_of

# The Hugging Face trainer writes it in the last record of a run.
_CLOSING_TAG = "train_runtime"
# Whose last value is asked for by rules about other series.
LATEST_ROLES = frozenset({Role.LEARNING_RATE, Role.GRAD_NORM})


def closes(tag: str) -> bool:
    """Return whether a tag is logged with the last record of a run only."""
    return tag.rsplit("/", 1)[-1] == _CLOSING_TAG


class Latest(Listener):
    """Keeps the last value of a role for the rules about other series that ask for it."""

    def __init__(self, run: Timeline, role: Role) -> None:
        self._latest, self._role = run.latest, role

    def point(self, value: float) -> None:
        """Keep a value."""
        self._latest[self._role] = value


class Channel:
    """One series on its way to the rules that look at it.

    Attributes:
        tag: Its tag.
        role: What it means.
        hardware: Whether it is that of a sensor ...
        evaluation: ... or of evaluations ...
        closing: ... or logged at the end of a run.
        special: Whether it is any of these, or the leading one: most points are of none.
        ignored: Whether no rule needs it.
        rules: Who may look at its points.
        looks: What looks at each of them at present: what is usual is measured first and learns last.
        last: Its last finite value; None before there is one.
    """

    __slots__ = (
        "_group", "_group_looks", "_history", "closing", "evaluation", "hardware", "ignored", "last", "looks",
        "role", "rules", "special", "tag",
    )  # fmt: skip

    def __init__(
        self, tag: str, rules: tuple[Listener, ...], history: History | None, *, ignored: bool
    ) -> None:
        self.tag = tag
        self.role = role_of(tag)
        self.hardware = self.role in HARDWARE_ROLES
        self.evaluation = is_evaluation(tag) and not self.hardware
        self.closing = closes(tag)
        self.special = self.hardware or self.closing or self.evaluation
        self.ignored = ignored
        self.rules = rules
        self.last: float | None = None
        self._history = history
        self._group: list[float] = []
        self.choose()

    def choose(self) -> None:
        """Let the rules look at its points that hear them."""
        hearing = [rule for rule in self.rules if rule.hears(self.tag)]
        self._group_looks = tuple(rule.points for rule in overriding(hearing, "points"))
        looks: list[Callable[[float], None]] = [rule.point for rule in overriding(hearing, "point")]
        if self._group_looks:
            looks.append(self._gather)
        if self._history is not None:
            looks = [self._history.measure, *looks, self._history.absorb]
        self.looks = tuple(looks)

    def forget(self) -> None:
        """Forget the points that wait to be looked at together."""
        self._group = []

    def _gather(self, value: float) -> None:
        """Look at a few points at once."""
        self._group.append(value)
        if len(self._group) == GROUPED_POINTS:
            group, self._group = self._group, []
            for look in self._group_looks:
                look(group)


class SensorChannels:
    """The sensors of a record that holds nothing else.

    Attributes:
        layout: Which they are.
        channels: Theirs, in the same order.
        ruled: Those whose points rules look at one by one, and where they stand.
    """

    __slots__ = ("channels", "layout", "ruled")

    def __init__(self, layout: Layout, channels: Sequence[Channel]) -> None:
        self.layout = layout
        self.channels = tuple(channels)
        self.ruled = [(at, channel) for at, channel in enumerate(channels) if channel.looks]
