"""What holds for all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Programs that tests start see the installed tuimon too, and not the folder in which pytest was started.
os.environ["PYTHONSAFEPATH"] = "1"
# `scripts` is never installed. It comes last, so that tuimon is the installed one here, too.
sys.path.append(str(Path(__file__).parent.parent))
