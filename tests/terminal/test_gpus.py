"""Eight GPUs through the real pynvml: one lost, one in MIG mode, one without a power sensor."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.nvml import build_standin
from tests.terminal.conftest import Watch

GIB = 2**30


def write_live_run(path: Path) -> None:
    path.parent.mkdir(parents=True)
    now = time.time()
    rows = [{"step": i, "time": now - 100 + i, "loss": 3 - i / 50} for i in range(1, 101)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.compiler
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"])
def test_a_line_for_each_gpu(watch: Watch, tmp_path: Path, size: tuple[int, int]) -> None:
    library = tmp_path / "nvml"
    library.mkdir()
    standin = build_standin(library)
    standin.control(
        *(f"gpu {i} utilisation {80 + i}" for i in range(8)),
        *(f"gpu {i} power {(600 + i) * 1000}" for i in range(8)),
        "gpu 5 mig 2",
        "gpu 6 without power",
    )
    write_live_run(tmp_path / "runs" / "alpha" / "metrics.jsonl")
    added = {
        name: value for name, value in standin.environment().items() if name.startswith(("NVML_", "LD_LIB"))
    }
    terminal = watch(tmp_path / "runs", size=size, **added)
    terminal.wait_for(*(f"GPU{i} " for i in range(8)), "MIG", "607W", "87%")
    assert "606W" not in terminal.text
    # One is lost while it is watched.
    standin.control("gpu 3 lost", "gpu 5 mig 2", "gpu 6 without power")
    terminal.wait_for("GPU3  lost", *(f"GPU{i} " for i in range(8)), "MIG")


def test_no_library_at_all(watch: Watch, tmp_path: Path) -> None:
    write_live_run(tmp_path / "runs" / "alpha" / "metrics.jsonl")
    terminal = watch(tmp_path / "runs", LD_LIBRARY_PATH="")
    terminal.wait_for("alpha RUNNING", "CPU", "RAM")
