"""GPUs for tests: builds the NVML stand-in and says how a program finds it.

    standin = build_standin(tmp_path)
    standin.control("gpus 2", "gpu 1 lost")
    subprocess.run([...], env=standin.environment())

What `control` understands stands at the top of `hardware/nvml_standin.c`. A program under test reads it at
every call, so it can be changed while the program runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

_SOURCE = Path(__file__).parent / "hardware" / "nvml_standin.c"


@dataclass(frozen=True, slots=True)
class Standin:
    """A built stand-in: a folder with the library, its control file and the log of its calls."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """Return this process's environment, changed so that `pynvml` loads the stand-in."""
        paths = [str(self.folder), os.environ.get("LD_LIBRARY_PATH", "")]
        return os.environ | {
            "LD_LIBRARY_PATH": os.pathsep.join(path for path in paths if path),
            "NVML_STANDIN_CONTROL": str(self._control),
            "NVML_STANDIN_LOG": str(self._log),
        }

    def control(self, *settings: str) -> None:
        """Replace all settings at once; none: eight healthy GPUs."""
        fresh = self.folder / "control.new"
        fresh.write_text("".join(f"{setting}\n" for setting in settings), encoding="latin-1")
        fresh.replace(self._control)

    def calls(self, gpu: int | None = None) -> Counter[str]:
        """Return how often each NVML function was called, on all GPUs and none, or on one GPU."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        calls = (line.split() for line in lines)
        return Counter(function for function, number in calls if gpu is None or int(number) == gpu)

    @property
    def _control(self) -> Path:
        return self.folder / "control"

    @property
    def _log(self) -> Path:
        return self.folder / "calls"


def build_standin(folder: Path, *, old_driver: bool = False) -> Standin:
    """Compile the stand-in into `folder`, or skip the test where there is no C compiler.

    Args:
        folder: Where the library, its control file and its log lie; not below a watched folder.
        old_driver: Leave out the calls that came with newer drivers.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler (cc or gcc) to build the NVML stand-in with")
    options = ["-shared", "-fPIC", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror"]
    if old_driver:
        options.append("-DOLD_DRIVER")
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, *options, "-o", str(library), str(_SOURCE)], check=True)
    return Standin(folder)
