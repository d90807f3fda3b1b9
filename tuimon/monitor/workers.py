"""Work on hundreds of runs that takes all cores: each process reads runs of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from tuimon.core.cores import usable_cores
from tuimon.sources.base import RunRef

Result = TypeVar("Result")

# Fewer runs are done before other processes are ready.
FEWEST_RUNS = 48
# A machine with a hundred cores trains on them.
_MOST_PROCESSES = 8
_AT_ONCE = 4


def map_runs(refs: Sequence[RunRef], work: Callable[[RunRef], Result]) -> Iterator[Result]:
    """Yield what `work` makes of each run, in their order.

    Many runs are shared between processes, if this one may use several cores. Called by a program without
    threads of its own.

    Args:
        refs: The runs.
        work: Reads one run; it, what it returns and what it raises can be pickled, and should be small.
    """
    processes = min(usable_cores(), _MOST_PROCESSES)
    if processes < 2 or len(refs) < FEWEST_RUNS or not sys.platform.startswith("linux"):
        yield from map(work, refs)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  # few commands see so many runs
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    done = 0
    # What is imported here need not be imported there.
    pool = ProcessPoolExecutor(processes, get_context("fork"), initializer=_end_at_once)
    try:
        for result in pool.map(work, refs, chunksize=_AT_ONCE):
            yield result
            done += 1
    except BrokenProcessPool:  # one of them was killed, perhaps for lack of memory: go on alone
        yield from map(work, refs[done:])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _end_at_once() -> None:
    """Let Ctrl+C end this process without a word; the first process says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
