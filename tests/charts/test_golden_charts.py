from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tuimon.charts.grid import rows
from tuimon.charts.layout import columns_wanted
from tuimon.charts.lines import Line, draw_lines
from tuimon.charts.marks import Mark
from tuimon.charts.scales import LINEAR, LOG, SYMLOG, Scale
from tuimon.charts.style import Glyphs, Style
from tuimon.core.columns import Columns

Fold = Callable[..., Columns]


def chart(
    fold: Fold,
    values: npt.ArrayLike,
    size: tuple[int, int],
    *,
    y_scale: Scale = LINEAR,
    glyphs: Glyphs = "braille",
) -> str:
    """A chart of one series at x = 0, 1, 2, ... as text."""
    array = np.asarray(values, dtype=np.float64)
    limits = (0.0, len(array) - 1.0)
    columns = fold(np.arange(len(array)), array, limits, columns_wanted(size, glyphs))
    return block(rows(draw_lines([Line(columns)], size, limits, y_scale=y_scale, glyphs=glyphs)))


def block(lines: Sequence[str]) -> str:
    return "\n" + "\n".join(line.rstrip() for line in lines)


def test_falling_loss(fold: Fold) -> None:
    losses = 1.5 + 2 * np.exp(-np.arange(200) / 40)
    assert chart(fold, losses, (10, 44)) == LOSS
    assert chart(fold, losses, (10, 44), glyphs="ascii") == LOSS_ASCII


def test_log_scale_with_a_zero_and_nan(fold: Fold) -> None:
    values = 10.0 ** np.linspace(2, -2, 120)
    values[30] = 0
    values[80:90] = math.nan
    assert chart(fold, values, (10, 44), y_scale=LOG) == LOG_NAN
    assert chart(fold, values, (10, 44), y_scale=LOG, glyphs="ascii") == LOG_NAN_ASCII


def test_symmetric_log_scale(fold: Fold) -> None:
    assert chart(fold, np.arange(-50, 51) ** 3.0, (10, 44), y_scale=SYMLOG) == CUBES


def test_training_evaluations_restart_finding_and_checkpoint(fold: Fold) -> None:
    size, limits = (10, 44), (0.0, 1200.0)
    wanted = columns_wanted(size)
    steps = np.arange(1000.0)
    train = fold(steps, 3 * np.exp(-steps / 400) + 1, limits, wanted)
    evaluation = fold(np.array([200.0, 500, 800]), np.array([3.2, 2.6, 2.5]), limits, wanted)
    lines = [Line(train, Style.SERIES_1, key="t"), Line(evaluation, Style.SERIES_2, key="e")]
    marks = [Mark(600, "restart", "r2"), Mark(300, "checkpoint"), Mark(900, "finding_critical")]
    assert block(rows(draw_lines(lines, size, limits, marks=marks))) == MARKS


def test_a_noisy_series_is_the_band_from_lowest_to_highest(fold: Fold) -> None:
    values = 2 + np.sin(np.arange(4000.0) * 12.9898) * np.linspace(0.2, 1, 4000)
    values[2500] = 6
    assert chart(fold, values, (10, 44)) == BAND


def test_charts_of_few_rows(fold: Fold) -> None:
    values = np.sin(np.arange(100) / 9) + 1.5
    assert chart(fold, values, (5, 32)) == FIVE_ROWS
    assert chart(fold, values, (3, 24)) == THREE_ROWS
    assert chart(fold, values, (2, 12)) == BARE


LOSS = """
      ⢸
      ⢸⠳⡀
     3⢼ ⠙⢆⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄
      ⢸   ⠑⢄⡀
      ⢸     ⠙⠲⣄⡀
     2⢺ ⠂ ⠂ ⠂ ⠂⠉⠓⠦⢤⣀⡀ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂
      ⢸             ⠈⠉⠑⠒⠒⠲⠤⠤⠤⠤⠤⣄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
      ⢸
      ⠈⠋⠉⠉⠉⠉⠉⠉⠉⠉⠋⠉⠉⠉⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉⠉⠉⠉
       0       50       100      150"""

LOSS_ASCII = """
      |
      |:.
     3+ '.
      |  ''..
      |     ':..
     2+        '':...
      |              '''''':................
      |
      ++--------+--------+--------+---------
       0       50       100      150"""

