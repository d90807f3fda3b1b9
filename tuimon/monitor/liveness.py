"""Which process writes a run, and whether it still lives, as far as this machine can tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from tuimon.core.process import RunProcess
from tuimon.hardware.process import process_is_alive
from tuimon.hardware.run_process import describe_processes, likely_writers, oom_kills
from tuimon.hardware.writers import find_writers, find_writers_below

# Looking into every process costs milliseconds; whether a known one lives costs microseconds.
_SEARCH_S = 5.0
# What a process wrote last is read a moment after its death. What comes later was written by another one.
_LAST_WORDS_S = 3.0
# Of so many runs at most the command lines of all processes are looked through.
_MOST_LIKELY = 16
# What nobody has written to for longer has ended: a hang is noticed within days.
MAY_HANG_S = 3 * 86400.0
_NOTEBOOK = re.compile(r"ipykernel|jupyter", re.IGNORECASE)


@dataclass(slots=True)
class _Writer:
    """A process that was seen to write a run; `kills` is what the kernel had counted when it last lived.

    It is heard out when everything that it can have written was read after its death.
    """

    process: RunProcess
    kills: int | None
    died_at: float | None = None
    heard_out: bool = False


def is_written(path: Path) -> bool:
    """Return whether a process of this machine that lives as long as its training writes a run.

    Args:
        path: The run's folder or file.
    """
    described = describe_processes(find_writers_below(path))
    return any(_NOTEBOOK.search(process.command) is None for process in described.values())


class WriterWatch:
    """Follows the writers of runs; the sampler's thread looks, the reader's thread asks.

    Only a process that was once seen to write a run counts: a run on another host, in another container, or
    of a trainer that opens its log for each line is never called dead. Times are those of any clock that
    does not fall.
    """

    def __init__(self) -> None:
        self._writers: dict[str, _Writer] = {}
        self._likely: dict[str, RunProcess] = {}
        self._searched_at = float("-inf")
        self._sought: set[str] = set()

    def look(
        self,
        paths_by_run: Mapping[str, tuple[Path, ...]],
        now: float,
        silent: Mapping[str, tuple[Path, ...]] = MappingProxyType({}),
    ) -> None:
        """Find the writers of the given runs now and then, and see whether the known ones live.

        Args:
            paths_by_run: The files of the runs that may go on.
            now: The present.
            silent: Those of runs that look as if they had ended. Their writers are looked for once: one
                that hangs, or evaluates for an hour, was silent before anybody came to look.
        """
        kills = oom_kills()
        if unsought := silent.keys() - self._sought - self._writers.keys():
            self._sought |= unsought
            self._note({name: paths for name, paths in silent.items() if name in unsought}, kills)
        if now - self._searched_at >= _SEARCH_S:
            self._searched_at = now
            self._search(paths_by_run, kills)
        for writer in list(self._writers.values()):
            if writer.died_at is not None:
                continue
            if process_is_alive(writer.process.pid) is False:
                # Counted anew: the kernel may have ended it since the look began.
                counted, before = oom_kills(), writer.kills
                killed = counted is not None and before is not None and counted > before
                writer.process = replace(writer.process, alive=False, out_of_memory=killed)
                writer.died_at = now
            else:
                writer.kills = kills

    def alive(self, run_name: str) -> bool | None:
        """Return whether the run's writer lives; None where nobody knows.

        A notebook lives on when its training has ended, and keeps the log open: that it lives says nothing.
        """
        writer = self._writers.get(run_name)
        if writer is None or (writer.died_at is None and _NOTEBOOK.search(writer.process.command)):
            return None
        return writer.died_at is None

    def process(self, run_name: str) -> RunProcess | None:
        """Return the process that writes a run, or that likely does; None where nobody knows."""
        writer = self._writers.get(run_name)
        return self._likely.get(run_name) if writer is None else writer.process

    def note_growth(self, run_name: str, now: float, *, caught_up: bool = True) -> None:
        """Say that a run grew: if its writer had died before, another one has taken over.

        Args:
            run_name: Which run.
            now: When.
            caught_up: Whether everything that is there was read with it.
        """
        writer = self._writers.get(run_name)
        if writer is None or writer.died_at is None:
            return
        if writer.heard_out or now - writer.died_at > _LAST_WORDS_S:
            self._writers.pop(run_name, None)
        else:
            writer.heard_out = caught_up

    def known(self) -> frozenset[str]:
        """Return the runs whose writers are known, dead or alive."""
        return frozenset(self._writers)

    def _note(self, paths_by_run: Mapping[str, tuple[Path, ...]], kills: int | None) -> None:
        """Note the processes that hold the files of some runs open for writing."""
        run_of = {path: name for name, paths in paths_by_run.items() for path in paths}
        pids = {run_of[path]: pid for path, pid in find_writers(run_of).items()}
        described = describe_processes(pids.values()) if pids else {}
        self._writers |= {name: _Writer(described[pid], kills) for name, pid in pids.items()}

    def _search(self, paths_by_run: Mapping[str, tuple[Path, ...]], kills: int | None) -> None:
        run_of = {path: name for name, paths in paths_by_run.items() for path in paths}
        # To look into one process costs little, into all of them milliseconds.
        living = {writer.process.pid for writer in self._writers.values() if writer.died_at is None}
        writing = find_writers(run_of, living)
        if {run_of[path] for path in writing} != paths_by_run.keys():
            writing = find_writers(run_of)
        pids = {run_of[path]: pid for path, pid in writing.items()}
        unknown = [name for name in paths_by_run if name not in pids and name not in self._writers]
        # Several runs in one folder are not told apart by it.
        folders = {name: {path.parent for path in paths_by_run[name]} for name in unknown}
        places = {name: next(iter(found)) for name, found in folders.items() if len(found) == 1}
        alone = {name: place for name, place in places.items() if list(places.values()).count(place) == 1}
        likely = likely_writers(alone) if 0 < len(alone) <= _MOST_LIKELY else {}
        described = describe_processes({*pids.values(), *likely.values()}) if pids or likely else {}
        for name, pid in pids.items():
            known = self._writers.get(name)
            if known is None or known.process.pid != pid:
                self._writers[name] = _Writer(described[pid], kills)
            elif known.died_at is None:
                known.process = described[pid]
        self._likely = {name: replace(described[pid], sure=False) for name, pid in likely.items()}
