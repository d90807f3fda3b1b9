"""Keys that take something away from the screen: into a file, or into the clipboard."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.core.errors import TuimonError, UsageError
from tuimon.core.whole_file import whole_file
from tuimon.tui.actions.prompt import PromptActions

if TYPE_CHECKING:
    from tuimon.charts.style import Glyphs
    from tuimon.core.file_part import FilePart
    from tuimon.tui.announcer import Announcer
    from tuimon.tui.picture import Painter

_ENDINGS = (".svg", ".png", ".pdf", ".txt")
_MOST_NAMES = 1000
_MOST_IMAGE_BYTES = 1 << 28


class SavingActions(PromptActions):
    """Writes and copies what is on the screen."""

    announcer: Announcer
    _offered: Path | None = None
    _memory: Path | None
    _painter: Painter

    async def action_save(self) -> None:
        """Ask where to write the charts on the screen; Enter alone takes the place that is offered."""
        if self.state is None or self.picture is None:
            self.say("there is nothing to write yet")
            self.draw()
            return
        state_folder = Path(tempfile.gettempdir()) if self._memory is None else self._memory.parent
        ending = ".svg"
        if (image := self._shown_image) is not None:
            from tuimon.monitor.images import image_ending  # noqa: PLC0415  # most runs have none

            ending = await asyncio.to_thread(image_ending, image)
        place = free_place(self.state.name, Path.cwd(), self._looked_at(), state_folder, ending)
        self._offered = place
        endings = " ".join(each for each in _ENDINGS if each != ending)
        await self._open_prompt("save", "", f"Enter writes {place}; or type {endings} or another name")

    def action_copy(self) -> None:
        """Copy what the pane with the focus says."""
        from tuimon.alerts.clipboard import MOST_BYTES, copy  # noqa: PLC0415  # nobody copies at the start
        from tuimon.tui.plain_text import copied_text  # noqa: PLC0415

        if self.picture is not None:
            text, name = copied_text(self.picture, self.state, self.view, self._shown.now)
            if not text.strip():
                self.say("there is nothing to copy here")
                self.draw()
                return
            how = copy(text, os.environ, self.announcer.send)
            cut = f", the first {MOST_BYTES >> 10} KB of it" if len(text.encode()) > MOST_BYTES else ""
            self.say(f"copied {name}{cut} {how}")
        self.draw()

    async def _submit(self, text: str) -> None:
        """Write what is on the screen into the file that was typed; all else is not done here."""
        if self.prompting != "save":
            await super()._submit(text)
            return
        self._close_prompt()
        path = self._meant(text)
        self.say(f"writing {path} …")
        self.run_worker(self._write(path, self._writer(path)), group="saving")
        self.draw()

    def _meant(self, typed: str) -> Path:
        """Return the place that is meant: the one that was offered, with another ending, or another one."""
        if not typed or self._offered is None:
            return self._offered or Path.cwd()
        if typed.lower() in _ENDINGS:
            return self._offered.with_name(self._offered.name.removesuffix(self._offered.suffix) + typed)
        return Path.cwd() / Path(typed).expanduser()

    async def _write(self, path: Path, write: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(write)
        except (TuimonError, OSError) as error:
            self.say(f"not written: {error}")
        else:
            self.say(f"written: {path}")
        self.draw()

    def _writer(self, path: Path) -> Callable[[], None]:
        """Return what writes the file: it holds what is on the screen now."""
        runs = [state.path for state in self._shown.runs]
        picture, state = self.picture, self.state
        offered = "" if self._offered is None else self._offered.suffix
        if path.suffix.lower() not in (*_ENDINGS, offered) or picture is None or state is None:
            return partial(_refuse, "has no ending that says what to write", path, ".svg, .png, .pdf or .txt")
        if path.exists():
            return partial(_refuse, "is there already", path, "choose another name")
        if path.suffix.lower() == ".txt":
            from tuimon.tui.plain_text import screen_text  # noqa: PLC0415

            glyphs: Glyphs = self._painter.glyphs
            return partial(_write, screen_text(picture, glyphs).encode(), path, runs)
        image = self._shown_image
        if image is not None and path.suffix.lower() == offered:
            return lambda: _write(image.read(_MOST_IMAGE_BYTES), path, runs)
        from tuimon.output.chosen_figure import chosen_figure, write_figure  # noqa: PLC0415
        from tuimon.output.panels import Choice  # noqa: PLC0415

        view = self.view
        page = picture.specs[picture.first_chart :][: len(picture.plan.charts)]
        tags = {tag for spec in page for tag in spec.tags}
        others = [found for name in view.compared if (found := self._shown.run(name)) is not None]
        choice = Choice(axis=view.axis, smoothing=view.smoothing.weight)
        return lambda: write_figure(chosen_figure([state, *others], tags, choice, view.window), path, runs)

    @property
    def _shown_image(self) -> FilePart | None:
        """The logged image that is on the screen: it is written as it was logged."""
        state = self.state
        if not self.view.images or state is None or not state.run.images:
            return None
        from tuimon.tui.panes.images import chosen_image  # noqa: PLC0415  # most runs have none

        return chosen_image(state.run.images, self.view)[1].content

    def _looked_at(self) -> list[Path]:
        return [*self._shown.roots, *(state.path for state in self._shown.runs)]


def free_place(
    run: str, folder: Path, looked_at: Sequence[Path], state_folder: Path, ending: str = ".svg"
) -> Path:
    """Return where a picture of a run may go: beside nothing that is watched, and over no other file.

    Args:
        run: Its name.
        folder: Where the program was started.
        looked_at: What is watched.
        state_folder: Where to go if `folder` is watched itself.
        ending: How its name ends.
    """
    watched = {path.resolve() for path in looked_at}
    here = folder.resolve()
    if not watched.isdisjoint((here, *here.parents)):
        folder = state_folder
        with contextlib.suppress(OSError):  # then it is told when it is written
            folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", run).strip("-.")[:80] or "run"
    names = (f"tuimon-{stem}{number}{ending}" for number in _numbers())
    return next(path for name in names if not (path := folder / name).exists())


def _numbers() -> Iterable[str]:
    yield ""
    yield from (f"-{number}" for number in range(2, _MOST_NAMES))
    yield f"-{os.getpid()}"


def _write(content: bytes, path: Path, runs: Sequence[Path]) -> None:
    with whole_file(path, runs) as file:
        file.write(content)


def _refuse(what: str, path: Path, remedy: str) -> None:
    raise UsageError(what, str(path), remedy)
