"""The console's themes. Every colour of the program is here or in the style sheets."""

from __future__ import annotations

from textual.theme import Theme

_QUIET = {"footer-background": "transparent", "block-cursor-text-style": "none"}

DARK = Theme(
    name="orders-dark",
    primary="#5ea1d8",
    secondary="#7f8ea3",
    accent="#7cc7c1",
    warning="#e0a545",
    error="#e06c75",
    success="#7fbf6a",
    foreground="#d5dbe3",
    background="#12161c",
    surface="#181d25",
    panel="#222a35",
    dark=True,
    variables={
        **_QUIET,
        "block-cursor-background": "#2f5d87",
        "block-cursor-foreground": "#ffffff",
        "text-muted": "#8d99a8",
        "text-disabled": "#6b7684",
    },
)

LIGHT = Theme(
    name="orders-light",
    primary="#1f5f99",
    secondary="#5b6777",
    accent="#0f6f6a",
    warning="#8a5a00",
    error="#a8202f",
    success="#2f6b1e",
    foreground="#1b2129",
    background="#f7f8fa",
    surface="#eef0f3",
    panel="#dfe3e9",
    dark=False,
    variables={
        **_QUIET,
        "block-cursor-background": "#1f5f99",
        "block-cursor-foreground": "#ffffff",
        "text-muted": "#5a6572",
        "text-disabled": "#7b8591",
    },
)

HIGH_CONTRAST = Theme(
    name="orders-contrast",
    primary="#ffff00",
    secondary="#ffffff",
    accent="#00ffff",
    warning="#ffff00",
    error="#ff6060",
    success="#00ff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    text_alpha=1.0,
    variables={
        **_QUIET,
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
        "text-muted": "#ffffff",
        "text-disabled": "#ffffff",
    },
)

TERMINAL = Theme(
    name="orders-terminal",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_white",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        **_QUIET,
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-background": "ansi_blue",
        "block-cursor-foreground": "ansi_bright_white",
        "text-muted": "ansi_default",
        "text-disabled": "ansi_default",
    },
)
"""The terminal's own 16 colours, on whatever ground it has."""

THEMES = (DARK, LIGHT, HIGH_CONTRAST, TERMINAL)
"""In the order the theme key goes through them."""
