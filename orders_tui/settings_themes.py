"""A person's own colours: as `[console.themes.NAME]` in the configuration, or as files of the folder `themes` beside it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from orders_tui.settings_outside import Section

_COLOUR = re.compile(r"#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|ansi_[a-z_]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def _colour(text: str) -> str:
    if text and not _COLOUR.fullmatch(text):
        raise ValueError("it should be a colour such as #5ea1d8 or ansi_blue")
    return text


Colour = Annotated[str, AfterValidator(_colour)]


class ThemeSection(Section):
    """What differs from the theme it is `based_on`; a colour that is empty is that theme's."""

    based_on: str = "orders-dark"
    primary: Colour = ""
    secondary: Colour = ""
    accent: Colour = ""
    warning: Colour = ""
    error: Colour = ""
    success: Colour = ""
    foreground: Colour = ""
    background: Colour = ""
    surface: Colour = ""
    panel: Colour = ""
    dark: bool | None = None
    variables: dict[str, Colour] = Field(default_factory=dict)
    """Single colours of the style sheets: `text-muted`, `block-cursor-background` …"""

    @property
    def colours(self) -> dict[str, str]:
        """The colours that are its own."""
        given = self.model_dump(exclude={"based_on", "dark", "variables"})
        return {name: colour for name, colour in given.items() if colour}


def read_theme_folder(folder: Path) -> tuple[dict[str, ThemeSection], list[str]]:
    """The themes of the folder's files by name, and one sentence for each file that is none and is passed over."""
    found: dict[str, ThemeSection] = {}
    complaints: list[str] = []
    try:
        files = sorted(folder.glob("*.toml"))
    except OSError:
        return found, complaints
    for file in files:
        try:
            if not _NAME.fullmatch(file.stem):
                raise ValueError("its name should be small letters, digits and hyphens")
            found[file.stem] = ThemeSection(**tomllib.loads(file.read_text("utf-8")))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            complaint = first["msg"].removeprefix("Value error, ").lower()
            complaints.append(f"The theme {file} is passed over: {'.'.join(map(str, first['loc']))}: {complaint}.")
        except (OSError, ValueError, TypeError) as error:
            complaints.append(f"The theme {file} is passed over: {error}.")
    return found, complaints
