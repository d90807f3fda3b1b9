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
    from tuimon.tui.announcer import Announcer
    from tuimon.tui.picture import Painter

_ENDINGS = (".svg", ".png", ".pdf", ".txt")
_MOST_NAMES = 1000


class SavingActions(PromptActions):
    """Writes and copies what is on the screen."""

    announcer: Announcer
    _memory: Path | None
    _painter: Painter

    async def action_save(self) -> None:
        """Ask where to write the charts on the screen; the answer is there already."""
        if self.state is None or self.picture is None:
            self.say("there is nothing to write yet")
            self.draw()
            return
        state_folder = Path(tempfile.gettempdir()) if self._memory is None else self._memory.parent
        place = free_place(self.state.name, Path.cwd(), self._looked_at(), state_folder)
        await self._open_prompt("save", str(place), "a file that ends in .svg, .png, .pdf or .txt")

    def action_copy(self) -> None:
        """Copy what the pane with the focus says."""
        from tuimon.alerts.clipboard import MOST_BYTES, copy  # noqa: PLC0415  # nobody copies at the start
        from tuimon.tui.plain_text import copied_text  # noqa: PLC0415

        if self.picture is not None:
            text, name = copied_text(self.picture, self.state, self.view, self._shown.now)
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
        if text:
            path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100, ASYNC240  # asks no disk
            self.say(f"writing {path} …")
            self.run_worker(self._write(path, self._writer(path)), group="saving")
        self.draw()

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
        if path.suffix.lower() not in _ENDINGS or picture is None or state is None:
            return partial(_refuse, "has no ending that says what to write", path, ".svg, .png, .pdf or .txt")
        if path.exists():
            return partial(_refuse, "is there already", path, "choose another name")
        if path.suffix.lower() == ".txt":
            from tuimon.tui.plain_text import screen_text  # noqa: PLC0415

            glyphs: Glyphs = self._painter.glyphs
            return partial(_write_text, screen_text(picture, glyphs), path, runs)
        from tuimon.output.chosen_figure import chosen_figure, write_figure  # noqa: PLC0415
        from tuimon.output.panels import Choice  # noqa: PLC0415

        view = self.view
        page = picture.specs[picture.first_chart :][: len(picture.plan.charts)]
        tags = {tag for spec in page for tag in spec.tags}
        others = [found for name in view.compared if (found := self._shown.run(name)) is not None]
        choice = Choice(axis=view.axis, smoothing=view.smoothing.weight)
        return lambda: write_figure(chosen_figure([state, *others], tags, choice, view.window), path, runs)

    def _looked_at(self) -> list[Path]:
        return [*self._shown.roots, *(state.path for state in self._shown.runs)]


def free_place(run: str, folder: Path, looked_at: Sequence[Path], state_folder: Path) -> Path:
    """Return where a picture of a run may go: beside nothing that is watched, and over no other file.

    Args:
        run: Its name.
        folder: Where the program was started.
        looked_at: What is watched.
        state_folder: Where to go if `folder` is watched itself.
    """
    watched = {path.resolve() for path in looked_at}
    here = folder.resolve()
    if not watched.isdisjoint((here, *here.parents)):
        folder = state_folder
        with contextlib.suppress(OSError):  # then it is told when it is written
            folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", run).strip("-.")[:80] or "run"
    names = (f"tuimon-{stem}{number}.svg" for number in _numbers())
    return next(path for name in names if not (path := folder / name).exists())


def _numbers() -> Iterable[str]:
    yield ""
    yield from (f"-{number}" for number in range(2, _MOST_NAMES))
    yield f"-{os.getpid()}"


def _write_text(text: str, path: Path, runs: Sequence[Path]) -> None:
    with whole_file(path, runs) as file:
        file.write(text.encode())


def _refuse(what: str, path: Path, remedy: str) -> None:
    raise UsageError(what, str(path), remedy)
