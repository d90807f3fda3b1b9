"""What a block of a text log holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuimon.sources.rows import Row


@dataclass(slots=True)
class LogBlock:
    """What a block of whole lines holds.

    Attributes:
        rows: The metric lines, as rows of named values.
        starts: Where each of them begins.
        lines: The places of other lines, `(begin, end)`, rising.
        totals: Where the run ends, as far as the block says.
    """

    rows: list[Row] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    lines: list[tuple[int, int]] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
