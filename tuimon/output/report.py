"""A report on runs: what it says, whatever it is written as."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.status import Status
from tuimon.core.frozen import frozen
from tuimon.output.figure import Panel


@frozen
class Table:
    """Rows of texts below their heads.

    Attributes:
        title: What the table is about.
        heads: One for each column.
        rows: As many texts each; texts from files are as logged.
        numbers: Which columns hold numbers, so that they stand below each other.
        note: What was left out.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    note: str = ""


@frozen(eq=False)
class Charts:
    """Panels side by side; `names` are the runs that share them, each with its place in the palette."""

    title: str
    panels: tuple[Panel, ...]
    note: str = ""
    names: tuple[tuple[str, int], ...] = ()


@frozen(eq=False)
class Entry:
    """One matter: what was found first, what followed from it, and the curve around it.

    Attributes:
        finding: What leads.
        followed: Its consequences, in the order in which they began.
        open: Whether any of them still holds.
        others: How many matters of the same kind there are beside it.
        panel: The curve; None where there is none, or no room for more.
    """

    finding: Finding
    followed: tuple[Finding, ...] = ()
    open: bool = True
    others: int = 0
    panel: Panel | None = None


@frozen(eq=False)
class Findings:
    """What the rules found, the worst first."""

    title: str
    entries: tuple[Entry, ...]
    note: str = ""


Section = Table | Charts | Findings


@frozen(eq=False)
class Chapter:
    """One run, or the comparison of several.

    Attributes:
        title: The run's name.
        status: What the run is doing; None for a comparison.
        verdict: What a person asks first, in a few sentences.
        fraction: How far the run is, 0 to 1; None where that is not known.
        facts: Names and values that stand at the head.
        sections: Everything else.
    """

    title: str
    status: Status | None
    verdict: tuple[str, ...]
    fraction: float | None
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


@frozen(eq=False)
class Report:
    """A whole report.

    Attributes:
        title: What it is about.
        made: When and by what it was written.
        chapters: The comparison first, where there are several runs.
    """

    title: str
    made: str
    chapters: Sequence[Chapter]
