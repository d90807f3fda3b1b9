from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal, environment, tuimon

SAMPLE_RUNS = Path(__file__).parent.parent.parent / "sample_runs"
# What a side bar shows when all sample runs are read and judged.
READ = (
    "failed @339 5m05s  !1",
    "done @873",
    "done @600",
    "done @480 6m08s    !1",
    "done @700",
    "checked to step",
)
Watch = Callable[..., Terminal]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker run all tests that drive a terminal: two of them at once would wait for each other."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("terminal"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """`start(command, size=…, NAME=value…)`: the command in a terminal; ended when the test ends."""
    with ExitStack() as stack:

        def run(command: list[str], size: tuple[int, int] = (120, 40), **changes: str) -> Terminal:
            terminal = Terminal(command, environment(tmp_path / "home", **changes), tmp_path, size)
            stack.callback(terminal.close)
            return terminal

        yield run


@pytest.fixture
def watch(start: Callable[..., Terminal]) -> Watch:
    """`watch(path, …, size=…, NAME=value…)`: `tuimon watch` in a terminal."""

    def run(*paths: Path | str, size: tuple[int, int] = (120, 40), **changes: str) -> Terminal:
        return start(tuimon("watch", *map(str, paths)), size, **changes)

    return run
