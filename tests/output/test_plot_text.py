from __future__ import annotations

import re
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.commands import SAMPLES
from tests.output.plots import east_asian_run, figure, hostile_run
from tuimon.core.text import cell_width
from tuimon.output.plot_text import columns_wanted, figure_lines

GOLDENS = Path(__file__).parent / "goldens"
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def plot(*paths: str | Path, width: int = 80, colour: bool = False, ascii_only: bool = False) -> list[str]:
    drawn = figure(*paths, columns=columns_wanted(width))
    return figure_lines(drawn, width, colour=colour, ascii_only=ascii_only)


PLOTS: dict[str, Callable[[Path], list[str]]] = {
    "plot-80-diverged": lambda _: plot(SAMPLES / "diverged"),
    "plot-80-overfit-ascii": lambda _: plot(SAMPLES / "overfit", ascii_only=True),
    "plot-120-all-runs": lambda _: plot(SAMPLES, width=120),
    "plot-120-resumed-colour": lambda _: plot(SAMPLES / "resumed", width=120, colour=True),
    "plot-80-east-asian": lambda folder: plot(east_asian_run(folder / "训练" / "metrics.jsonl").parent),
}


@pytest.mark.parametrize("name", PLOTS)
def test_the_plot_looks_as_it_did(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    drawn = "\n".join(PLOTS[name](tmp_path)) + "\n"
    golden = GOLDENS / f"{name}.txt"
    # Known where tests/tui takes part in the run, which declares the option.
    if request.config.getoption("--renew-goldens", default=False):
        golden.write_text(drawn, encoding="utf-8")
    before = golden.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(unified_diff(before, drawn.splitlines(), "before", "now", lineterm=""))
    assert not difference, f"if this is meant, renew the goldens\n{difference}"


@pytest.mark.parametrize("width", [40, 80, 99, 100, 133])
@pytest.mark.parametrize("look", ["plain", "colour"])
def test_every_line_fits_and_panels_have_straight_edges(width: int, look: str, tmp_path: Path) -> None:
    lines = plot(east_asian_run(tmp_path / "metrics.jsonl"), width=width, colour=look == "colour")
    bare = [COLOUR.sub("", line) for line in lines]
    assert max(map(cell_width, bare)) <= width
    framed = [line for line in bare if line.endswith(("┐", "│", "┘"))]
    assert {cell_width(line) for line in framed} == {width if width < 100 else width // 2 * 2}
    assert len(framed) > 40 / (2 if width >= 100 else 1)
    assert any("损失" in line for line in bare)


def test_without_colour_there_is_no_escape_and_with_it_only_colours() -> None:
    assert not any("\x1b" in line for line in plot(SAMPLES, width=120))
    painted = plot(SAMPLES, width=120, colour=True)
    assert any("\x1b[38;5;" in line for line in painted)
    assert not any("\x1b" in COLOUR.sub("", line) for line in painted)


def test_other_locales_get_ascii_only(tmp_path: Path) -> None:
    lines = plot(east_asian_run(tmp_path / "metrics.jsonl"), ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert any(line.startswith("????/????") for line in lines)


def test_names_of_runs_and_tags_cannot_drive_the_terminal(tmp_path: Path) -> None:
    for ascii_only in (False, True):
        lines = plot(hostile_run(tmp_path / "\x1b[2Jrun" / "m.jsonl").parent, ascii_only=ascii_only)
        assert all(line.isprintable() for line in lines)


def test_a_single_spike_and_a_single_nan_among_many_points_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    rows = ["NaN" if step == 30_000 else "900" if step == 12_345 else "1.5" for step in range(40_000)]
    path.write_text("".join(f'{{"step":{s},"loss":{v}}}\n' for s, v in enumerate(rows)))
    lines = plot(path)
    assert any("×" in line for line in lines)
    assert "1 NaN" in lines[2]
    # The spike alone reaches the upper half of the loss panel.
    upper = [line.partition("┤")[2] or line.partition("│")[2] for line in lines[5:10]]
    assert any(character not in " │" for line in upper for character in line)


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f'{{"step":{s},"loss":NaN,"grad_norm":{-s}}}\n' for s in range(1, 40)))
    text = "\n".join(plot(path))
    assert "no points to show" in text
