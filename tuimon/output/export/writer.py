"""What a writer of an export format is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Protocol

from tuimon.core.batch import Record
from tuimon.core.frozen import frozen
from tuimon.store.run import RunView


@frozen
class RunToWrite:
    """A run on its way out.

    Attributes:
        name: Its name.
        view: All that was read of it.
        records: Reads its texts, histograms and images again, all of them: the view keeps a few.
    """

    name: str
    view: RunView
    records: Callable[[], Iterable[Record]] = field(default=tuple)


class RunWriter(Protocol):
    """Writes runs, one after the other. It is used by one thread."""

    def write(self, run: RunToWrite) -> int:
        """Write a run; return how many points it has."""

    def close(self) -> None:
        """Write what stands at the end."""


def tags_of(run: RunView, wanted: re.Pattern[str] | None) -> list[str]:
    """Return the tags of a run that have points and match, in the order in which they appeared."""
    return [
        tag for tag, series in run.series.items() if len(series) and (wanted is None or wanted.search(tag))
    ]
