"""A person's own colours as Textual themes; what cannot be one is passed over with one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from orders_tui.settings_themes import ThemeSection
from styles.themes import THEMES


def own_themes(wanted: Mapping[str, ThemeSection]) -> tuple[list[Theme], list[str]]:
    """The themes in the order they were given, and what is wrong with the others. One may be based on one before it, or be
    named like one of ours, which it then replaces.
    """
    known = {theme.name: theme for theme in THEMES}
    made: list[Theme] = []
    complaints: list[str] = []
    for name, section in wanted.items():
        base = known.get(section.based_on)
        if base is None:
            complaints.append(
                f"The theme {name} is passed over: there is no theme {section.based_on!r} to base it on;"
                f" there are {', '.join(known)}."
            )
            continue
        try:
            theme = _made(name, section, base)
        except ColorParseError as error:
            complaints.append(f"The theme {name} is passed over: {str(error).splitlines()[0]}.")
            continue
        known[name] = theme
        made.append(theme)
    return made, complaints


def _made(name: str, section: ThemeSection, base: Theme) -> Theme:
    for colour in (*section.colours.values(), *section.variables.values()):
        Color.parse(colour)
    changes: dict[str, Any] = {**section.colours, "variables": {**base.variables, **section.variables}}
    if section.dark is not None:
        changes["dark"] = section.dark
    return replace(base, name=name, **changes)
