from __future__ import annotations

import subprocess
import sys

import pytest

from tuimon.store.heap import give_back_freed_memory

# Columns grow in turn beside small things that stay; the program tells what it holds beyond the columns.
_GROWING = """
import numpy as np
from pathlib import Path
from tuimon.store.growing import GrowingArray
import tuimon.store.packing

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024

np.ones(1 << 21).sum()
before, columns, kept = held(), [GrowingArray(np.float64) for _ in range(20)], []
for _ in range(60):
    for column in columns:
        column.extend(np.ones(1500))
        kept.append(np.ones(100))
print((held() - before) / sum(8 * len(column) for column in columns))
"""


@pytest.mark.skipif(not give_back_freed_memory(), reason="only glibc can be told")
def test_columns_that_grow_leave_no_holes() -> None:
    command = [sys.executable, "-c", _GROWING]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 1.45
