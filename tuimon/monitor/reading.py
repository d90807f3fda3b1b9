"""One run's files on their way into its store."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.sources.base import ReadBudget, RunRef, Source, SourceRef
from tuimon.sources.registry import open_source
from tuimon.sources.sketch import read_sketch
from tuimon.sources.tailed_file import BLOCK_BYTES, ProblemOver
from tuimon.store.budget import MemoryBudget
from tuimon.store.heap import give_back_freed_memory
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore

# A file with a million bad lines is one problem with many places; the first ones tell the story.
_KEPT_PROBLEMS = 100


class RunReading:
    """Reads the sources of one run, a slice at a time. Used by one thread.

    Nothing is opened before it is read: of thousands of runs, most wait for their turn.

    Attributes:
        ref: The run as it was discovered last.
    """

    def __init__(self, ref: RunRef, budget: MemoryBudget | None = None) -> None:
        self.ref = ref
        self._budget = budget
        self._opened: RunRef | None = None
        self._sources: list[Source] = []
        self._paths: list[set[Path]] = []
        self._bytes_read = self._settled_bytes = 0
        self._problems: dict[Problem, None] = {}

    @cached_property
    def store(self) -> RunStore:
        """What was read so far."""
        return RunStore(self._budget)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read, each problem once, until it is over."""
        return tuple(self._problems)

    @property
    def loaded(self) -> float:
        """The share of all bytes that was read, 0 to 1."""
        if self._opened is None:
            return 0.0
        total = sum(source.total_bytes for source in self._sources)
        return min(1.0, self._bytes_read / total) if total else 1.0

    @property
    def formats(self) -> tuple[str, ...]:
        """Names of the formats that the run is read from."""
        return tuple(source.format for source in self._sources or self.ref.sources)

    def _open(self) -> None:
        """Take up files that discovery found since, as sources of their own or as parts of known ones."""
        if self._opened is self.ref:
            return
        self._opened = self.ref
        for found in self.ref.sources:
            stream = self._stream_of(found)
            if stream is None:
                self.store.name_stream(len(self._sources), _name_of(found))
                self._sources.append(open_source(found))
                self._paths.append(set(found.paths))
                continue
            new = tuple(path for path in found.paths if path not in self._paths[stream])
            if new:
                self._sources[stream].add_paths(new)
                self._paths[stream].update(new)

    def sketch(self, windows: int) -> RunView | None:
        """Return what stands at so many places of large files; None where a whole reading is as quick."""
        store = RunStore()
        for stream, source in enumerate(self.ref.sources):
            store.name_stream(stream, _name_of(source))
            store.extend(stream, read_sketch(source, windows) or ())
        return store.freeze() if store.revision else None

    def read(self, budget: ReadBudget, *, settle: bool = True) -> bool:
        """Read one slice of each source; return whether more is there to be read at once.

        If nothing is, memory is given back (see `settle`), unless that is left to the caller.
        """
        self._open()
        more = False
        for stream, source in enumerate(self._sources):
            result = source.read(budget)
            self._bytes_read += result.bytes_read
            self.store.extend(stream, result.records)
            more |= result.more
            for problem in result.problems:
                if isinstance(problem, ProblemOver):
                    self._problems.pop(Problem(problem.path, problem.message), None)
                elif len(self._problems) < _KEPT_PROBLEMS:
                    self._problems[problem] = None
        if settle and not more:
            self.settle()
        return more

    def settle(self) -> None:
        """Give back what reading in bulk took and freed: it was kept for the next block, of which is none."""
        if self._bytes_read - self._settled_bytes >= BLOCK_BYTES:
            self._settled_bytes = self._bytes_read
            give_back_freed_memory()

    def _stream_of(self, found: SourceRef) -> int | None:
        """Return which open source reads these files already."""
        for stream, (source, paths) in enumerate(zip(self._sources, self._paths, strict=True)):
            if source.format == found.format and not paths.isdisjoint(found.paths):
                return stream
        return None

    def close(self) -> None:
        """Let go of open files."""
        for source in self._sources:
            source.close()


def _name_of(source: SourceRef) -> str:
    """Return what a person calls a source: the name of its file, or what its files are."""
    if len(source.paths) == 1:
        return source.paths[0].name
    return "event files" if source.format == "tfevents" else f"{source.paths[0].name} and others"
