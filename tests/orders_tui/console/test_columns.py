"""What the table shows at which width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from orders_tui.state import Viewer
from orders_tui.table.columns import MARK_CELLS, layout_for
from orders_tui.table.order_columns import COLUMNS
from tests.factories import NOON
from tests.orders_tui.console.lists import row

VIEWER = Viewer(NOON, NOON.tzinfo)
ALWAYS = ["status", "state", "ship_by", "order_number"]


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (64, [*ALWAYS, "items"]),
        (79, [*ALWAYS, "items", "total"]),
        (119, [*ALWAYS, "customer", "items", "total", "ordered"]),
        (159, [*ALWAYS, "customer", "items", "total", "ordered", "tracking", "payment"]),
    ],
)
def test_columns_appear_as_there_is_room(width: int, names: list[str]) -> None:
    assert [column.name for column in layout_for(width, COLUMNS).columns] == names


@pytest.mark.parametrize("width", [64, 79, 100, 119, 159, 240])
def test_a_line_fills_its_width_exactly_whatever_is_in_it(width: int) -> None:
    layout = layout_for(width, COLUMNS)
    for text in ("plain", "名前 名前 名前 名前 名前", "\x1b[31mred\x1b[0m", "line\nbreak", "🛒" * 20, ""):
        line = " ".join(layout.cells(row(1, customer_name=text, items_summary=text), VIEWER))
        assert cell_len(line) == width - MARK_CELLS
        assert "\x1b" not in line
        assert "\n" not in line
