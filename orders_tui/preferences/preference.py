"""A part of Settings: lines that may be changed, and put back to their defaults."""

from __future__ import annotations

import shlex

from orders_tui.deeds import PROGRAM
from orders_tui.part import Part


class Preference(Part):
    """Subclasses say which setting a line is; the screen asks for the new value and writes it."""

    def setting(self, line_id: str) -> str:
        """The name of the setting that the line changes; empty when it changes none."""
        return ""

    def reason(self, line_id: str) -> str:
        """Why the line cannot be changed here, in one sentence; empty when it can."""
        return "" if self.setting(line_id) else "There is nothing to change here."

    def command(self, line_id: str) -> str:
        name = self.setting(line_id)
        return shlex.join([PROGRAM, "config", "set", name, self.value(line_id)]) if name else ""

    def value(self, line_id: str) -> str:
        """What the setting is now."""
        return ""
