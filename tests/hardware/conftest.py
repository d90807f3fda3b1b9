from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.hardware.gpu_watcher import GpuWatcher, WatchGpus
from tests.nvml import Standin, build_standin


@pytest.fixture
def standin(tmp_path: Path) -> Standin:
    return build_standin(tmp_path)


@pytest.fixture
def watch_gpus() -> Iterator[WatchGpus]:
    with ExitStack() as stack:

        def start(environment: dict[str, str]) -> GpuWatcher:
            watcher = GpuWatcher(environment)
            stack.callback(watcher.close)
            return watcher

        yield start
