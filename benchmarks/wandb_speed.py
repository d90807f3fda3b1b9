"""How fast `.wandb` files are read beside W&B's own reader, and how soon a live offline run is seen.

Needs wandb in another environment: `python -m benchmarks.wandb_speed PYTHON`, where PYTHON is the interpreter
of that environment. Both readers are measured in CPU time of all their processes; the file is written by the
library, offline. The values of both are compared, point by point.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from tuimon.core.batch import ScalarBatch
from tuimon.sources.base import ReadBudget, Source
from tuimon.sources.wandb_file import WandbFactory

# Metrics and rows of each file: about 28 MB.
FILES = ((15, 20_000), (500, 700))
LIVE_ROWS, LIVE_INTERVAL_S = 200, 0.02
WRITER = """
import random, sys, time
import wandb
folder, keys, rows, wait = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
settings = wandb.Settings(mode="offline", x_disable_meta=True, disable_git=True, console="off")
run = wandb.init(dir=folder, project="p", settings=settings)
for step in range(rows):
    row = {f"train/metric_{key}": 3 * random.random() for key in range(keys)}
    run.log({**row, "written_at": time.time()}, step=step)
    time.sleep(wait)
run.finish()
"""
_NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def main() -> None:
    """Measure both."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    python = sys.argv[1]
    for keys, rows in FILES:
        with tempfile.TemporaryDirectory() as folder:
            _write(python, folder, keys, rows, 0).wait()
            _compare(python, _written(Path(folder)), f"{keys} metrics, {rows} rows")
    with tempfile.TemporaryDirectory() as folder:
        _follow(_write(python, folder, 5, LIVE_ROWS, LIVE_INTERVAL_S), Path(folder))


def _write(python: str, folder: str, keys: int, rows: int, wait_s: float) -> subprocess.Popen[bytes]:
    command = [python, "-c", WRITER, folder, str(keys), str(rows), str(wait_s)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _written(folder: Path) -> Path:
    return next(folder.glob("wandb/offline-run-*/*.wandb"))


def _compare(python: str, path: Path, name: str) -> None:
    found, seconds = _read_here(path)
    with tempfile.TemporaryFile() as output:
        command = [str(Path(python).with_name("wandb")), "leet", "inspect", "--json", str(path)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=output, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        output.seek(0)
        expected: dict[str, list[float]] = defaultdict(list)
        for line in output:
            record = json.loads(line)
            for tag, value in record.get("history", {}).get("item", {}).items():
                expected[tag].append(float(_NONFINITE.get(str(value), value)))
    theirs = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    hidden = {"_step", "_timestamp"}
    same = all(
        np.array_equal(found.get(tag, []), values) for tag, values in expected.items() if tag not in hidden
    )
    size = path.stat().st_size / 1e6
    print(
        f"{name}: {size:.1f} MB, {sum(map(len, found.values()))} points, {'equal' if same else 'NOT EQUAL'}"
    )
    print(f"  tuimon {seconds:.2f} s, wandb leet {theirs:.2f} s: {theirs / seconds:.1f} times as fast")


def _read_here(path: Path) -> tuple[dict[str, list[float]], float]:
    best = math.inf
    for _ in range(3):
        source = WandbFactory().open((path,))
        begin = time.process_time()
        batches, more = [], True
        while more:
            result = source.read(ReadBudget())
            batches += [record for record in result.records if isinstance(record, ScalarBatch)]
            more = result.more
        best = min(best, time.process_time() - begin)
    found: dict[str, list[float]] = defaultdict(list)
    for batch in batches:
        for tag, values in zip(batch.tags, batch.values, strict=True):
            found[tag] += values.tolist()
    return found, best


def _follow(writer: subprocess.Popen[bytes], folder: Path) -> None:
    source: Source | None = None
    late: list[float] = []
    is_over = False
    while not is_over:
        is_over = writer.poll() is not None
        if source is None and any(folder.glob("wandb/offline-run-*/*.wandb")):
            source = WandbFactory().open((_written(folder),))
        for record in source.read(ReadBudget()).records if source is not None else ():
            if isinstance(record, ScalarBatch) and "written_at" in record.tags:
                written = record.values[record.tags.index("written_at")]
                late += (time.time() - written).tolist()
        time.sleep(0.02)
    print(
        f"live: {len(late)} of {LIVE_ROWS} rows were seen while the run was written, "
        f"{np.median(late):.2f} s after they were logged (median), {max(late):.2f} s at most"
    )


if __name__ == "__main__":
    main()
