"""What a console needs sooner or later and loads once its first screen is painted, so that no key has to wait for it."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil

from orders_tui.mistakes import keep_events_off_the_terminal

_PACKAGES = ("orders_tui.screens", "orders_tui.panes", "orders_tui.modals", "orders_tui.services")
_ENGINE = (
    "engine.inventory.ledger",
    "engine.inventory.products",
    "engine.orders.correction",
    "engine.orders.detail",
    "engine.workflow.failure_groups",
)
_OUTSIDE = {"buyers", "connecting", "exports", "goods", "imports", "pulls", "pulling", "shipping", "shops"}
"""What talks to the outside world costs as much memory as all the rest, and most consoles never use it."""
_PAUSE_SECONDS = 0.02


def modules() -> list[str]:
    """Their names, in the order in which they are loaded."""
    found = []
    for package in _PACKAGES:
        path = importlib.import_module(package).__path__
        found += [f"{package}.{module.name}" for module in pkgutil.iter_modules(path) if module.name not in _OUTSIDE]
    return [*found, *_ENGINE]


async def warm() -> None:
    """Load them beside the console, a little at a time."""
    await asyncio.to_thread(keep_events_off_the_terminal)
    for name in modules():
        await asyncio.to_thread(importlib.import_module, name)
        await asyncio.sleep(_PAUSE_SECONDS)
