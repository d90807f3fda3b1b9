from __future__ import annotations

import subprocess
import sys

import pytest

from tuimon.store.heap import keep_freed_memory

pytestmark = pytest.mark.skipif(not keep_freed_memory(), reason="only glibc can be told")

_STATUS = """
import numpy as np
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tuimon.store.growing import GrowingArray
from tuimon.store.heap import give_back_freed_memory
import tuimon.store.packing

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024
"""

# Columns grow in turn beside small things that stay; the program tells what it holds beyond the columns.
_GROWING = """
np.ones(1 << 21).sum()
give_back_freed_memory()
before, columns, kept = held(), [GrowingArray(np.float64) for _ in range(20)], []
for _ in range(60):
    for column in columns:
        column.extend(np.ones(1500))
        kept.append(np.ones(100))
give_back_freed_memory()
print((held() - before) / sum(column.nbytes for column in columns))
"""

# Each block of a file takes some arrays and frees them; the program tells how many pages the system had to
# clear for all but the first one.
_BLOCKS = """
def read_block():
    return sum(float(part.sum()) for part in [np.ones(1 << 19), *(np.ones(1 << 16) for _ in range(20))])

read_block()
before = getrusage(RUSAGE_SELF).ru_minflt
for _ in range(20):
    read_block()
print(getrusage(RUSAGE_SELF).ru_minflt - before)
"""

# The program tells which share of what it freed it still holds, though something small behind it stays.
_KEPT = """
before = held()
parts = [np.ones(1 << 16) for _ in range(60)]
kept, size = np.ones(100), sum(part.nbytes for part in parts)
del parts
give_back_freed_memory()
print((held() - before) / size)
"""

# A thread tells how many of its arrays lie where those of the main thread do.
_SHARED = """
from threading import Thread
from tuimon.store.heap import share_one_heap

def tell():
    arrays = [np.ones(1 << 13) for _ in range(9)]
    lines = Path("/proc/self/maps").read_text().splitlines()
    begin, end = (int(at, 16) for line in lines if "[heap]" in line for at in line.split()[0].split("-"))
    print(sum(begin <= array.ctypes.data < end for array in arrays))

share_one_heap()
thread = Thread(target=tell)
thread.start()
thread.join()
"""


def told_by(program: str) -> float:
    command = [sys.executable, "-c", _STATUS + program]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_columns_that_grow_leave_no_holes() -> None:
    assert told_by(_GROWING) < 1.2


def test_blocks_that_are_read_one_after_another_take_the_same_memory() -> None:
    assert told_by(_BLOCKS) < 100


def test_what_was_kept_is_given_back() -> None:
    assert told_by(_KEPT) < 0.1


def test_threads_take_memory_from_one_heap() -> None:
    assert told_by(_SHARED) == 9
