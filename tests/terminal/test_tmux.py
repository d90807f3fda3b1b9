"""In the real tmux: every panel at every size, resizing, detaching, suspending."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.terminal.conftest import SAMPLE_RUNS
from tests.terminal.terminal import PATIENCE_S, Terminal, environment, tuimon
from tests.watching import rows, write

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
RUNS = ("diverged", "healthy", "huggingface", "overfit", "resumed")


class Tmux:
    """A tmux server of its own, with one window."""

    def __init__(self, home: Path, size: tuple[int, int]) -> None:
        # A socket's path must be short: tmp_path may be too long.
        self._folder = TemporaryDirectory()
        self._socket = f"tuimon-test-{os.getpid()}"
        self._environment = environment(home, TMUX_TMPDIR=self._folder.name)
        config = home.with_name("tmux.conf")
        config.write_text("set -g status off\nset -g default-terminal screen-256color\n")
        width, height = size
        self.run("-f", str(config), "new-session", "-d", "-x", f"{width}", "-y", f"{height}", "sh")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    @property
    def attach_command(self) -> list[str]:
        place = f"TMUX_TMPDIR={self._folder.name}"
        return ["env", place, "tmux", "-L", self._socket, "attach"]

    def type(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def start(self, command: list[str]) -> None:
        self.type("-l", " ".join(command))
        self.type("Enter")

    def resize(self, width: int, height: int) -> None:
        self.run("resize-window", "-x", f"{width}", "-y", f"{height}")

    @property
    def text(self) -> str:
        return self.run("capture-pane", "-p")

    def wait_for(self, *wanted: str, without: str = "\0") -> str:
        """Wait until the pane shows all of some texts and not another one."""
        end = time.monotonic() + PATIENCE_S
        while any(part not in (text := self.text) for part in wanted) or without in text:
            assert time.monotonic() < end, f"no {wanted} in {PATIENCE_S} s:\n{text}"
            time.sleep(0.05)
        return text

    def close(self) -> None:
        self.run("kill-server")
        self._folder.cleanup()


@pytest.fixture
def open_tmux(tmp_path: Path) -> Iterator[Callable[..., Tmux]]:
    with ExitStack() as stack:

        def start(width: int, height: int) -> Tmux:
            tmux = Tmux(tmp_path / "home", (width, height))
            stack.callback(tmux.close)
            tmux.start(["PS1='prompt> '", ";", "cd", str(tmp_path)])
            tmux.start(tuimon("watch", str(SAMPLE_RUNS), "--run", "healthy"))
            return tmux

        yield start


def test_every_panel_at_80x24(open_tmux: Callable[..., Tmux]) -> None:
    tmux = open_tmux(80, 24)
    text = tmux.wait_for("healthy DONE", "873/873", "100.0%", "nothing found; checked to step 873")
    for part in (
        "Training/Loss",
        "e Validation/Loss",
        "Gradient_Norm",
        "GPU0",
        "GPU1",
        "[healthy]",
        "? help",
    ):
        assert part in text
    # The other runs are in the line of names as far as it reaches; the list has them all.
    assert sum(name in text for name in RUNS) >= 4
    tmux.type("6")
    tmux.wait_for("Runs 5", *RUNS)


@pytest.mark.parametrize(("width", "height"), [(120, 40), (200, 60)])
def test_every_panel_at_larger_sizes(open_tmux: Callable[..., Tmux], width: int, height: int) -> None:
    tmux = open_tmux(width, height)
    text = tmux.wait_for("healthy DONE", "873/873", "nothing found; checked to step 873", *RUNS)
    for part in (
        "epoch 3.00/3",
        "loss 0.6242",
        "eval 0.6525",
        "no open finding",
        "Training/Loss 0.6242",
        "Hardware 2 GPUs",
        "GPU1",
        "Events",
        "run done",
        "took 28m39s",
    ):
        assert part in text
    assert width < 200 or "Best" in text
    lines = text.splitlines()
    assert len(lines) == height
    assert lines[0].startswith("✓ healthy DONE")
    assert lines[-1].startswith("? help")


def test_a_storm_of_sizes_ends_in_the_same_picture(open_tmux: Callable[..., Tmux]) -> None:
    tmux = open_tmux(200, 60)
    ready = ("healthy DONE", "nothing found; checked to step 873", "run done", "failed @339 5m05s", "!1")
    before = tmux.wait_for(*ready)
    for width, height in ((150, 50), (40, 12), (199, 59), (20, 5), (81, 25), (40, 12)):
        tmux.resize(width, height)
    small = tmux.wait_for("healthy DONE", "? help", without="Events")
    assert len(small.splitlines()) == 12
    tmux.resize(200, 60)
    after = tmux.wait_for(*ready)
    end = time.monotonic() + PATIENCE_S
    while after != before and time.monotonic() < end:
        time.sleep(0.05)
        after = tmux.text
    assert after == before


def test_detaching_and_attaching(open_tmux: Callable[..., Tmux], start: Callable[..., Terminal]) -> None:
    tmux = open_tmux(120, 40)
    tmux.wait_for("healthy DONE", "nothing found; checked to step 873")
    for _ in range(2):
        client = start(tmux.attach_command)
        client.wait_for("healthy DONE", "Diagnosis", "GPU1")
        tmux.run("detach-client")
        assert client.wait_for_end() == 0
    tmux.type("j")
    tmux.wait_for("healthy DONE")


def test_suspending_to_the_shell_and_coming_back(open_tmux: Callable[..., Tmux]) -> None:
    tmux = open_tmux(120, 40)
    tmux.wait_for("healthy DONE", "nothing found; checked to step 873")
    tmux.type("C-z")
    tmux.wait_for("Stopped", "prompt> ", without="Diagnosis")
    tmux.start(["echo", "back-in-$((6*7))"])
    tmux.wait_for("back-in-42", without="Diagnosis")
    tmux.start(["fg"])
    tmux.wait_for("healthy DONE", "Diagnosis", "? help", without="back-in-42")
    tmux.type("s")
    tmux.wait_for("smoothing: ema .9")
    tmux.type("q")
    tmux.wait_for("back-in-42", without="Diagnosis")


def test_leaving_gives_the_shell_its_screen_back(open_tmux: Callable[..., Tmux]) -> None:
    tmux = open_tmux(80, 24)
    tmux.wait_for("healthy DONE")
    tmux.type("q")
    # At the begin of a line: the shell says so when it listens again. Before, what is typed may be lost.
    tmux.wait_for("\nprompt>", without="DONE")
    tmux.start(["echo", f"code-$? {sys.platform}"])
    tmux.wait_for(f"code-0 {sys.platform}")


def test_the_title_of_the_pane_shows_the_run_and_is_given_back(open_tmux: Callable[..., Tmux]) -> None:
    tmux = open_tmux(80, 24)
    tmux.run("select-pane", "-T", "my own title")
    tmux.wait_for("healthy DONE")
    wait_for_title(tmux, "✓ healthy 100% loss 0.6242 done - tuimon")
    tmux.type("q")
    tmux.wait_for("prompt> ", without="DONE")
    wait_for_title(tmux, "my own title")


def wait_for_title(tmux: Tmux, wanted: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while (title := tmux.run("display-message", "-p", "#{pane_title}").rstrip()) != wanted:
        assert time.monotonic() < end, title
        time.sleep(0.05)


def test_the_status_line_shows_any_name_as_it_is(open_tmux: Callable[..., Tmux], tmp_path: Path) -> None:
    """What tmux makes of the line itself: `#(…)` would run, `#{…}` and `#[…]` would be replaced."""
    tmux = open_tmux(120, 24)
    name = "#(touch ran)#[fg=red]#S"
    write(tmp_path / f"{name}.jsonl", rows(range(1, 30)))
    command = " ".join(tuimon("status", str(tmp_path), "--line", "--style", "tmux"))
    client = Terminal(tmux.attach_command, environment(tmp_path / "home"), tmp_path, (120, 25))
    tmux.run("set", "-g", "status", "on", ";", "set", "-g", "status-right-length", "100")
    tmux.run("set", "-g", "status-interval", "1", ";", "set", "-g", "status-right", f"#({command})")
    try:
        assert name in client.wait_for(f"○ {name} @29 loss 0.03333 stopped")
    finally:
        client.close()
    assert not list(tmp_path.rglob("ran"))


def test_a_tmux_within_a_tmux_shows_256_colours_and_is_left_as_it_was(
    open_tmux: Callable[..., Tmux], tmp_path: Path
) -> None:
    outer = open_tmux(120, 40)
    outer.wait_for("healthy DONE", "nothing found; checked to step 873")
    outer.type("q")
    outer.wait_for("prompt>", without="DONE")
    config = tmp_path / "inner.conf"
    config.write_text("set -g status off\nset -g default-terminal tmux-256color\nset -g prefix C-a\n")
    inner = f"tmux -L tuimon-inner-{os.getpid()}"
    try:
        outer.start(["env", "-u", "TMUX", "-u", "COLORTERM", inner, "-f", str(config), "new-session", "sh"])
        outer.wait_for("", without="prompt>")
        outer.start(["PS1='within> '", ";", "clear"])
        outer.wait_for("within>", without="clear")
        outer.start(tuimon("watch", str(SAMPLE_RUNS), "--run", "diverged"))
        text = outer.wait_for("diverged FAILED", "Diagnosis", "Runs 5", "failed @339 5m05s  !1")
        assert len(text.splitlines()) == 40
        sent = outer.run("capture-pane", "-p", "-e")
        assert "38;5;" in sent
        assert "38;2;" not in sent
        outer.type("C-a", "d")  # the program runs on behind the screen that is gone
        outer.wait_for("prompt>", "[detached", without="Diagnosis")
        outer.start(["env", "-u", "TMUX", inner, "attach"])
        outer.wait_for("diverged FAILED", "Diagnosis", "Runs 5")
        outer.resize(90, 30)
        outer.wait_for("diverged FAILED", without="Runs 5")
        outer.type("q")
        outer.wait_for("within>", without="Diagnosis")
        outer.start(["exit"])
        outer.wait_for("prompt>", "[exited]")
    finally:
        outer.run("run-shell", f"{inner} kill-server || true")


def test_what_is_copied_lies_in_the_buffer_of_tmux(open_tmux: Callable[..., Tmux]) -> None:
    tmux = open_tmux(120, 40)
    tmux.wait_for("healthy DONE", "nothing found; checked to step 873")
    tmux.type("i", "Y")
    tmux.wait_for("copied the values at the cursor into tmux")
    buffer = tmux.run("show-buffer")
    assert buffer.startswith("healthy  cursor at step 873\n")
    assert "Training/Loss" in buffer
