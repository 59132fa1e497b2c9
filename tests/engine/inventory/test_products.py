"""The product master: what is accepted, what is refused in words, and the SKUs that are mapped to it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, OrdersError, Refused
from engine.inventory.aliases import map_sku, unmap_sku
from engine.inventory.product_card import Component, Customs, ProductChange
from engine.inventory.product_master import list_products, set_product, show_product
from engine.inventory.products import ProductEntry, put_products
from engine.inventory.stock import stock
from engine.money import Money
from orders_tui.services import Services
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, House
from tests.factories import opened

STONEWARE = Customs.of("6912.00", "de", "Stoneware mug", Decimal("12.5"), "USD")


async def put(store: Database, sku: str, **values: Any) -> None:
    await set_product(store, sku, ProductChange(**values), actor=MIRA)


async def told(store: Database, sku: str) -> list[tuple[str, Any, Any]]:
    """What the audit keeps of a product, oldest first."""
    product = await store.pool.fetchval("SELECT id FROM products WHERE sku = $1", sku)
    rows = await store.pool.fetch("SELECT * FROM audit_log WHERE subject = $1 ORDER BY sequence", product)

    def opened_value(column: str, row: Any) -> Any:
        plain = store.vault.open(f"audit_log.{column}", product, row[column])
        return orjson.loads(plain) if plain else None

    return [(row["action"], opened_value("before", row), opened_value("after", row)) for row in rows]


def test_customs_data_is_cleaned() -> None:
    assert Customs("691200", "DE", "Stoneware mug", Money(Decimal("12.50"), "USD")) == STONEWARE
    assert Customs.read(STONEWARE.document()) == STONEWARE


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("69", "DE", "Mug", Decimal(1), "USD"), "'69' is no HS code: give six to ten digits."),
        (("691200", "XX", "Mug", Decimal(1), "USD"), "'XX' is no country: give its two letters."),
        (("691200", "DE", "a", Decimal(1), "USD"), "Describe the goods for customs in 3 to 100 characters."),
        (("691200", "DE", "Mug", Decimal(0), "USD"), "0 USD is no value for customs: give one as 12.50 USD."),
        (("691200", "DE", "Mug", Decimal(1), "dollar"), "1 dollar is no value for customs: give one as 12.50 USD."),
    ],
)
def test_customs_data_that_no_border_takes_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        Customs.of(*given)
    assert refused.value.sentence == sentence


async def test_a_product_keeps_what_is_not_given_and_its_audit_tells_what_changed(
    house: House, store: Database
) -> None:
    await put(store, "BOWL", name="Bowl", barcodes=("4006381333931", "BOWL", "BOWL"), weight_grams=800, bin="A-3")
    await put(store, "BOWL", customs=STONEWARE, box="medium", size_millimetres=(300, 300, 120), location="MAIN")
    await put(store, "BOWL", weight_grams=810)
    await put(store, "BOWL", weight_grams=810)
    view = await show_product(store, "BOWL")
    assert (view.name, view.barcodes, view.weight_grams, view.bin) == ("Bowl", ("4006381333931", "BOWL"), 810, "A-3")
    assert (view.customs, view.box, view.size_millimetres) == (STONEWARE, "medium", (300, 300, 120))
    assert view.location == "MAIN"
    actions = await told(store, "BOWL")
    assert [action for action, _, _ in actions] == ["product.added", "product.changed", "product.changed"]
    assert actions[-1][1:] == ({"weight_grams": 800}, {"weight_grams": 810})
    await put(store, "BOWL", location="")
    assert (await show_product(store, "BOWL")).location == ""
    await house.assert_balanced()


async def test_products_put_in_bulk_are_in_their_audit_when_something_changed(house: House, store: Database) -> None:
    entries = [ProductEntry("A", "First", "1", 100), ProductEntry("B", "Second", "", None)]
    for _ in range(2):
        await put_products(store, entries, actor=MIRA)
    await put_products(store, [ProductEntry("A", "First", "1", None), ProductEntry("B", "Second", "", 50)])
    assert [action for action, _, _ in await told(store, "A")] == ["product.added"]
    assert [action for action, _, _ in await told(store, "B")] == ["product.added", "product.changed"]
    await house.assert_balanced()


@pytest.mark.parametrize(
    ("sku", "values", "sentence"),
    [
        ("", {}, "'' is no SKU: give 1 to 100 printable characters."),
        ("A\x1b[2J", {}, "'A' is no SKU: give 1 to 100 printable characters."),
        ("NEW", {"weight_grams": 70_001}, "70001 g is no weight for a product: give 1 to 70000 grams."),
        ("NEW", {"size_millimetres": (1, 0, 1)}, "Give length, width and height in millimetres, 1 to 5000 each."),
        ("NEW", {"barcodes": ("two words",)}, "'two words' is no barcode: give what the scanner types."),
        ("NEW", {"barcodes": ("MUG",)}, "The barcode MUG is MUG-BLU's: a scan must name one product."),
        ("NEW", {"location": "NOWHERE"}, "There is no location NOWHERE."),
        ("NEW", {"name": "x" * 201}, "'xxxxxxxxxxxxxxxxxxxx'… is too long: give at most 200 characters."),
        ("NEW", {"components": (Component("MUG-BLU", 0),)}, "0 × MUG-BLU is no part of a kit: give 1 to 1000."),  # noqa: RUF001
        ("NEW", {"components": (Component("NEVER", 1),)}, "The component NEVER is not among the products: add it first."),
        ("NEW", {"components": (Component("SET", 1),)}, "SET is a kit itself, and no kit may be inside another."),
        ("SET", {"components": (Component("SET", 1),)}, "SET cannot be a component of itself."),
        ("SPOON", {"components": (Component("MUG-BLU", 1),)}, "SPOON is part of SET, and no kit may be inside another."),
        ("MUG-BLU", {"components": (Component("SPOON", 1),)}, "MUG-BLU has stock of its own: book it out before it becomes a kit."),
        ("OLD-MUG", {"weight_grams": 1}, "OLD-MUG is mapped to MUG-BLU: change that product, or unmap OLD-MUG first."),
    ],
)  # fmt: skip
async def test_what_no_product_can_be_is_refused_and_nothing_changes(
    house: House, store: Database, sku: str, values: dict[str, Any], sentence: str
) -> None:
    await put(store, "MUG-BLU", barcodes=("MUG",))
    await put(store, "SPOON", weight_grams=40)
    await put(store, "SET", components=(Component("SPOON", 2),))
    await map_sku(store, "OLD-MUG", "MUG-BLU", actor=MIRA)
    before, counts = await list_products(store, limit=10), await house.row_counts()
    with pytest.raises(OrdersError) as refused:
        await put(store, sku, **values)
    assert refused.value.sentence == sentence
    assert (await list_products(store, limit=10), await house.row_counts()) == (before, counts)


async def test_two_people_cannot_build_kits_of_each_other_s_products(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    for sku in ("A", "B"):
        await put(store, sku, weight_grams=10)
    async with opened(database) as other:
        results = await asyncio.gather(
            set_product(store, "A", ProductChange(components=(Component("B", 1),)), actor=MIRA),
            set_product(other, "B", ProductChange(components=(Component("A", 1),)), actor=MIRA),
            return_exceptions=True,
        )
    assert sum(isinstance(each, Refused) for each in results) == 1
    assert sum(bool(view.components) for view in await list_products(store, limit=10)) == 1


async def test_two_people_who_add_one_product_add_it_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as other:
        await asyncio.gather(
            *(
                set_product(each, "NEW", ProductChange(weight_grams=grams), actor=MIRA)
                for grams, each in enumerate((store, other, store, other), 100)
            )
        )
    actions = [action for action, _, _ in await told(store, "NEW")]
    assert actions == ["product.added", *["product.changed"] * 3]
    await house.assert_balanced()


async def test_a_mapped_sku_mends_every_order_that_failed_for_it(house: House, store: Database) -> None:
    orders = await house.arrive(
        *(an_order(house.shop_id, str(number), units=(a_unit(sku="OLD-MUG"),)) for number in range(3)),
        an_order(house.shop_id, "9", units=(a_unit(sku="OTHER"),)),
    )
    assert [(await house.failure(order_id))["fingerprint"] for order_id in orders] == [
        *["unmapped_sku:OLD-MUG"] * 3,
        "unmapped_sku:OTHER",
    ]
    services = Services(store, MIRA)
    outcomes = await services.products.map("OLD-MUG", "MUG-BLU")
    await services.close()
    assert [outcome.order_number for outcome in outcomes] == ["0", "1", "2"]
    assert not any(outcome.refused for outcome in outcomes)
    assert [(await house.standing(order_id)).state for order_id in orders] == [*["inventory_reserved"] * 3, "failed"]
    assert await house.level("MUG-BLU") == (10, 3)
    # Later orders with that SKU need no person.
    [later] = await house.arrive(an_order(house.shop_id, "10", units=(a_unit(sku="OLD-MUG"),)))
    assert (await house.standing(later)).state == "inventory_reserved"
    assert (await told(store, "MUG-BLU"))[-1] == ("product.mapped", None, {"alias": "OLD-MUG"})
    await house.assert_balanced()


async def test_an_order_with_a_mapped_sku_goes_on_when_the_product_s_stock_arrives(
    house: House, store: Database
) -> None:
    await house.stock("CUP", 0)
    await map_sku(store, "CUP-OLD", "CUP", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit(sku="CUP-OLD"),)))
    assert (await house.standing(order_id)).waiting_for == "stock"
    await house.receive("CUP", 1)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert await house.level("CUP") == (1, 1)


async def test_a_sku_that_cannot_be_mapped_is_refused_and_nothing_changes(house: House, store: Database) -> None:
    await put(store, "CUP", weight_grams=10)
    await map_sku(store, "OLD", "CUP", actor=MIRA)
    counts = await house.row_counts()
    for sku, product, kind, sentence in (
        ("NEW", "NEVER", NotFound, "There is no product with the SKU NEVER."),
        ("CUP", "MUG-BLU", Refused, "CUP is a product of its own: it cannot be mapped to another."),
        ("OLD", "MUG-BLU", Refused, "OLD is mapped to CUP already: unmap it first."),
    ):
        with pytest.raises(kind) as refused:
            await map_sku(store, sku, product, actor=MIRA)
        assert refused.value.sentence == sentence
    with pytest.raises(NotFound, match="NEW is mapped to no product"):
        await unmap_sku(store, "NEW", actor=MIRA)
    assert await house.row_counts() == counts
    await unmap_sku(store, "OLD", actor=MIRA)
    with pytest.raises(NotFound):
        await show_product(store, "OLD")
    await house.assert_balanced()


async def test_the_stock_list_shows_how_many_kits_the_scarcest_component_allows(house: House, store: Database) -> None:
    await house.stock("SPOON", 7)
    await put(store, "SET", components=(Component("MUG-BLU", 2), Component("SPOON", 3)))
    rows = {row.sku: (row.location, row.on_hand, row.available) for row in await stock(store, "", limit=10)}
    assert rows == {"MUG-BLU": ("MAIN", 10, 10), "SET": ("MAIN", 0, 2), "SPOON": ("MAIN", 7, 7)}
    with pytest.raises(
        Refused, match=r"SET is a kit and has no stock of its own: book its components \(MUG-BLU, SPOON\)"
    ):
        await house.receive("SET", 1)
