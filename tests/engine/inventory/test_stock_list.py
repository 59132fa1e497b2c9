"""The stock list is the same however it is read, is narrowed to what was asked, and a movement is taken back once."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.identifiers import new_id
from engine.inventory import movements, stock_list
from engine.inventory.alarms import acknowledge, list_alarms, look_over
from engine.inventory.ledger import adjust, hold_back, transfer
from engine.inventory.locations import put_location
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.inventory.products import ProductEntry, put_products
from engine.inventory.stock_card import stock_card
from engine.inventory.stock_lines import Shown, StockFilter, StockLine
from engine.inventory.waited import waited_for
from engine.words import StockReason
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, House

SEED = 20260302


async def shelves(house: House) -> None:
    """Two locations, products in both, in one and in none, names that share words, a kit."""
    store, chance = house.store, random.Random(SEED)
    await put_location(store, "ANNEX", name="Annex", address=None, actor=MIRA)
    words = ("Stoneware", "Linen", "Walnut", "Mug")
    for number in range(60):
        sku = f"{chance.choice(('ab', 'AB', 'ac', 'Zz'))}-{number:03d}"
        await put_products(store, [ProductEntry(sku, f"{chance.choice(words)} no. {number}", "", 300)])
        for code in chance.sample(("MAIN", "ANNEX"), chance.randrange(3)):
            await adjust(
                store, sku, chance.randrange(1, 5), reason=StockReason.RECEIVED, actor=MIRA, location_code=code
            )
    await set_product(store, "KIT-2", ProductChange(components=(Component("MUG-BLU", 2),)), actor=MIRA)


async def read(store: Database, wanted: StockFilter, *, size: int, backwards: bool = False) -> list[StockLine]:
    """The whole list, page by page, from either end."""
    waited = await waited_for(store.pool)
    found: list[StockLine] = []
    if backwards:
        last = (await read(store, wanted, size=1000))[-1:]
        while True:
            page = await stock_list.page(store, wanted, waited, before=(found or last)[0].key, limit=size)
            found = [*page.rows, *found]
            if not page.more_before:
                return [*found, *last]
    while True:
        page = await stock_list.page(store, wanted, waited, after=found[-1].key if found else None, limit=size)
        found += page.rows
        if not page.more_after:
            return found


@pytest.mark.parametrize("search", ["", "ab", "mug", "zz-0"])
async def test_the_list_is_the_same_from_both_ends_and_at_any_page_size(house: House, search: str) -> None:
    await shelves(house)
    wanted = StockFilter(search=search)
    whole = await read(house.store, wanted, size=1000)
    places = [line.key.place for line in whole]
    assert places == sorted(places), f"seed {SEED}"
    assert len({line.row_id for line in whole}) == len(whole) > 5
    assert await read(house.store, wanted, size=7) == whole == await read(house.store, wanted, size=7, backwards=True)
    counted = await stock_list.count(house.store, wanted, cap=None)
    assert (counted.number, counted.exact) == (len(whole), True)
    assert (await stock_list.count(house.store, wanted, cap=5)).exact is False
    anchors = await stock_list.anchors(house.store, wanted, every=4)
    assert [key.row_id for key in anchors] == [line.row_id for line in whole[::4]]
    middle = await stock_list.rows(house.store, wanted, [line.row_id for line in whole[3:6]])
    assert middle == whole[3:6]


async def test_a_phrase_is_the_beginning_of_a_sku_a_barcode_or_words_of_a_name(house: House, store: Database) -> None:
    await put_products(store, [ProductEntry("Mug-Red", "Stoneware mug, red", "", 300)])
    await set_product(store, "BOWL", ProductChange(name="Bowl for a mug", barcodes=("4006381",)), actor=MIRA)
    await set_product(store, "100%_OFF", ProductChange(name="<b>Sale</b> & more"), actor=MIRA)

    async def found(phrase: str) -> list[str]:
        return [line.sku for line in await read(store, StockFilter(search=phrase), size=10)]

    assert await found("mug") == ["MUG-BLU", "Mug-Red", "BOWL"], "what begins so comes before what is named so"
    assert await found("stoneware RED") == ["Mug-Red"]
    assert await found("4006381") == ["BOWL"]
    assert await found("100%") == ["100%_OFF"]
    assert await found("1' OR 'x'='x") == await found("'") == await found("& | !") == []
    assert await stock_list.find_by_code(store, "4006381") == await stock_list.find_by_code(store, "bowl")
    assert await stock_list.find_by_code(store, "400638") is None


async def test_lines_are_narrowed_to_what_is_low_out_held_and_waited_for(house: House, store: Database) -> None:
    await house.stock("CUP", 0)
    await house.stock("CAP", 2)
    await set_product(store, "CAP", ProductChange(low_stock=3), actor=MIRA)
    await set_product(store, "CUPS", ProductChange(components=(Component("CUP", 3),)), actor=MIRA)
    await hold_back(store, "MUG-BLU", 4, actor=MIRA, reason=StockReason.DAMAGED)
    await house.arrive(
        an_order(house.shop_id, "1", units=[a_unit("1", sku="CUPS")]),
        an_order(house.shop_id, "2", units=[a_unit("2", sku="CAP"), a_unit("3", sku="CUP")]),
    )
    await look_over(store)

    async def found(shown: Shown) -> list[str]:
        return [line.sku for line in await read(store, StockFilter(shown), size=2)]

    assert await found(Shown.LOW) == ["CAP"]
    assert await found(Shown.OUT) == []
    assert await found(Shown.HELD) == ["MUG-BLU"]
    assert await found(Shown.OVERSOLD) == ["CUP"]
    assert await found(Shown.WAITED) == ["CUP"], "the cap of the second order is there: it waits for its cup"
    [cup] = await read(store, StockFilter(Shown.WAITED), size=5)
    assert cup.waited is not None
    assert (cup.waited.orders, cup.waited.units, cup.location, cup.alarms) == (2, 4, "", ("oversold",))
    card = await stock_card(store, cup.product_id)
    assert (card.waiting_orders, [claim.units for claim in card.waiting], card.in_kits) == (2, [3, 1], ("CUPS",))
    await house.receive("CUP", 4)
    await house.run()
    assert await found(Shown.WAITED) == []
    assert await found(Shown.OUT) == ["CUP"]
    [cup] = await read(store, StockFilter(Shown.OUT), size=5)
    assert (cup.on_hand, cup.reserved, cup.available, cup.location) == (4, 4, 0, "MAIN")
    assert (await stock_card(store, cup.product_id)).reserved_orders == 2


async def test_an_alarm_is_acknowledged_once_and_stands_until_it_is_over(house: House, store: Database) -> None:
    with pytest.raises(NotFound, match="No alarm stands for MUG-BLU"):
        await acknowledge(store, "MUG-BLU", actor=MIRA)
    await set_product(store, "MUG-BLU", ProductChange(low_stock=20), actor=MIRA)
    await look_over(store)
    assert [await acknowledge(store, "MUG-BLU", actor=MIRA) for _ in range(2)] == [1, 0]
    [alarm] = await list_alarms(store)
    assert (alarm.acknowledged_by, alarm.cleared_at) == ("mira", None)


async def test_a_movement_is_taken_back_by_another_once(house: House, store: Database) -> None:
    await put_location(store, "ANNEX", name="Annex", address=None, actor=MIRA)
    product = await stock_list.find_by_code(store, "MUG-BLU")
    assert product is not None

    async def newest() -> movements.Movement:
        return (await movements.page(store, product, limit=1)).rows[0]

    async def levels() -> dict[str, tuple[int, int]]:
        return {level.location: (level.on_hand, level.held) for level in (await stock_card(store, product)).levels}

    before = await levels()
    await adjust(store, "MUG-BLU", -3, reason=StockReason.LOST, actor=MIRA)
    lost = await newest()
    await movements.reverse(store, lost.movement_id, actor=MIRA)
    assert ((await newest()).reason, await levels()) == ("correction", before)
    await hold_back(store, "MUG-BLU", 2, actor=MIRA, reason=StockReason.DAMAGED)
    await movements.reverse(store, (await newest()).movement_id, actor=MIRA)
    await transfer(store, "MUG-BLU", 4, source="MAIN", target="ANNEX", actor=MIRA)
    moved = await newest()
    assert await levels() == {"ANNEX": (4, 0), "MAIN": (6, 0)}
    await movements.reverse(store, moved.movement_id, actor=MIRA)
    assert await levels() == {"ANNEX": (0, 0), "MAIN": (10, 0)}
    whole = await movements.page(store, product, limit=100)
    assert {row.why_not for row in whole.rows if row.movement_id in {lost.movement_id, moved.movement_id}} == {
        "This movement was reversed already."
    }
    halves = [row for row in whole.rows if row.kind == "transfer"][2:]
    await house.arrive(an_order(house.shop_id))
    reserved = await newest()
    count = await store.pool.fetchval("SELECT count(*) FROM stock_movements")
    for movement_id in (lost.movement_id, *(half.movement_id for half in halves), reserved.movement_id):
        with pytest.raises(Refused):
            await movements.reverse(store, movement_id, actor=MIRA)
    with pytest.raises(NotFound):
        await movements.reverse(store, new_id(), actor=MIRA)
    assert await store.pool.fetchval("SELECT count(*) FROM stock_movements") == count, "nothing was booked"
    await house.assert_balanced()


async def test_movements_are_read_from_both_ends(house: House, store: Database) -> None:
    for units in range(1, 12):
        await house.receive("MUG-BLU", units)
    product = await stock_list.find_by_code(store, "MUG-BLU")
    assert isinstance(product, UUID)
    whole = (await movements.page(store, product, limit=100)).rows
    assert [row.on_hand for row in whole] == [*range(11, 0, -1), 10]
    first = await movements.page(store, product, limit=5)
    second = await movements.page(store, product, after=first.rows[-1].key, limit=5)
    assert (first.rows + second.rows, first.more_after, second.more_after) == (whole[:10], True, True)
    back = await movements.page(store, product, before=whole[7].key, limit=5)
    assert (back.rows, back.more_before) == (whole[2:7], True)
    assert await movements.STORY.anchors(store.pool, product, every=5) == [whole[0].key, whole[5].key, whole[10].key]
    assert await movements.STORY.newer_than(store.pool, product, whole[3].key) == 3
    assert (await movements.STORY.count(store.pool, product, cap=None)).number == 12
