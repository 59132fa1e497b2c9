"""The stock list: what is free is what is on hand less what is promised."""

from __future__ import annotations

from engine.database.connection import Database
from engine.inventory.stock import short_of, stock
from engine.orders.views import StockRow
from tests.factories import BOWL, MUG, Factory, Line


async def test_a_line_tells_what_is_free(store: Database, factory: Factory) -> None:
    await factory.product(MUG, on_hand=10, reserved=4, weight_grams=None)
    location = await store.pool.fetchval("SELECT code FROM locations")
    assert await stock(store, "", limit=9) == [
        StockRow("MUG-BLU", "Stoneware mug, blue", location, 10, 4, 0, 6, weight_grams=None)
    ]


async def test_stock_is_found_by_the_beginning_of_a_sku_or_words_of_a_name(store: Database, factory: Factory) -> None:
    await factory.product(MUG)
    await factory.product(BOWL)

    async def found(search: str) -> list[str]:
        return [row.sku for row in await stock(store, search, limit=9)]

    assert await found("mug-") == ["MUG-BLU"]
    assert await found("salad") == ["BOWL-LG"]
    assert await found("") == ["BOWL-LG", "MUG-BLU"]
    assert await found("lamp") == []
    assert [row.sku for row in await stock(store, "", limit=1)] == ["BOWL-LG"]


async def test_an_order_is_short_of_what_is_not_free_for_it(store: Database, factory: Factory) -> None:
    await factory.product(MUG, on_hand=1)
    await factory.product(BOWL, on_hand=5)
    order_id = await factory.order(lines=(Line(quantity=3), BOWL))
    async with store.pool.acquire() as connection:
        assert await short_of(connection, order_id) == [("MUG-BLU", 2)]
        await store.pool.execute("UPDATE stock_levels SET on_hand = 3 WHERE on_hand = 1")
        assert await short_of(connection, order_id) == []
