"""What holds for all tests."""

from __future__ import annotations

import os

# Programs that tests start see the installed tuimon too, and not the folder in which pytest was started.
os.environ["PYTHONSAFEPATH"] = "1"
