"""Keys in bursts: much faster than a pilot that waits after each one, and as people at slow lines type."""

from __future__ import annotations

import asyncio
import unicodedata

from textual import events
from textual.pilot import Pilot

# What Textual calls otherwise than Unicode does.
_UNICODE_NAMES = {
    "less_than_sign": "LESS-THAN SIGN",
    "greater_than_sign": "GREATER-THAN SIGN",
    "slash": "SOLIDUS",
    "minus": "HYPHEN-MINUS",
    "underscore": "LOW LINE",
}


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Send keys at once, by the names that Textual gives them, and wait until all of them have acted."""
    for key in keys:
        pilot.app.post_message(events.Key(key, _character(key)))
    # First the keys, then what a line that is being typed has told of them.
    for _ in range(2):
        acted = asyncio.Event()
        pilot.app.call_later(acted.set)
        while not acted.is_set():
            if pilot.app.return_value is not None or not pilot.app.is_running:  # nothing acts any more
                return
            await asyncio.sleep(0.001)
        await pilot.pause(0)


def _character(key: str) -> str | None:
    if len(key) == 1:
        return key
    try:
        return unicodedata.lookup(_UNICODE_NAMES.get(key, key.replace("_", " ").upper()))
    except KeyError:
        return None
