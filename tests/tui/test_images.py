"""Logged images on the screen: from the event file and from W&B's folder to cells, in colours and without."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from tests.monitor.pngs import encode, picture, png_of
from tests.sources import wandb_writer as writer
from tests.tui.drawing import pane_text, text_of
from tests.tui.feeds import FixedFeed
from tests.tui.image_runs import event_file, logged, state_of
from tests.tui.keyboard import press
from tests.tui.states import snapshot_of
from tuimon.core.file_part import FilePart
from tuimon.core.text import clean
from tuimon.monitor.images import load_image, resized, shrunk
from tuimon.monitor.once import read_once
from tuimon.monitor.png import decode_png
from tuimon.monitor.snapshot import RunState
from tuimon.sources.naming import Root
from tuimon.tui.app import TuimonApp
from tuimon.tui.ink import Ink, style_of
from tuimon.tui.picture import Painter
from tuimon.tui.rows import Row
from tuimon.tui.view import View

JPEG = b"\xff\xd8\xff\xe0" + bytes(30)
RED_OVER_BLUE = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)


def painted(rows: Sequence[Row]) -> bool:
    """Whether an image is among the rows."""
    return any(ink > max(Ink) for row in rows for _, ink in row)


def shown(state: RunState, painter: Painter, *, back: int = 0, tag: int = 0) -> str:
    view = View(state.name, images=True, cursor={"image_back": back, "image_tag": tag})
    return pane_text(painter.paint(snapshot_of(state), view, 80, 24), "chart0")


def test_an_image_keeps_its_shape_and_its_colours(tmp_path: Path) -> None:
    state = logged(tmp_path, ("samples", 3, png_of(RED_OVER_BLUE)))
    drawn = Painter("braille").paint(snapshot_of(state), View(state.name, images=True), 80, 24)
    rows = drawn.panes["chart0"]
    inks = {ink for row in rows for text, ink in row if "▀" in text or (ink > 64 and text.isspace())}
    styles = {style_of(theme, ink) for theme in ("dark", "light", "ansi") for ink in inks}
    colours = {(style.color, style.bgcolor) for style in styles}
    assert len(colours) <= 3  # red on red, red on blue, blue on blue
    triplets = {tuple(c.triplet) for pair in colours for c in pair if c is not None and c.triplet is not None}
    assert triplets == {(255, 0, 0), (0, 0, 255)}
    # A pixel is as wide as it is high, on cells that are twice as high as wide.
    cells = [sum(len(text) for text, ink in row if ink > 64) for row in rows]
    assert max(cells) * 2 == 2 * len([count for count in cells if count]) * 1


def test_a_large_image_fills_the_height_and_stays_square(tmp_path: Path) -> None:
    state = logged(tmp_path, ("samples", 3, png_of(picture(100, 100))))
    rows = Painter("braille").paint(snapshot_of(state), View(state.name, images=True), 80, 24).panes["chart0"]
    cells = [sum(len(text) for text, ink in row if ink > max(Ink)) for row in rows]
    drawn = [count for count in cells if count]
    assert len(drawn) == len(rows) - 2
    assert set(drawn) == {2 * len(drawn)}


def fresh(ink: int) -> Style:
    """The style of an ink that has not been rendered yet: rich remembers how a style was rendered first."""
    style = style_of("dark", ink)
    return Style(color=style.color, bgcolor=style.bgcolor)


@pytest.mark.parametrize(
    ("system", "codes"), [(ColorSystem.TRUECOLOR, 3), (ColorSystem.EIGHT_BIT, 2), (ColorSystem.STANDARD, 1)]
)
def test_any_number_of_colours_shows_it(tmp_path: Path, system: ColorSystem, codes: int) -> None:
    state = logged(tmp_path, ("samples", 3, png_of(RED_OVER_BLUE)))
    rows = Painter("braille").paint(snapshot_of(state), View(state.name, images=True), 80, 24).panes["chart0"]
    sent = {
        Strip.render_style(fresh(ink), "▀", color_system=system) for row in rows for _, ink in row if ink > 64
    }
    assert len({text.partition("m")[0] for text in sent}) == len(sent) >= 2
    assert all(("38;2;" in text) == (codes == 3) and ("38;5;" in text) == (codes == 2) for text in sent)


def test_without_colours_brightness_is_a_denser_character(tmp_path: Path) -> None:
    pixels = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 32, axis=0)
    state = logged(tmp_path, ("samples", 3, png_of(np.repeat(pixels, 3, axis=2))))
    line = shown(state, Painter("braille", coloured=False)).splitlines()[10]
    assert [character for character in "░▒▓█" if character in line] == list("░▒▓█")
    assert line.index("░") < line.index("▒") < line.index("▓") < line.index("█")
    text = shown(state, Painter("ascii", coloured=False))
    assert text.isascii()
    assert ".:-=+*#%@" in "".join(dict.fromkeys(text.splitlines()[10]))
    assert shown(state, Painter("ascii")).isascii()


def test_steps_and_tags_are_gone_through(tmp_path: Path) -> None:
    images = [(tag, step, png_of(picture())) for step in range(1, 4) for tag in ("masks", "samples")]
    state, painter = logged(tmp_path, *images), Painter("braille")
    assert "masks @3" in shown(state, painter)
    assert "image 3 of 3: h l  tag 1 of 2: j k" in shown(state, painter)
    assert "masks @2" in shown(state, painter, back=1)
    assert "masks @1" in shown(state, painter, back=99)
    assert "samples @3" in shown(state, painter, tag=1)
    assert "6 images: I" in text_of(painter.paint(snapshot_of(state), View(state.name), 120, 40), 120, 40)


@pytest.mark.parametrize(
    ("width", "told"),
    [(100, "image 3 of 3: h l  tag 1 of 2: j k  Esc"), (56, "3/3: h l  1/2: j k"), (40, "masks @3")],
)
def test_a_narrow_pane_says_it_in_fewer_words(tmp_path: Path, width: int, told: str) -> None:
    images = [(tag, step, png_of(picture())) for step in range(1, 4) for tag in ("masks", "samples")]
    state = logged(tmp_path, *images)
    view = View(state.name, images=True, shown={"runs": False})
    title = pane_text(Painter("braille").paint(snapshot_of(state), view, width, 24), "chart0").splitlines()[0]
    assert told in title
    assert "samples" not in title


async def test_keys_open_it_go_through_it_and_close_it(tmp_path: Path) -> None:
    images = [(tag, step, png_of(picture())) for step in range(1, 4) for tag in ("masks", "samples")]
    (tmp_path / "run").mkdir()
    app = TuimonApp(FixedFeed(snapshot_of(logged(tmp_path / "run", *images))))

    def title() -> str:
        assert app.picture is not None
        return pane_text(app.picture, "chart0").splitlines()[0]

    async with app.run_test(size=(80, 24)) as pilot:
        for key, begin in (("I", "masks @3"), ("h", "masks @2"), ("j", "samples @3"), ("g", "samples @1")):
            await press(pilot, key)
            assert begin in title()
        for _ in range(500):  # it is read in another thread
            if app.picture is not None and painted(app.picture.panes["chart0"]):
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("the image never came")
        await press(pilot, "ctrl+s", "enter")
        await app.workers.wait_for_complete()
        assert (tmp_path / "tuimon-run.png").read_bytes() == png_of(picture())
        await press(pilot, "escape")
        assert not app.view.images
        assert "loss" in title()


async def test_images_bring_hidden_charts_back_and_say_where_there_is_no_room(tmp_path: Path) -> None:
    app = TuimonApp(FixedFeed(snapshot_of(logged(tmp_path, ("masks", 1, png_of(picture()))))))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "1", "I")
        assert app.picture is not None
        assert "masks @1" in pane_text(app.picture, "chart0")
    app = TuimonApp(FixedFeed(snapshot_of(logged(tmp_path, ("masks", 1, png_of(picture()))))))
    async with app.run_test(size=(20, 6)) as pilot:
        await press(pilot, "I")
        assert not app.view.images
        assert "no room" in app.view.message


async def test_an_image_that_is_not_shown_is_written_under_its_own_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    content = b"\xff\xd8\xff\xe0 and so on"
    app = TuimonApp(FixedFeed(snapshot_of(logged(tmp_path / "run", ("masks", 1, content)))))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "I", "ctrl+s", "enter")
        await app.workers.wait_for_complete()
        assert (tmp_path / "tuimon-run.jpg").read_bytes() == content


def test_an_image_of_a_packed_event_file_is_found_in_it(tmp_path: Path) -> None:
    content = event_file(*[("samples", step, png_of(picture(4, 4 + step))) for step in range(3)])
    (tmp_path / "events.out.tfevents.1.host.gz").write_bytes(gzip.compress(content))
    state = state_of(tmp_path)
    for record in state.run.images["samples"].kept:
        found = load_image(record.content)
        assert not isinstance(found, str)
        np.testing.assert_array_equal(found, picture(4, 4 + record.step))


def wandb_run(folder: Path, value: object) -> RunState:
    (folder / "files" / "media" / "images").mkdir(parents=True)
    (folder / "files" / "media" / "images" / "a.png").write_bytes(png_of(picture()))
    rows = [
        writer.history({"loss": "1.0", "_step": str(n), "samples": json.dumps(value)}, n + 1)
        for n in range(2)
    ]
    (folder / "run-abc.wandb").write_bytes(writer.file_of([writer.run(), *rows]))
    (state,) = read_once([Root(folder)]).runs
    return state


def test_images_of_wandb_lie_beside_the_run(tmp_path: Path) -> None:
    size = {"width": 6, "height": 4}
    one = {"_type": "image-file", "path": "media/images/a.png", **size}
    several = {"_type": "images/separated", "filenames": ["media/images/a.png", "media/images/b.png"], **size}
    (tmp_path / "one").mkdir()
    (tmp_path / "several").mkdir()
    state = wandb_run(tmp_path / "one", one)
    assert [record.step for record in state.run.images["samples"].kept] == [0, 1]
    assert "samples @1  " in shown(state, Painter("braille"))
    assert "6 x 4" in shown(state, Painter("braille"))
    state = wandb_run(tmp_path / "several", several)
    assert len(state.run.images["samples"].kept) == 4
    assert "not shown: the file No such file" in shown(state, Painter("braille"))
    view = View(state.name, images=True, cursor={"image_back": 1})
    assert painted(Painter("braille").paint(snapshot_of(state), view, 80, 24).panes["chart0"])


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../secret.png", "media/../../../x.png", "", "a\0b", 5, None]
)
def test_a_path_that_leads_out_of_the_run_is_no_image(tmp_path: Path, path: object) -> None:
    state = wandb_run(tmp_path, {"_type": "image-file", "path": path})
    assert dict(state.run.images) == {}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (JPEG, "not shown: JPEG"),
        (b"GIF89a", "not shown: GIF"),
        (b"", "not shown: no PNG"),
        (
            encode(picture().reshape(4, -1), 6, depth=8, colour=2, filters=(0,), interlaced=1),
            "interlaced PNG",
        ),
        (png_of(picture())[:30], "without a header"),
    ],
    ids=["jpeg", "gif", "empty", "interlaced", "cut"],
)
def test_what_cannot_be_shown_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    assert why in shown(logged(tmp_path, ("samples", 1, content)), Painter("braille"))


def test_a_file_that_has_changed_since_is_told(tmp_path: Path) -> None:
    state = logged(tmp_path, ("samples", 1, png_of(picture())))
    path = tmp_path / "events.out.tfevents.1.host"
    size = path.stat().st_size
    for content, why in ((b"x" * size, "no PNG"), (b"", "is shorter"), (None, "No such file")):
        path.unlink() if content is None else path.write_bytes(content)
        assert why in shown(state, Painter("braille"))
    path.mkdir()
    assert "not shown" in shown(state, Painter("braille"))


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse file
    assert load_image(FilePart(path)) == "not shown: the file is larger than 32 MB"


def test_a_hostile_tag_cannot_drive_the_terminal(tmp_path: Path) -> None:
    tag = "a\x1b[2J\x9b31m\u202e"
    text = shown(logged(tmp_path, (tag, 1, png_of(picture()))), Painter("braille"))
    assert clean(tag) in text
    assert "\x1b" not in text


def test_images_get_smaller_by_means_and_larger_by_repeats() -> None:
    stripes = np.zeros((6, 6, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (shrunk(stripes, 3, 3) == 100).all()
    assert shrunk(picture(4, 6), 9, 9).shape == (4, 6, 3)
    assert shrunk(picture(4, 600), 512, 60).shape == (1, 60, 3)
    np.testing.assert_array_equal(resized(stripes, 6, 12)[:, ::2], stripes)
    assert decode_png(png_of(stripes)).tolist() == stripes.tolist()
