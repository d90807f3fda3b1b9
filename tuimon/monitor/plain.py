"""Runs as they were logged, without a judgement of them: what `export` stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tuimon.core.batch import Record
from tuimon.monitor.once import TOLD_SLICE, Tell
from tuimon.monitor.reading import RunReading
from tuimon.sources.base import RunRef
from tuimon.sources.registry import open_source


def iter_readings(refs: Sequence[RunRef], tell: Tell) -> Iterator[RunReading]:
    """Read runs to their ends, one by one, so that only one of them is in memory.

    Args:
        refs: The runs.
        tell: Is told how far the reading is.
    """
    for number, ref in enumerate(refs):
        reading = RunReading(ref)
        more = True
        while more:
            tell((number + reading.loaded) / len(refs), ref.name)
            more = reading.read(TOLD_SLICE)
        reading.close()
        yield reading


def iter_records(ref: RunRef) -> Iterator[Record]:
    """Read a run again, and yield every record of it, of which a view of the run keeps the first and last."""
    for found in ref.sources:
        source = open_source(found)
        more = True
        while more:
            result = source.read(TOLD_SLICE)
            yield from result.records
            more = result.more
        source.close()
