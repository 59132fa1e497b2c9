"""Text from outside made safe for a terminal: one line, no control characters, escape sequences or reordering marks."""

from __future__ import annotations

import re

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # operating system commands: titles, links, clipboard
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # device control and other strings
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequences: colours, cursor
    r"|\x1b[ -/]*[0-~]?"
)
_WHITE = re.compile(r"\s+")
# What moves or hides text: bidirectional controls, tag characters, zero-width marks (but not the joiner of emoji).
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def plain(text: str | None) -> str:
    """`text` as one printable line; None is empty."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return text.strip()
    visible = _UNPRINTABLE.sub("", _WHITE.sub(" ", _ESCAPE_SEQUENCES.sub("", text)))
    return _WHITE.sub(" ", visible).strip()
