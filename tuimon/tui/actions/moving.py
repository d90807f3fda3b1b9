"""Keys that move within a pane, and open what they come to."""

from __future__ import annotations

from tuimon.tui.actions.images import ImageActions
from tuimon.tui.actions.log import LogActions
from tuimon.tui.finding_moment import place_of
from tuimon.tui.panes.diagnosis import incidents, listed
from tuimon.tui.plan import neighbours

# Lines of a list that a page key moves by.
_PAGE = 5


class MovingActions(ImageActions, LogActions):
    """Moves the cursor of the pane that has the focus."""

    def action_move(self, dx: int, dy: int) -> None:
        """Move within the pane that has the focus."""
        view, pane = self.view, self.view.focus
        if self.helping:
            view.move("help", dy, 10_000)
        elif pane == "charts" and view.images:
            self._move_image(dx, dy)
        elif pane == "charts" and view.crosshair is not None and dx:
            self._move_crosshair(dx)
        elif pane == "charts":
            self._move_chart(dx, dy)
        elif pane == "runs":
            self._choose_run(dy or dx)
        elif pane == "diagnosis":
            view.move("diagnosis", dy, len(listed(self.state)))
        elif pane == "log" and view.crosshair is not None and self._marked_line is not None:
            self._go_to_line(self._marked_line + dy, dy)
        elif pane == "log":
            view.move("log", -dy, 1_000_000)
        else:
            view.move(pane, dy, 10_000)
        self.draw()

    def action_move_to_end(self, direction: int) -> None:
        """Go to the first or the last line of the pane that has the focus."""
        view, pane = self.view, self.view.focus
        far = 1_000_000 * direction
        if self.helping:
            view.move("help", far, 10_000)
        elif pane == "charts" and view.images:
            self._move_image(far, 0)
        elif pane == "charts":
            view.move("charts", far, self._chart_count)
        elif pane == "runs":
            self._choose_run(far)
        elif pane == "diagnosis":
            view.move("diagnosis", far, len(listed(self.state)))
        elif pane == "log" and self._marked_line is not None:
            self._go_to_end_of_log(direction)
        else:
            view.move(pane, -far if pane == "log" else far, 1_000_000)
        self.draw()

    def action_page(self, direction: int) -> None:
        """Go a page on or back."""
        plan = self.picture.plan if self.picture is not None else None
        if self.helping:
            self.view.move("help", direction * max(self.size.height - 4, 1), 10_000)
        elif self.view.explaining:
            self.view.move("explanation", 4 * direction, 1000)
        elif self.view.images and self.view.focus == "charts":
            self._move_image(_PAGE * direction, 0)
        elif self.view.run_table and plan is not None and "runs" in plan.panes:
            self._choose_run(direction * max(plan.panes["runs"].height - 4, 1))
        elif self.view.focus == "charts" and plan is not None:
            self.view.move("charts", direction * max(len(plan.charts), 1), self._chart_count)
        else:
            for _ in range(_PAGE):
                self.action_move(0, direction)
        self.draw()

    def action_open(self) -> None:
        """Open the run under the cursor, fill the screen with the chart, or explain the finding."""
        view = self.view
        if view.focus == "runs":
            view.focus, view.run_table = "charts", False
        elif view.focus == "log":
            view.full_log = not view.full_log
        elif view.focus == "diagnosis" and listed(self.state):
            view.explaining = not view.explaining
            view.cursor["explanation"] = 0
        elif view.focus == "charts":
            if view.explaining or view.images:
                view.explaining = view.images = False
            else:
                view.full_chart = not view.full_chart
        self.draw()

    def _move_chart(self, dx: int, dy: int) -> None:
        picture = self.picture
        if self.view.full_chart or picture is None or len(picture.plan.charts) < 2 or not dy:
            self.view.move("charts", dx + dy, self._chart_count)
            return
        at = self.view.line("charts") - picture.first_chart
        beyond = len(picture.plan.charts) if dy > 0 else -1
        to = next(iter(neighbours(picture.plan.charts, at, dy)), beyond)
        self.view.move("charts", to - at, self._chart_count)

    def _choose_run(self, by: int) -> None:
        """Open the run that lies so many lines further down the list."""
        names = [run.name for run in self.picture.runs] if self.picture is not None else []
        if names:
            # Where a filter leaves the open run out, the first step leads to the first run.
            at = names.index(self.view.run_name) if self.view.run_name in names else -int(by > 0)
            self._open_run(names[max(0, min(at + by, len(names) - 1))])

    def action_finding(self, by: int) -> None:
        """Go to the next or previous finding, the cursor to its moment; from the runs, explain at once."""
        state = self.state
        findings = listed(state)
        if state is None or not findings:
            self.say("no finding in this run")
        else:
            self.view.explaining |= self.view.focus == "runs"
            self.view.run_table = False
            step = by if self.view.focus == "diagnosis" else 0
            self.view.cursor["diagnosis"] = (self.view.line("diagnosis") + step) % len(findings)
            self.view.focus = "diagnosis"
            finding = findings[self.view.line("diagnosis")]
            index = (
                next((i for i, s in enumerate(self.picture.specs) if s.holds(finding.series)), None)
                if self.picture
                else None
            )
            if index is not None:
                self.view.cursor["charts"] = index
            at = place_of(state, finding, self._axis(state).axis)
            if at is not None:
                self._show_place(at)
        self.draw()

    def action_acknowledge(self) -> None:
        """Say that the chosen finding's matter is known, or no longer."""
        view, findings = self.view, listed(self.state)
        if not findings or view.run_name is None:
            self.say("no finding in this run")
        else:
            chosen = findings[min(view.line("diagnosis"), len(findings) - 1)]
            matter = next(each for each in incidents(self.state) if chosen in each.findings)
            known = {(view.run_name, finding.id) for finding in matter.findings}
            if view.is_acknowledged(chosen):
                view.acknowledged -= known
                self.say(f"no longer acknowledged: {matter.title}")
            else:
                view.acknowledged |= known
                self.say(f"acknowledged: {matter.title}")
        self.draw()
