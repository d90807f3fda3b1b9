"""What the person at the screen has chosen. Only the screen's thread touches it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.moments import Moment
from tuimon.analysis.smoothing import DEFAULT_SMOOTHING, Smoothing
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.store.axis import Axis

LOGS = ("events", "console", "texts")
PANES = ("runs", "charts", "hardware", "diagnosis", "log", "facts")
_SHORT = {
    Role.LEARNING_RATE: "lr",
    Role.GRAD_NORM: "grad",
    Role.PERPLEXITY: "ppl",
    Role.EVAL_PERPLEXITY: "ppl",
}
# What Esc takes back, the uppermost first, and to what.
_LEVELS: tuple[tuple[str, object], ...] = (
    ("run_table", False),
    ("explaining", False),
    ("images", False),
    ("crosshair", None),
    ("full_chart", False),
    ("full_log", False),
    ("window", None),
    ("filter_text", ""),
    ("only_favourites", False),
    ("run_filter", ""),
    ("log_filter", ""),
)
SCALES = ("log", "symlog", "linear")


@frozen
class Bookmark:
    """A place on the charts of a run that a person marked."""

    run_name: str
    moment: Moment


@dataclass(slots=True)
class View:
    """The choices that survive from one picture to the next.

    Attributes:
        run_name: The run that is open; None until there is one.
        focus: The pane that moving keys go to.
        shown: Panes that were switched on or off by key; all others follow the size of the screen.
        sizes: How the person divided the screen: by `plan.BORDERS`, the share of the side that is sized.
        cursor: Per pane, the chosen line (or chart).
        full_chart: Whether the chosen chart fills the screen.
        images: Whether a logged image takes the charts' place.
        explaining: Whether the chosen finding is explained at length.
        favourites: Tags whose charts come first.
        only_favourites: Whether no others are shown.
        filter_text: Which charts are shown: a regular expression on tags and roles, `!` first for all others.
        smoothing: How curves are smoothed.
        scale: `linear`, `log` or `symlog`; None is what suits the metric.
        axis: What x counts; None is what suits the run.
        window: The zoomed part of the x axis, or None for all of it.
        crosshair: Where on the x axis the values of all charts are read, or None.
        bookmarks: Places that the person marked, by letter; `'` is where the last jump began.
        follow: Whether the end of the curve stays in the zoomed window.
        columns: Columns of the chart grid; 0 is what fits.
        paused: Whether the picture stands still while data keeps flowing.
        message: A line for the person, in place of the footer's keys until the next key.
        run_filter: Which runs are listed: a query (`output.run_query`).
        run_order: How they are sorted: one of `run_list.ORDERS`.
        run_table: Whether the list of runs fills the screen.
        selected: Names of runs whose curves lie under the open run's, in the order in which they were chosen.
        pinned: The run that the others are compared with, or None.
        clipped: Whether a few outliers may leave the charts (see `charts.limits.clipped_range`).
        rows: Rows of the chart grid; 0 is what fits.
        folded: Groups of tags whose charts are not shown.
        log_shows: What the log pane shows: one of `LOGS`.
        log_filter: Which of its lines: a regular expression, `!` first for all others.
        full_log: Whether the log pane fills the screen.
        acknowledged: Findings that the person knows of, as (run, id); they are dim.
        deadline: When the runs have to be over, in unix seconds, if the person said so.
    """

    run_name: str | None = None
    focus: str = "charts"
    shown: dict[str, bool] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    cursor: dict[str, int] = field(default_factory=dict)
    full_chart: bool = False
    images: bool = False
    explaining: bool = False
    favourites: set[str] = field(default_factory=set)
    only_favourites: bool = False
    filter_text: str = ""
    smoothing: Smoothing = DEFAULT_SMOOTHING
    scale: str | None = None
    axis: Axis | None = None
    window: tuple[float, float] | None = None
    crosshair: float | None = None
    bookmarks: dict[str, Bookmark] = field(default_factory=dict)
    follow: bool = True
    columns: int = 0
    paused: bool = False
    message: str = ""
    run_filter: str = ""
    run_order: str = "name"
    run_table: bool = False
    selected: list[str] = field(default_factory=list)
    pinned: str | None = None
    clipped: bool = False
    rows: int = 0
    folded: set[str] = field(default_factory=set)
    log_shows: str = "events"
    log_filter: str = ""
    full_log: bool = False
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    deadline: float | None = None

    @property
    def compared(self) -> tuple[str, ...]:
        """The runs under the open one: the pinned one first, then the selected ones."""
        pinned = () if self.pinned is None else (self.pinned,)
        names = dict.fromkeys((*pinned, *self.selected))
        return tuple(name for name in names if name != self.run_name)

    def is_acknowledged(self, finding: Finding) -> bool:
        """Return whether a finding of the open run is known to the person."""
        return (self.run_name or "", finding.id) in self.acknowledged

    def step_back(self) -> None:
        """Undo the choice that lies uppermost: what covers the charts first, then what narrows them."""
        if self.run_table:
            self.focus = "charts"
        for name, plain in _LEVELS:
            if getattr(self, name) != plain:
                setattr(self, name, plain)
                return
        self.selected.clear()

    def line(self, pane: str) -> int:
        """Return the chosen line of a pane."""
        return self.cursor.get(pane, 0)

    def move(self, pane: str, by: int, count: int) -> None:
        """Move the chosen line of a pane that has `count` lines."""
        self.cursor[pane] = max(0, min(self.line(pane) + by, count - 1))

    def matches(self, tag: str) -> bool:
        """Return whether a tag passes the filter; an expression that is broken is taken literally."""
        return tag_filter(self.filter_text)(tag)

    def log_matches(self, line: str) -> bool:
        """Return whether a line of the log passes its filter."""
        inverted, finds = _meaning(self.log_filter)
        return not self.log_filter or bool(finds(line)) is not inverted


@lru_cache(maxsize=16)
def tag_filter(filter_text: str) -> Callable[[str], bool]:
    """Return what tells whether a tag passes a filter: for thousands of tags at each key."""
    if not filter_text:
        return lambda _tag: True
    inverted, finds = _meaning(filter_text)
    # A learning rate is found as `lr`, whatever the trainer calls it.
    found_roles = {role for role in Role if finds(role.value) or (role in _SHORT and finds(_SHORT[role]))}
    return lambda tag: (bool(finds(tag)) or role_of(tag) in found_roles) is not inverted


def _meaning(filter_text: str) -> tuple[bool, Callable[[str], object]]:
    """Return whether a filter lets pass what it does not find (`!` first), and what finds it in a text."""
    inverted = filter_text.startswith("!")
    text = filter_text[inverted:]
    pattern = _compiled(text)
    return inverted, (lambda name: text.lower() in name.lower()) if pattern is None else pattern.search


@lru_cache(maxsize=16)
def _compiled(text: str) -> re.Pattern[str] | None:
    """Return what was typed as a regular expression; None if it is none (yet)."""
    with warnings.catch_warnings():
        # Python would write its doubts about an expression to the terminal.
        warnings.simplefilter("ignore")
        try:
            return re.compile(text, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError):
            return None
