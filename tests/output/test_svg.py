from __future__ import annotations

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.commands import SAMPLES
from tests.output.plots import figure, hostile_run
from tuimon.output.colours import SERIES_DARK, SERIES_LIGHT
from tuimon.output.figure import Bars, Panel
from tuimon.output.svg import band_path, element, line_path, number, safe_text, text_width
from tuimon.output.svg_chart import figure_svg, panel_svg
from tuimon.output.svg_style import INK, chart_style

BARS = Bars("", np.array([0.0, 1.0]), np.array([3.0]))
SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - it was made here


@pytest.mark.parametrize("run", ["diverged", "healthy", "huggingface", "overfit", "resumed", ""])
def test_a_picture_is_one_valid_file_without_scripts_or_links(run: str) -> None:
    svg = figure_svg(figure(SAMPLES / run))
    root = parsed(svg)
    assert root.tag == f"{SVG}svg"
    assert len(svg) < 150_000
    names = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert names == {"svg", "title", "style", "rect", "text", "path", "g"}
    assert not re.search(r"href|url\(|script|http(?!://www\.w3\.org/2000/svg\")", svg)
    assert sum(each.get("class") == "title" for each in root.iter()) == 4


@pytest.mark.parametrize("count", [3, 12, 60])
def test_labels_of_ticks_never_touch(count: int) -> None:
    ticks = [(float(x), f"{x * 1000}k") for x in range(count)]
    panel = Panel("loss", "step", "loss", (0.0, count - 1.0), lambda _: ticks, bars=(BARS,))
    texts = [each for each in parsed(panel_svg(panel)).iter("text") if (each.text or "").endswith("k")]
    places = [(float(str(each.get("x"))), text_width(str(each.text), 11) / 2) for each in texts]
    assert len(places) >= min(count, 5)
    for (x, half), (next_x, next_half) in itertools.pairwise(places):
        assert next_x - next_half > x + half


def test_texts_from_files_stay_texts(tmp_path: Path) -> None:
    svg = figure_svg(figure(hostile_run(tmp_path / "<b>&.jsonl")))
    root = parsed(svg)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg", "title", "style", "rect", "text", "path", "g"
    }  # fmt: skip
    assert not any(name.startswith("on") for each in root.iter() for name in each.attrib)
    assert all(character.isprintable() for character in svg)


@settings(max_examples=20)
@given(st.text())
def test_any_text_may_stand_in_an_element_and_in_an_attribute(text: str) -> None:
    root = parsed(element("text", safe_text(text), title=text))
    assert root.text in (root.get("title"), None)
    assert set(root.attrib) == {"title"}


@settings(max_examples=20)
@given(st.floats(allow_nan=True))
def test_any_coordinate_is_a_number(value: float) -> None:
    assert re.fullmatch(r"-?\d+(\.\d)?", number(value))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=20))
def test_paths_hold_numbers_only_whatever_the_points(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points, np.float64).reshape(-1, 2).T
    x = np.nan_to_num(x)
    for path in (line_path(x, y), band_path(x, np.nan_to_num(y), np.nan_to_num(y))):
        assert re.fullmatch(r"(M-?[\d.]+ -?[\d.]+(h0|l[-\d. ]+)Z?)*", path)


def test_what_no_xml_may_hold_is_replaced() -> None:
    assert safe_text("a\ufffe\uffff\x00\ud800b") == "a" + "\ufffd" * 4 + "b"


def test_a_path_is_where_its_points_are() -> None:
    x, y = np.array([0.0, 1.04, 2.08, 3.12]), np.array([10.0, 10.06, np.nan, 5.0])
    assert line_path(x, y) == "M0 10l1 0.1M3.1 5h0"
    assert band_path(x[:2], y[:2], y[:2] + 1) == "M0 10l1 0.1 0 1 -1 -0.1Z"


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.1 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_colour_stands_out_from_its_ground(look: str) -> None:
    dark = look == "dark"
    palette = SERIES_DARK if dark else SERIES_LIGHT
    texts = [pair[dark] for name, pair in INK.items() if name not in ("ground", "panel", "grid", "axis")]
    ground = luminance(INK["ground"][dark])
    for colour in (*palette, *texts):
        lighter, darker = sorted((luminance(colour), ground), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, colour
        assert colour in chart_style() or colour in texts
