"""What holds for all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# Programs that tests start see the installed tuimon too, and not the folder in which pytest was started.
os.environ["PYTHONSAFEPATH"] = "1"
# No test depends on a clock: the machine may be busy.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# `scripts` is never installed. It comes last, so that tuimon is the installed one here, too.
sys.path.append(str(Path(__file__).parent.parent))
