"""Gathers a report on one run, or on several and their comparison."""

from __future__ import annotations

from collections.abc import Sequence

from tuimon import __version__
from tuimon.core.units import format_date
from tuimon.output.checked import Checked
from tuimon.output.report import Report
from tuimon.output.report_chapter import run_chapter
from tuimon.output.report_overview import overview

# Of more runs only the comparison has curves: a report stays a file that can be sent.
_MOST_WITH_CURVES = 8


def make_report(runs: Sequence[Checked], now: float) -> Report:
    """Return a report.

    Args:
        runs: At least one.
        now: When it is written, in unix seconds.
    """
    made = f"Written {format_date(now)} by tuimon {__version__}."
    chapters = [run_chapter(checked, curves=len(runs) <= _MOST_WITH_CURVES) for checked in runs]
    if len(runs) == 1:
        return Report(f"Report on {runs[0].state.name}", made, chapters)
    return Report(f"Report on {len(runs)} runs", made, [overview(runs), *chapters])
