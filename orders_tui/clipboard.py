"""Text for the clipboard of the person's own machine, as escape sequences that travel through SSH, tmux and GNU screen.

Nothing answers whether a terminal took it, so what was copied can also be shown and selected by hand. Imports no Textual.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

MOST_BYTES = 74_994
"""More than this, encoded, some terminals cut off or throw away."""

_SCREEN_PIECE = 700
"""GNU screen passes on no longer piece at once."""


def too_long(text: str) -> bool:
    """Whether terminals may not take it."""
    return len(base64.b64encode(text.encode())) > MOST_BYTES


def sequence_for(text: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal so that its clipboard holds `text`."""
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    if environment.get("TMUX"):
        # tmux takes the plain one where `set-clipboard` is on, and hands the wrapped one through where it is not.
        return plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("STY") or environment.get("TERM", "").startswith("screen"):
        pieces = [plain[at : at + _SCREEN_PIECE] for at in range(0, len(plain), _SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain
