"""Parcels, cancellations and returns from the command line: each action with its refusal, as lines and as JSON."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.orders.parcels.returns import apply_returns
from engine.ports.facts import ReturnedUnit, ReturnFact
from engine.ports.outcomes import Done, LabelVoided
from engine.words import EffectKind, TrackingStatus
from tests.engine.facts import NOON, a_unit, an_order
from tests.engine.house import House
from tests.orders_tui.cli.saying import Command


@pytest.fixture
async def house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    return house


async def arrive(house: House, number: str, units: int = 1) -> None:
    await house.arrive(an_order(house.shop_id, number, units=[a_unit(f"{number}-{line}") for line in range(units)]))


async def test_orders_are_cancelled_with_a_reason_and_what_cannot_be_says_why(command: Command, house: House) -> None:
    await arrive(house, "5771")
    assert (await command("orders", "cancel", "5771")).code == 2
    assert (await command("orders", "cancel", "5771", "--reason", "bored")).code == 2
    preview = await command("orders", "cancel", "5771", "--reason", "out-of-stock", "--dry-run")
    assert (preview.code, preview.lines) == (0, ["5771  processing → cancelled"])
    assert await house.level() == (10, 1)
    said = await command("orders", "cancel", "5771", "--reason", "out-of-stock", "--note", "broken", "--json")
    [document] = said.documents
    assert (said.code, document["after"]) == (0, "cancelled")
    assert await house.level() == (10, 0)
    again = await command("orders", "cancel", "5771", "--reason", "out-of-stock")
    assert (again.code, again.lines) == (1, ["5771  refused: Order 5771 is cancelled already."])


async def test_an_order_is_split_and_its_parcels_handed_over_one_by_one(command: Command, house: House) -> None:
    await arrive(house, "5771", 3)
    assert (await command("orders", "split", "5771")).code == 2
    assert (await command("orders", "split", "5771", "MUG-BLU")).code == 2
    refused = await command("orders", "split", "5771", "MUG-BLU=4")
    assert (refused.code, refused.err) == (
        1,
        "The order has no 4 of MUG-BLU to move: look at what is in its parcels.\n",
    )
    said = await command("orders", "split", "5771", "MUG-BLU=1", "--json")
    [document] = said.documents
    assert said.code == 0
    await house.buy_labels()
    await house.buy_labels()
    which = await command("orders", "hand-over", "5771")
    assert (which.code, "has 2 parcels: name one of" in which.err) == (1, True)
    assert (await command("orders", "hand-over", document["package_id"])).lines == ["1 handed over"]
    assert await house.level() == (9, 2)
    left = await command("orders", "hand-over", document["package_id"])
    assert (left.code, left.err) == (1, "The parcel of order 5771 has left the house.\n")


async def test_a_short_order_ships_what_is_there(command: Command, house: House) -> None:
    await arrive(house, "5771", 12)
    said = await command("orders", "split", "5771", "--available")
    assert said.code == 0
    assert await house.level() == (10, 10)
    again = await command("orders", "split", "5771", "--available")
    assert again.code == 1


async def test_orders_are_combined_and_taken_apart(command: Command, house: House) -> None:
    await arrive(house, "5771")
    await arrive(house, "5772")
    alone = await command("orders", "combine", "5771")
    assert (alone.code, alone.err) == (1, "One order alone is not combined: name two or more of one buyer.\n")
    preview = await command("orders", "combine", "5771", "5772", "--dry-run")
    assert (preview.code, preview.lines) == (0, ["5771  goes into it", "5772  goes into it"])
    said = await command("orders", "combine", "5771", "5772", "--json")
    [document] = said.documents
    assert (await command("orders", "uncombine", document["package_id"])).lines == [
        "2 orders have parcels of their own again"
    ]
    await house.buy_labels()
    late = await command("orders", "combine", "5771", "5772")
    assert late.code == 1
    assert late.lines == [
        "5771  refused: Order 5771 is ready to ship.",
        "5772  refused: Order 5772 is ready to ship.",
    ]


async def test_a_label_is_written_voided_and_bought_again(command: Command, house: House, tmp_path: Path) -> None:
    await arrive(house, "5771")
    file = tmp_path / "label.pdf"
    none = await command("orders", "label", "5771", "--output", str(file))
    assert (none.code, file.exists()) == (1, False)
    await house.buy_labels()
    said = await command("orders", "label", "5771", "--output", str(file))
    assert (said.code, file.read_bytes()) == (0, b"%PDF-1.4 a label")
    nowhere = await command("orders", "label", "5771", "--output", str(tmp_path / "no" / "label.pdf"))
    assert nowhere.code == 2
    assert (await command("orders", "void-label", "5771", "--reason", "torn")).code == 0
    claim = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.settle(claim, Done(LabelVoided(refunded=True)))
    assert (await command("orders", "buy-label", "5771")).lines == ["5771  another label is bought"]
    assert len(await house.buy_labels()) == 1


async def test_returns_are_listed_and_received(command: Command, house: House, store: Database) -> None:
    await arrive(house, "5771")
    await house.buy_labels()
    order_id = await store.pool.fetchval("SELECT id FROM orders")
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    unit = ReturnedUnit("5771-0", "MUG-BLU")
    fact = ReturnFact(
        "4035", "5771", "RETURN_AND_REFUND", "RETURN_OR_REFUND_REQUEST_COMPLETE", NOON + timedelta(hours=9),
        refund_amount=Decimal("12.50"), currency="USD", lines=(unit,),
    )  # fmt: skip
    await apply_returns(store, [fact])
    said = await command("orders", "returns", "5771")
    assert said.lines == [
        "4035  5771  RETURN_AND_REFUND RETURN_OR_REFUND_REQUEST_COMPLETE: 1 × MUG-BLU, refund 12.50 USD"  # noqa: RUF001
    ]
    many = await command("orders", "receive-return", "4035", "--restocked", "MUG-BLU=2")
    assert many.code == 1
    assert (await command("orders", "receive-return", "4035", "--damaged", "MUG-BLU=1")).lines == ["4035  received"]
    assert await store.pool.fetchval("SELECT held FROM stock_levels") == 1
    [document] = (await command("orders", "returns", "--json")).documents
    assert document["received"] == [{"sku": "MUG-BLU", "restocked": 0, "damaged": 1}]
