"""What the console looks like: Textual CSS and themes, read by `orders_tui` and by nothing else.

base      colours of whole screens and text
layout    where the parts of a screen lie
table     the orders table
panes     filter bar, detail, lists, lines on top and at the bottom
pick      Pick and pack
overview  Overview
inventory Inventory
parts     Activity and Settings
rules     Rules
modals    forms over a screen
compact   narrow terminals
contrast  high contrast, 16 colours and no colour
themes    dark, light and high contrast as Textual themes
"""

SHEETS = (
    "base.tcss",
    "layout.tcss",
    "table.tcss",
    "panes.tcss",
    "pick.tcss",
    "overview.tcss",
    "inventory.tcss",
    "parts.tcss",
    "rules.tcss",
    "modals.tcss",
    "compact.tcss",
    "contrast.tcss",
)
"""The style sheets in the order they are read; a later one wins."""
