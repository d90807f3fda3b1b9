"""Pictures must be the same on every machine: a fixed time zone, and goldens that can be renewed.

    pytest tests/tui --renew-goldens

writes `goldens/*.txt` anew; look at the difference before it is committed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-goldens", action="store_true", help="write tests/tui/goldens/*.txt anew")


@pytest.fixture(scope="session", autouse=True)
def _utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture(autouse=True)
def _away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let keys write and copy nothing of anybody's: not into the folder at hand, not into their tmux."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TMUX", raising=False)
