"""Whether the process that writes a run still lives, as far as this machine can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuimon.hardware.process import process_is_alive
from tuimon.hardware.writers import find_writers

# Looking into every process costs milliseconds; whether a known one lives costs microseconds.
_SEARCH_S = 5.0
# What a process wrote last is read a moment after its death. What comes later was written by another one.
_LAST_WORDS_S = 3.0


@dataclass(slots=True)
class _Writer:
    pid: int
    died_at: float | None = None


class WriterWatch:
    """Follows the writers of runs; the sampler's thread looks, the reader's thread asks.

    Only a process that was once seen to write a run counts: a run on another host, in another container, or
    of a trainer that opens its log for each line is never called dead. Times are those of any clock that
    does not fall.
    """

    def __init__(self) -> None:
        self._writers: dict[str, _Writer] = {}
        self._searched_at = float("-inf")

    def look(self, paths_by_run: Mapping[str, tuple[Path, ...]], now: float) -> None:
        """Find the writers of the given runs now and then, and see whether the known ones live."""
        if now - self._searched_at >= _SEARCH_S:
            self._searched_at = now
            run_of = {path: name for name, paths in paths_by_run.items() for path in paths}
            for path, pid in find_writers(run_of).items():
                known = self._writers.get(run_of[path])
                if known is None or known.pid != pid:
                    self._writers[run_of[path]] = _Writer(pid)
        for writer in list(self._writers.values()):
            if writer.died_at is None and process_is_alive(writer.pid) is False:
                writer.died_at = now

    def alive(self, run_name: str) -> bool | None:
        """Return whether the run's writer lives; None where nobody knows."""
        writer = self._writers.get(run_name)
        return None if writer is None else writer.died_at is None

    def note_growth(self, run_name: str, now: float) -> None:
        """Say that a run grew: if its writer had died before, another one has taken over."""
        writer = self._writers.get(run_name)
        if writer is not None and writer.died_at is not None and now - writer.died_at > _LAST_WORDS_S:
            self._writers.pop(run_name, None)

    def known(self) -> frozenset[str]:
        """Return the runs whose writers are known, dead or alive."""
        return frozenset(self._writers)
