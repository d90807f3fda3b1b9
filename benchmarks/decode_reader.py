"""One reading of a workload by one program, for `benchmarks.decode`: prints points and seconds as JSON.

Runs in the Python of the program that it measures, so that it imports nothing else.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_BLOCK_BYTES = 4 << 20
_POLL_S = 0.02
_PATIENCE_S = 300.0


def main() -> None:
    """Read and print."""
    name, folder, last_step, runs = sys.argv[1:]
    if name == "EventAccumulator":
        found = _accumulate(Path(folder))
    elif name == "data server":
        found = _serve(Path(folder), int(last_step), int(runs))
    else:
        found = _read(Path(folder), is_stored=name != "tuimon")
    print(json.dumps(dict(zip(("points", "cpu_s", "wall_s"), found, strict=True))))


def _read(folder: Path, *, is_stored: bool) -> tuple[int, float, float]:
    base = importlib.import_module("tuimon.sources.base")
    source_of = importlib.import_module("tuimon.sources.tfevents").TfEventsSource
    batch = importlib.import_module("tuimon.core.batch").ScalarBatch
    store = importlib.import_module("tuimon.store.run_store").RunStore if is_stored else None
    # As in the program, which never decodes without a store.
    importlib.import_module("tuimon.store.heap").keep_freed_memory()
    importlib.import_module("google_crc32c")
    budget = base.ReadBudget(_BLOCK_BYTES)
    points, stores = 0, []
    began_s = time.process_time(), time.perf_counter()
    for path in sorted(folder.rglob("events.*")):
        source = source_of((path,))
        stores += [store()] if store else []
        more = True
        while more:
            result = source.read(budget)
            more = result.more
            points += sum(len(r) * len(r.tags) for r in result.records if isinstance(r, batch))
            if store:
                stores[-1].extend(0, result.records)
    return points, time.process_time() - began_s[0], time.perf_counter() - began_s[1]


def _accumulate(folder: Path) -> tuple[int, float, float]:
    module: Any = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    points = 0
    began_s = time.process_time(), time.perf_counter()
    for path in sorted(folder.rglob("events.*")):
        everything = dict.fromkeys(module.DEFAULT_SIZE_GUIDANCE, 0)
        accumulator = module.EventAccumulator(str(path), size_guidance=everything)
        accumulator.Reload()
        tags = accumulator.Tags()
        points += sum(len(accumulator.Scalars(tag)) for tag in tags["scalars"])
        points += sum(len(accumulator.Tensors(tag)) for tag in tags["tensors"])
    return points, time.process_time() - began_s[0], time.perf_counter() - began_s[1]


def _serve(folder: Path, last_step: int, runs: int) -> tuple[int, float, float]:
    """Return what the data server read by the time at which it has the last step of every tag."""
    grpc: Any = importlib.import_module("grpc")
    messages: Any = importlib.import_module("tensorboard.data.proto.data_provider_pb2")
    services: Any = importlib.import_module("tensorboard.data.proto.data_provider_pb2_grpc")
    package: Any = importlib.import_module("tensorboard_data_server")
    with tempfile.TemporaryDirectory() as scratch:
        port_file = Path(scratch) / "port"
        options = ["--port", "0", "--port-file", str(port_file), "--reload", "once"]
        options += ["--samples-per-plugin", "scalars=all", "--logdir", str(folder)]
        began_s = time.perf_counter()
        process = subprocess.Popen([package.server_binary(), *options], stderr=subprocess.DEVNULL)
        try:
            deadline_s = time.monotonic() + _PATIENCE_S
            while not (port_file.exists() and port_file.read_text().endswith("\n")):
                time.sleep(_POLL_S)
            channel = grpc.insecure_channel(
                f"localhost:{port_file.read_text().strip()}",
                options=[("grpc.max_receive_message_length", 1 << 30)],
            )
            stub = services.TensorBoardDataProviderStub(channel)
            scalars = messages.PluginFilter(plugin_name="scalars")
            request = messages.ListScalarsRequest(experiment_id="", plugin_filter=scalars)
            complete = 0
            while complete < runs and time.monotonic() < deadline_s:
                time.sleep(_POLL_S)
                found = stub.ListScalars(request, wait_for_ready=True).runs
                steps = [min(tag.metadata.max_step for tag in run.tags) for run in found if run.tags]
                complete = sum(step >= last_step for step in steps)
            cpu_s, wall_s = _cpu_s(process.pid), time.perf_counter() - began_s
            all_points = messages.Downsample(num_points=1 << 30)
            request = messages.ReadScalarsRequest(
                experiment_id="", plugin_filter=scalars, downsample=all_points
            )
            found = stub.ReadScalars(request).runs
            return sum(len(tag.data.step) for run in found for tag in run.tags), cpu_s, wall_s
        finally:
            process.terminate()
            process.wait()


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, from `/proc`."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
