"""Work on many runs, in a process of its own: a test has threads, which do not go well with a fork."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import start
from tuimon.monitor.workers import FEWEST_RUNS, map_runs
from tuimon.sources.base import RunRef

PROGRAM = """
import os, signal, sys
from pathlib import Path
from tuimon.monitor import workers
from tuimon.sources.base import RunRef

workers.usable_cores = lambda: 2
first = os.getpid()

def work(ref):
    if sys.argv[1] == "killed" and ref.name == "run30" and os.getpid() != first:
        os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv[1] == "raises" and ref.name == "run30":
        raise ValueError(ref.name)
    return ref.name, os.getpid()

refs = [RunRef(f"run{n}", Path(f"run{n}"), (), 0.0) for n in range(workers.FEWEST_RUNS)]
found = list(workers.map_runs(refs, work))
assert [name for name, _ in found] == [ref.name for ref in refs]
print(len({pid for _, pid in found} - {first}), first in {pid for _, pid in found})
"""

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others read runs one by one")


def ended(how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, how], check=False, capture_output=True, text=True)


@linux_only
def test_many_runs_are_shared_and_come_in_order() -> None:
    others, took_part = ended("fine").stdout.split()
    assert int(others) >= 1
    assert took_part == "False"


@linux_only
def test_when_a_process_is_killed_the_rest_is_done_here() -> None:
    outcome = ended("killed")
    assert (outcome.returncode, outcome.stdout.split()[1], outcome.stderr) == (0, "True", "")


@linux_only
def test_what_the_work_raises_is_raised() -> None:
    outcome = ended("raises")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr.endswith("ValueError: run30\n")


def test_a_few_runs_need_no_other_process() -> None:
    refs = [RunRef(str(number), Path(str(number)), (), 0.0) for number in range(FEWEST_RUNS - 1)]
    assert list(map_runs(refs, lambda ref: (ref.name, os.getpid()))) == [
        (ref.name, os.getpid()) for ref in refs
    ]


@linux_only
def test_check_and_status_say_the_same_of_many_runs_as_of_each(tmp_path: Path) -> None:
    for number in range(FEWEST_RUNS):
        loss = [3.0 / step for step in range(1, 31)] + [float("nan")] * (number % 10 == 0)
        rows = [{"step": step, "time": 1.7e9 + step, "loss": value} for step, value in enumerate(loss, 1)]
        (tmp_path / f"run{number:02}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    paths = sorted(tmp_path.iterdir())
    for command in ("check", "status"):
        together = start(command, tmp_path)
        apart = start(command, *paths[::10])
        assert together.code == apart.code == (4 if command == "check" else 0)
        assert set(apart.out.splitlines()) <= set(together.out.splitlines())
        assert len(together.out.splitlines()) == (FEWEST_RUNS if command == "status" else 5)
