"""The smallest Textual program: what `tuimon watch` is measured against."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

# What the benchmark waits for on the screen.
TEXT = "an empty application"


class EmptyApp(App[None]):
    """One line of text, and nothing else."""

    def compose(self) -> ComposeResult:
        """Make the line."""
        yield Static(TEXT)


if __name__ == "__main__":
    EmptyApp().run()
