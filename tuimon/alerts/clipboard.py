"""The clipboard of whoever sits at the terminal, also over SSH and through tmux.

OSC 52 (XTerm Control Sequences, "Manipulate Selection Data") sets it. tmux takes that from a program only
where `set-clipboard` is `on`; its own command `load-buffer -w` sets its buffer and the clipboard of all who
look at it as it is set up from the start.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Mapping

MOST_BYTES = 48 << 10
"""Terminals take some 74,000 characters of base64, some of them fewer; this is surely short enough."""
_PATIENCE_S = 2.0


def copy(text: str, environ: Mapping[str, str], send: Callable[[str], None]) -> str:
    """Copy text; return how that was tried, for people: no terminal answers whether it took it.

    Args:
        text: Cut to `MOST_BYTES`.
        environ: The environment, which tells whether tmux is there.
        send: Sends a sequence to the terminal.
    """
    content = text.encode()[:MOST_BYTES].decode(errors="ignore").encode()
    if environ.get("TMUX") and _load_buffer(content):
        return "into tmux's buffer and the clipboard"
    sequence = f"\x1b]52;c;{base64.b64encode(content).decode()}\x07"
    if environ.get("TMUX"):
        sequence += "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    send(sequence)
    return "into the clipboard, where the terminal allows it (OSC 52)"


def _load_buffer(content: bytes) -> bool:
    """Hand text to tmux; return whether it took it."""
    try:
        ended = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],  # noqa: S607  # the person's own tmux
            input=content,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
