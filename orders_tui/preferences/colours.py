"""Themes: the whole console takes the colours of the line under the cursor; enter keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.theme import Theme

from orders_tui.formatting import fit
from orders_tui.panes.summary import labelled
from orders_tui.preferences.preference import Preference
from orders_tui.state import Session, Viewer
from styles.themes import THEMES

_OURS = {theme.name for theme in THEMES}


class ColoursPart(Preference):
    """The themes there are, in the order the theme key goes through them."""

    title = "colours"
    heading = f"{'theme':<30}whose"

    def __init__(self, session: Session, themes: Callable[[], Sequence[Theme]]) -> None:
        super().__init__(session)
        self._themes = themes

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [
            (theme.name, Content.assemble((f"{fit(theme.name, 29)} ", "bold"), _whose(theme)))
            for theme in self._themes()
        ]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        kept = self.session.memory.now.theme or self.session.options.theme
        sample = Content.assemble(
            ("late 3h", "bold $text-error"),
            "  ",
            ("urgent", "bold $text-warning"),
            "  ",
            ("shipped", "$text-success"),
            "  ",
            ("confirmed", "$text-primary"),
            "  ",
            ("quiet", "$text-muted"),
        )
        words = labelled([("kept", kept), ("keep", "enter keeps this one on this machine; leaving goes back")])
        return Content("\n").join([words, sample])

    def setting(self, line_id: str) -> str:
        return "console.theme"

    def value(self, line_id: str) -> str:
        return line_id


def _whose(theme: Theme) -> str:
    return "comes with the program" if theme.name in _OURS else "your own"
