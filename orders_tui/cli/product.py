"""`orders-tui product`: set-weight."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.output import narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="product", help="What the program knows of a product.")


@app.command
async def set_weight(sku: str, weight_grams: Annotated[int, Parameter(name="GRAMS", help="Weight in grams.")]) -> int:
    """Give a product its weight; carriers quote nothing without one."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.set_weight(sku, weight_grams)
    narrate(f"{sku} weighs {weight_grams} g.")
    return Exit.OK
