"""`orders-tui orders export`: the orders of a filter as CSV or JSON Lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.views import OrderSort
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_filter import Filters
from orders_tui.cli.output import narrate, progress
from orders_tui.opening import open_services
from orders_tui.services.order_sheets import FIELDS_OF, PERSONAL, SheetFormat
from orders_tui.settings_file import read_settings

ALL = Filters()


async def export(
    *,
    filters: Filters = ALL,
    sheet_format: Annotated[SheetFormat, Parameter(name="--format", help="csv or jsonl.")] = SheetFormat.CSV,
    output: Annotated[
        Path | None, Parameter(help="The file to write, readable by you alone; stdout without it.")
    ] = None,
    columns: Annotated[str, Parameter(help="Columns of the table, by commas; all fields without it.")] = "",
    sort: OrderSort = OrderSort.ORDER_DATE,
    ascending: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Write orders to a file as they are read. No cell of a CSV is ever worked out as a formula."""
    chosen = tuple(column.strip() for column in columns.split(",") if column.strip())
    if unknown := [column for column in chosen if column not in FIELDS_OF]:
        raise Misconfigured("usage.columns", f"There is no column {unknown[0]!r}; there are {', '.join(FIELDS_OF)}.")
    filters.order_filter()
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_filter = filters.order_filter(sort, ascending=ascending, me=services.me)
        sheets = services.order_sheets
        if output is None:
            async for text in sheets.lines(order_filter, sheet_format, chosen):
                sys.stdout.write(text)
            return Exit.OK
        orders = await sheets.write(output, order_filter, sheet_format, chosen, progress())
        if PERSONAL & set(sheets.fields_for(chosen)):
            narrate(f"{output} holds customers' names; only you may read it.")
    narrate(f"{orders:,} orders are in {output}.")
    return Exit.OK
