"""Every action with its keys; another key is given by pressing it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from orders_tui.actions import ACTIONS, BY_ID, Action
from orders_tui.actions.spoken import spoken_keys
from orders_tui.formatting import fit
from orders_tui.panes.summary import labelled
from orders_tui.preferences.preference import Preference
from orders_tui.state import Viewer


class KeysPart(Preference):
    """The registry, with a person's own keys."""

    title = "keys"
    heading = f"{'keys':<18}{'where':<24}what it does"

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [(action.id, self._line(action)) for action in ACTIONS]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        action = BY_ID.get(line_id)
        if action is None:
            return Content("")
        own = line_id in self.session.options.keymap
        return labelled(
            [
                ("action", f"{action.text}  ({action.id})"),
                ("keys", spoken_keys(action, self.session.options.keymap) + ("  (your own)" if own else "")),
                ("shipped", spoken_keys(action, {}) if own else ""),
                ("command", f"orders-tui {action.twin}" if action.twin else ""),
                ("change", "enter, then press the new key; backspace brings the shipped keys back"),
            ]
        )

    def setting(self, line_id: str) -> str:
        return f"console.keys.{line_id}"

    def value(self, line_id: str) -> str:
        return self.session.options.keymap.get(line_id, BY_ID[line_id].keys)

    def _line(self, action: Action) -> Content:
        own = action.id in self.session.options.keymap
        keys = fit(spoken_keys(action, self.session.options.keymap), 17)
        return Content.assemble(
            (f"{keys} ", "bold $text-accent" if own else "bold"),
            (f"{fit(action.scope, 23)} ", "$text-muted"),
            action.text,
        )
