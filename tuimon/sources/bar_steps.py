"""Steps that a log tells only by its progress bars."""

from __future__ import annotations

import numpy as np

from tuimon.sources.decimal_text import MARGIN
from tuimon.sources.log_tables import Cut
from tuimon.sources.progress_bars import BAR, BAR_SIGN, last_bars
from tuimon.sources.rows import Row


class BarSteps:
    """Follows the progress bars of a log. An evaluation has a bar of its own, with another total.

    Attributes:
        total: How many steps the bar of the training counts; 0 as long as it is not known which that is.
    """

    def __init__(self) -> None:
        self.total = 0
        self._last: tuple[int, int] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it is known which bars count: those of one total, or none as there are no bars."""
        return bool(self.total) or self._last is None

    def pass_over(self, text: bytes, begin: int, end: int) -> None:
        """Note how far the last bar between two places is."""
        at = end
        while (at := text.rfind(BAR_SIGN, begin, at)) >= 0:
            bar = BAR.match(text, at)
            if bar is not None and self.total in (0, int(bar[2][:18])):
                self._last = int(bar[1][:18]), int(bar[2][:18])
                return

    def number(self, row: Row, totals: dict[str, int]) -> None:
        """Give a row the step of the last bar; the first row with a loss tells whose bar it is."""
        if self._last is None:
            return
        if not self.total and "loss" in row:
            self.total = self._last[1]
        if self.total:
            totals["total_steps"] = self.total
        row["step"] = self._last[0]

    def number_tables(self, cut: Cut) -> bool:
        """Give the tables of a block the steps of bars; return whether these are known."""
        for table in cut.tables:
            if not table.described.step_from_bar or cut.text is None:
                continue
            if not self.total:
                if BAR_SIGN in cut.rest:
                    return False
                continue
            bars = last_bars(cut.text, table.ends + MARGIN, self.total)
            if self._last is None and not bars.found.all():
                return False
            before = self._last[0] if self._last is not None else 0
            table.with_column("step", np.where(bars.found, bars.counts, before))
        return True