LOG_NAN = """
   100⣸⣀⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀
      ⢸⠈⠉⠓⠒⠤⣀⣀
      ⢸      ⠈⠉⠓⠲⠤⢄⡀
     1⣸ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀⠈⠉⠒⠲⠤⣄⣀⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀
      ⢸                  ⠈⠉⠒⠢⠤⣄⣀
      ⢸                           ⠠⠤⣀⡀
      ⢸                              ⠈⠉⠓⠲⠤⣀⡀
  0.01⢹ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁⠈
      ⠈⠋⠉⠉⠉⠉⠉⠉⠉⠉v⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉⠉⠉××××⠉⠉⠉⠋⠉⠉⠉⠉⠉
       0             50              100"""

LOG_NAN_ASCII = """
   100+.
      |''':...
      |      ''':...
     1+            ''':...
      |                  ''''...
      |                           ....
  0.01+                               '''...
      |
      ++--------v-----+--------xxxx---+-----
       0             50              100"""

CUBES = """
  100k⢺ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⢀⣀⣀⠤⠤⠖⠒⠒
      ⢸                        ⣀⡠⠤⠒⠋⠉
      ⢸                     ⢀⠴⠊⠁
      ⢸                  ⢀⣀⠔⠁
     0⢹ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⢀⠔⠉⠉⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁ ⠁
      ⢸            ⢀⡠⠖⠁
      ⢸       ⣀⣠⠤⠒⠊⠉
 -100k⢼⠤⠤⠴⠒⠒⠉⠉⠁ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄ ⠄
      ⠈⠋⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠙
       0                50               100"""

MARKS = """
     4⣸⡀⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀⠨⡀ ⡀ ⡀ ⡀ ! ⡀ ⡀ ⡀ ⡀
      ⢸⠑⢦⡀               ⠨        ⠸
      ⢸  ⠙⢦⣀ ⢄⣀⡀         ⠨        ⠸
     3⢹ ⠁ ⠁⠈⠓⢦⣀⠈⠉⠒⠒⠤⢄⣀⠁ ⠁⠨⠁ ⠁ ⠁ ⠁ ⠸ ⠁ ⠁ ⠁ ⠁
      ⢸       ⠈⠙⠲⢤⣀   ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉e ⠸
     2⢺ ⠂ ⠂ ⠂ ⠂ ⠂ ⠈⠉⠓⠲⠤⢄⣀⡀⠂ ⠂ ⠂ ⠂ ⠸ ⠂ ⠂ ⠂ ⠂
      ⢸                  ⠈⠉⠙⠒⠒⠲⠤⠤⠤⢤⣀⣀⣀t
     1⢺ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂⠨⠂ ⠂ ⠂ ⠂ ⠸ ⠂ ⠂ ⠂ ⠂
      ⠈⠋⠉⠉⠉⠉⠉⠉⠉⠉c⠉⠉⠉⠉⠉⠋⠉⠉r⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉
       0                r2         1000"""

BAND = """
     6⣸ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀ ⡀
      ⢸                       ⡇
      ⢸                       ⡇
     4⢺ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂ ⡇ ⠂ ⠂ ⠂ ⠂ ⠂ ⠂
      ⢸                       ⡇⣀⣀⣀⣀⣀⣀⣀⣀⣀⣠⣤⣤⣤
     2⣸⣤⣤⣤⣤⣤⣤⣶⣶⣶⣶⣶⣶⣶⣶⣶⣾⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
      ⢸⠉⠉⠛⠛⠛⠛⠛⠛⠛⠛⠛⠿⠿⠿⠿⠿⠿⠿⠿⢿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
      ⢸                             ⠉⠉⠉⠉⠉⠉⠉⠉
      ⠈⠋⠉⠉⠉⠉⠉⠉⠉⠉⠋⠉⠉⠉⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉⠉⠉⠙⠉⠉⠉⠉⠉⠉⠉⠉⠉
       0      1000     2000     3000"""

FIVE_ROWS = """
     3⢹ ⢀⡠⠤⢤⡀          ⡠⠤⠤⡀
      ⢸⡠⠋   ⠈⢢⡀      ⣠⠊   ⠈⠢⡀
      ⢸       ⠑⢄   ⢀⠜⠁      ⠙⢆
     0⣸         ⠑⠒⠒⠁          ⠙⠒
       0          50"""

THREE_ROWS = """
    3⢹⢀⡤⠖⠦⡀      ⡠⠖⠦⣄
     ⢸⠊   ⠙⢆   ⢀⠞   ⠈⢦⡀
    0⣸      ⠑⠦⠖⠁      ⠙⠦"""

BARE = """
⡴⠒⠢⡀  ⢀⡴⠒⢦⡀
   ⠘⠦⠤⠊   ⠙⠦"""
