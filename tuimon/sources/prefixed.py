"""A source whose tags tell which part of a run they come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, Record, ScalarBatch
from tuimon.core.roles import is_evaluation
from tuimon.sources.base import ReadBudget, ReadResult, Source


class PrefixedSource:
    """Puts a prefix before the tags of another source. Used by one thread.

    Tags that begin with the prefix keep their names; so do those that say by themselves that they are of
    an evaluation, below a prefix that says no more.

    Args:
        source: Where the records come from.
        prefix: Such as `validation/`, `rank_1/`.
    """

    def __init__(self, source: Source, prefix: str) -> None:
        self.format = source.format
        self._source = source
        self._prefix = prefix
        self._says_evaluation = is_evaluation(prefix)

    @property
    def total_bytes(self) -> int:
        """Size of all files, as far as it is known."""
        return self._source.total_bytes

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on from where the last call stopped."""
        result = self._source.read(budget)
        return replace(result, records=tuple(self._named(record) for record in result.records))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Take up files that came since."""
        self._source.add_paths(paths)

    def close(self) -> None:
        """Let go of open files."""
        self._source.close()

    def _named(self, record: Record) -> Record:
        if isinstance(record, ScalarBatch):
            return replace(record, tags=tuple(self._name(tag) for tag in record.tags))
        if isinstance(record, ConfigRecord | LifecycleRecord | LogLine):
            return record
        return replace(record, tag=self._name(record.tag))

    def _name(self, tag: str) -> str:
        if tag.startswith(self._prefix) or (self._says_evaluation and is_evaluation(tag)):
            return tag
        return self._prefix + tag
