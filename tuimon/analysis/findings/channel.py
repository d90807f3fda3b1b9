"""What is known of one series, and of the series of one record, on their way to the rules."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.findings.frame import Listener
from tuimon.analysis.findings.history import History
from tuimon.analysis.findings.sample import Layout
from tuimon.core.roles import HARDWARE_ROLES, is_evaluation, role_of

# The Hugging Face trainer writes it in the last record of a run.
_CLOSING_TAG = "train_runtime"


def closes(tag: str) -> bool:
    """Return whether a tag is logged with the last record of a run only."""
    return tag.rsplit("/", 1)[-1] == _CLOSING_TAG


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
        looks: How those look at it that hear it at present.
        history: What is usual for it, if rules ask for that.
        last: Its last finite value; None before there is one.
    """

    __slots__ = (
        "closing", "evaluation", "hardware", "history", "ignored", "last", "looks", "role", "rules",
        "special", "tag",
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
        self.history = history
        self.last: float | None = None
        self.choose()

    def choose(self) -> None:
        """Let the rules look at its points that hear them."""
        self.looks = tuple(rule.point for rule in self.rules if rule.hears(self.tag))


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
