"""A run, the process that writes it, and its GPUs: a real process, and the stand-in for NVML."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands import run
from tests.nvml import build_standin
from tests.sources.event_writer import scalar, version
from tests.tui.states import live_state
from tests.watching import rows, state_of, wait_for, watching, write
from tuimon.analysis.status import Status
from tuimon.core.hardware import GpuProcess, GpuSample
from tuimon.core.process import RunProcess
from tuimon.hardware.process import process_is_alive
from tuimon.hardware.run_process import describe_processes, gpus_of, job_end, likely_writers, runs_elsewhere
from tuimon.monitor import liveness
from tuimon.monitor.snapshot import Snapshot
from tuimon.output.process_text import process_lines

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells of open files")

# The longest that a crash may stay unknown.
KNOWN_WITHIN_S = 5.0
TRAIN = """
import json, subprocess, sys, time
kept = open(sys.argv[1], "a") if sys.argv[2] == "keep" else None
now = time.time()
for step in range(1, 31):
    line = json.dumps({"step": step, "time": now - 31 + step, "loss": 3 / step, "max_steps": 1000})
    with kept or open(sys.argv[1], "a") as file:
        file.write(line + "\\n")
        file.flush()
        if kept: kept = open(sys.argv[1], "a")
worker = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
print(worker.pid, flush=True)
sys.stdin.read()
"""


class Training:
    """A real training process with a worker of its own."""

    def __init__(self, log: Path, how: str = "keep", **environ: str) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", TRAIN, str(log), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environ,
        )
        assert self.process.stdout is not None
        self.worker = int(self.process.stdout.readline())

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def open_elsewhere(log: Path) -> Iterator[None]:
    """Let another process hold a file open for writing."""
    hold = "import sys; kept = open(sys.argv[1], 'a'); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "alpha" / "metrics.jsonl"


@pytest.fixture
def training(log: Path) -> Iterator[Training]:
    started = Training(log)
    yield started
    started.kill()


def process_of(snapshot: Snapshot) -> RunProcess | None:
    state = snapshot.run("alpha")
    return None if state is None else state.process


def test_a_process_is_described_with_its_workers(training: Training) -> None:
    process = describe_processes([training.pid])[training.pid]
    assert process.family >= {training.pid, training.worker}
    assert os.getpid() not in process.family
    assert process.command.startswith(f"{sys.executable} -c")
    assert process.command.isprintable()
    assert process.folder == str(Path.cwd())


def test_a_process_that_was_stopped_is_suspended_until_it_goes_on(training: Training) -> None:
    def suspended() -> bool:
        process = describe_processes([training.pid])[training.pid]
        assert ("suspended" in process_lines(replace(live_state(), process=process))[0]) == process.suspended
        return process.suspended

    assert not suspended()
    for number, expected in ((signal.SIGSTOP, True), (signal.SIGCONT, False)):
        training.process.send_signal(number)
        deadline = time.monotonic() + KNOWN_WITHIN_S
        while suspended() != expected:
            assert time.monotonic() < deadline


def test_workers_of_one_launcher_are_one_family() -> None:
    launch = (
        "import subprocess, sys\n"
        "rank = [sys.executable, '-c', 'import sys; print(flush=True); sys.stdin.read()', 'rank']\n"
        "pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE}\n"
        "ranks = [subprocess.Popen(rank, **pipes) for _ in range(2)]\n"
        # A process that has just begun has no command line yet.
        "lines = [each.stdout.readline() for each in ranks]\n"
        "print(*[each.pid for each in ranks], flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", launch]
    launcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    first, second = map(int, launcher.stdout.readline().split())
    family = describe_processes([first])[first].family
    launcher.communicate()
    assert family >= {first, second}
    assert launcher.pid not in family


def test_gpus_are_those_on_which_the_driver_sees_the_family_and_unknown_in_a_container() -> None:
    gpus = [
        GpuSample(0, processes=(GpuProcess(7),)),
        GpuSample(1),
        GpuSample(2, processes=(GpuProcess(9), GpuProcess(8))),
        GpuSample(0, mig_parent=3, processes=(GpuProcess(8),)),
    ]
    assert gpus_of({8, 10}, gpus, same_numbers=True) == (2, 3)
    assert gpus_of({8, 10}, gpus, same_numbers=False) == ()


@pytest.mark.compiler
def test_run_process_and_gpus_are_tied_together_and_a_crash_is_known_in_seconds(
    training: Training, log: Path, tmp_path: Path
) -> None:
    nvml = tmp_path / "nvml"
    nvml.mkdir()
    standin = build_standin(nvml)
    gib = 2**30
    standin.control(
        "gpus 3",
        f"gpu 1 process {training.worker} {4 * gib}",
        f"gpu 1 process 1 {gib}",
        f"gpu 2 process 1 {gib}",
    )
    watcher = (
        "import json, sys, time\n"
        "from pathlib import Path\n"
        "from tuimon.hardware.local_sampler import LocalSampler\n"
        "from tuimon.monitor import sampling\n"
        "from tuimon.monitor.monitor import Monitor\n"
        "from tuimon.output.process_text import process_lines\n"
        "from tuimon.sources.naming import Root\n"
        "sampling.numbered_like_driver = lambda: True\n"
        "monitor = Monitor([Root(Path(sys.argv[1]))], probe=LocalSampler(Path(sys.argv[1])))\n"
        "monitor.start()\n"
        "def until(holds):\n"
        "    end = time.monotonic() + 20\n"
        "    while not ((state := monitor.snapshot.run('alpha')) and holds(state)):\n"
        "        assert time.monotonic() < end, monitor.snapshot.runs\n"
        "        time.sleep(0.02)\n"
        "    told = process_lines(state, monitor.snapshot.hardware)\n"
        "    print(json.dumps([state.status, *told]), flush=True)\n"
        "until(lambda state: state.process is not None and state.process.gpus)\n"
        "sys.stdin.readline()\n"
        "until(lambda state: not state.status.live)\n"
        "monitor.stop()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", watcher, str(log.parent.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=standin.environment(),
    ) as watching_process:
        assert watching_process.stdin is not None
        assert watching_process.stdout is not None
        status, *lines = json.loads(watching_process.stdout.readline())
        assert status == "running"
        assert lines[0] == f"process {training.pid}"
        assert "on GPU 1" in lines
        assert any(line.startswith("also on GPU 1: ") for line in lines)
        assert not any("GPU 2" in line for line in lines)
        training.kill()
        killed_at = time.monotonic()
        watching_process.stdin.write("\n")
        watching_process.stdin.flush()
        status, *lines = json.loads(watching_process.stdout.readline())
        assert time.monotonic() - killed_at < KNOWN_WITHIN_S
        assert (status, lines[0]) == ("failed", f"process {training.pid} is gone")


@pytest.mark.parametrize("out_of_memory", [False, True], ids=["killed", "out of memory"])
def test_a_kill_for_lack_of_memory_is_told_apart(
    training: Training, log: Path, monkeypatch: pytest.MonkeyPatch, *, out_of_memory: bool
) -> None:

    def oom_kills() -> int:
        """The kernel counts a kill before anybody can see that the process is gone."""
        return 5 + (out_of_memory and process_is_alive(training.pid) is False)

    monkeypatch.setattr(liveness, "oom_kills", oom_kills)
    with watching(log.parent.parent) as monitor:
        wait_for(monitor, lambda s: process_of(s) is not None)
        training.kill()
        ended = wait_for(
            monitor,
            lambda s: (state := s.run("alpha")) is not None and not state.status.live and state.checked,
        )
        assert state_of(ended, "alpha").status is Status.FAILED
        rules = {"crashed", "out_of_memory"} if out_of_memory else {"crashed"}
        told = wait_for(monitor, lambda s: {f.rule for f in state_of(s, "alpha").findings} >= rules)
        state = state_of(told, "alpha")
        assert {finding.rule for finding in state.findings} == rules
        (crash,) = (finding for finding in state.findings if finding.rule == "crashed")
        assert "its process is gone, and no end was logged" in crash.message
        assert ("for lack of memory" in process_lines(state)[0]) == out_of_memory


def silent_for(log: Path, seconds: float) -> None:
    """Let a log look as if nothing had come for so long."""
    since = time.time() - seconds
    write(log, rows(range(1, 60), start=since - 60, max_steps=1000))
    os.utime(log, (since, since))


def test_a_run_that_hung_before_anybody_came_to_look_is_stalled_and_did_not_stop(log: Path) -> None:
    silent_for(log, 1800.0)
    with open_elsewhere(log), watching(log.parent.parent) as monitor:
        told = wait_for(monitor, lambda s: (state := s.run("alpha")) is not None and bool(state.findings))
        state = state_of(told, "alpha")
        assert state.status is Status.WAITING
        assert [finding.rule for finding in state.findings] == ["stalled"]
        assert state.process is not None


def test_a_silent_run_whose_process_lives_is_waited_for(log: Path) -> None:
    silent_for(log, 1800.0)
    assert run("wait", log, "--timeout", "2s").code == 1
    assert run("eta", log).out.startswith("metrics: stopped")
    with open_elsewhere(log):
        assert run("wait", log, "--timeout", "1s").code == 124
        assert run("eta", log).out.startswith("metrics: waiting")


def test_a_trainer_that_opens_its_log_for_each_line_is_likely_and_never_called_dead(log: Path) -> None:
    training = Training(log, "open")
    try:
        assert likely_writers({"alpha": log.parent, "beta": log.parent.parent}) == {}
        started = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()", f"--output_dir={log.parent}"],
            stdin=subprocess.PIPE,
        )
        try:
            with watching(log.parent.parent) as monitor:
                state = state_of(wait_for(monitor, lambda s: process_of(s) is not None), "alpha")
                assert state.process is not None
                assert (state.process.pid, state.process.sure) == (started.pid, False)
                assert process_lines(state)[0] == f"likely process {started.pid}"
                started.communicate()
                later = wait_for(monitor, lambda s: process_of(s) is None)
                assert state_of(later, "alpha").status is Status.RUNNING
        finally:
            started.communicate()
    finally:
        training.kill()


@pytest.mark.parametrize(
    ("program", "writes"), [("tensorboard", False), ("jupyter-lab", False), ("train.py", True)]
)
def test_who_only_looks_at_a_run_is_no_writer(tmp_path: Path, program: str, *, writes: bool) -> None:
    script = tmp_path / program
    script.write_text("import sys; print('here', flush=True); sys.stdin.read()")
    command = [sys.executable, str(script), "--logdir", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert likely_writers({"alpha": tmp_path}) == ({"alpha": process.pid} if writes else {})
        process.communicate()


def test_a_run_of_another_host_says_so_and_gets_no_sensor_of_this_one(tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "alpha"
    folder.mkdir(parents=True)
    now = time.time()
    events = [version(now - 20), *(scalar("loss", i, 3.0 / i, now - 20 + i) for i in range(1, 20))]
    written = folder / f"events.out.tfevents.{int(now)}.node17.4711.0"
    written.write_bytes(b"".join(events))
    with watching(tmp_path / "outputs") as monitor:
        state = state_of(wait_for(monitor, lambda s: bool(s.runs and s.runs[0].checked)), "alpha")
    assert (state.host, state.status) == ("node17", Status.RUNNING)
    assert process_lines(state) == ("runs on node17",)


def test_which_host_names_are_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Node3.cluster")
    assert [
        host for host in ("node3", "node3.example.org", "localhost", "", "node4") if runs_elsewhere(host)
    ] == ["node4"]


def test_the_end_of_a_job_is_that_of_the_process_that_writes(log: Path) -> None:
    training = Training(log, SLURM_JOB_ID="12", SLURM_JOB_END_TIME="1800000000")
    try:
        mine = {"SLURM_JOB_END_TIME": "1900000000"}
        assert job_end(log.parent, mine) == 1_800_000_000
        assert describe_processes([training.pid])[training.pid].job_id == "12"
    finally:
        training.kill()
    assert job_end(log.parent, mine) == 1_900_000_000
    assert job_end(log.parent, {"SLURM_JOB_END_TIME": "soon"}) is None


def test_a_restart_or_a_file_that_was_replaced_is_no_other_host(tmp_path: Path) -> None:
    log = tmp_path / "alpha" / "metrics.jsonl"
    log.parent.mkdir()
    now = time.time()
    rows: list[dict[str, object]] = [{"step": i, "time": now - 20 + i, "loss": 3.0 / i} for i in range(1, 20)]
    for host, said in ((None, ""), ("node17", "node17")):
        begin = {"time": now - 21, "event": "run_started", "host": host} if host else {"event": "resumed"}
        log.write_text("".join(f"{json.dumps(row)}\n" for row in [begin, *rows]))
        with watching(tmp_path) as monitor:
            state = state_of(wait_for(monitor, lambda s: bool(s.runs and s.runs[0].checked)), "alpha")
        assert (state.host, state.status) == (said, Status.RUNNING)
