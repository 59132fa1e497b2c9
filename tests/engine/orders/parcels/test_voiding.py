"""A label goes back by a person's word, another may be bought under another key, and the stored one can be read again."""

from __future__ import annotations

import pytest

from engine.errors import NotFound, OrdersError, Refused
from engine.identifiers import OrderId, PackageId, new_id
from engine.orders.cancelling import cancel
from engine.orders.parcels.documents import labels
from engine.orders.parcels.splitting import split
from engine.orders.parcels.voiding import buy_label, void_label
from engine.ports.outcomes import Done, Failed, LabelVoided, PackageShipped
from engine.words import CancelReason, EffectKind, TrackingStatus
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, House, Standing


async def labelled(house: House) -> tuple[OrderId, PackageId]:
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), a_unit("2"))))
    await house.buy_labels()
    return order_id, PackageId((await house.package(order_id))["id"])


async def take_back(house: House) -> None:
    claim = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.checkpoint(claim, claim.provider_reference)
    assert await house.settle(claim, Done(LabelVoided(refunded=True)))


async def keys(house: House) -> list[tuple[str, str]]:
    rows = await house.store.pool.fetch(
        "SELECT replace(key, package_id::text, 'P') AS key, state FROM effects WHERE package_id IS NOT NULL ORDER BY created_at, sequence"
    )
    return [tuple(row) for row in rows]


async def test_a_voided_label_leaves_its_package_to_be_labelled_anew(house: House) -> None:
    order_id, package_id = await labelled(house)
    await void_label(house.store, package_id, actor=MIRA, reason="wrong box")
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "void")
    assert (await house.package(order_id))["generation"] == 1, "it rises once the void is recorded"
    await take_back(house)
    package = await house.package(order_id)
    assert (package["state"], package["generation"], package["tracking_number"], package["labelled_at"]) == (
        "planned", 2, "", None,
    )  # fmt: skip
    assert (await house.standing(order_id)).waiting_for == "rebuy"
    assert await house.claim(EffectKind.BUY_LABEL) == [], "nobody buys again unasked"
    await buy_label(house.store, package_id, actor=MIRA)
    bought = await house.buy_labels()
    assert [claim.key for claim in bought] == [f"label:{package_id}:2"]
    assert (await house.package(order_id))["state"] == "labelled"
    assert await house.level() == (10, 2), "the goods were never given back"
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.store.pool.fetchval("SELECT count(*) FROM documents") == 2
    await house.assert_balanced()


async def test_a_label_is_bought_again_by_itself_where_that_was_asked(house: House) -> None:
    order_id, package_id = await labelled(house)
    await void_label(house.store, package_id, actor=MIRA, reason="another carrier", buy_again=True)
    await take_back(house)
    assert len(await house.buy_labels()) == 1
    assert (await keys(house))[-2:] == [("label:P:2", "done"), ("ship:P:2", "intent")]
    assert (await house.standing(order_id)).waiting_for == "tiktok"
    await house.assert_balanced()


async def test_tiktok_is_told_the_new_number_of_a_parcel_it_knows(house: House) -> None:
    order_id, package_id = await labelled(house)
    await house.tell_tiktok()
    await void_label(house.store, package_id, actor=MIRA, reason="torn", buy_again=True)
    await take_back(house)
    await house.buy_labels()
    claim = await house.claim_one(EffectKind.UPDATE_TRACKING)
    assert claim.key == f"tracking:{package_id}:2"
    assert await house.checkpoint(claim, "")
    assert await house.settle(claim, Done(PackageShipped("")))
    package = await house.package(order_id)
    assert package["told_tracking_number"] == package["tracking_number"]
    await house.assert_balanced()


async def test_after_a_void_the_order_may_be_split(house: House) -> None:
    order_id, package_id = await labelled(house)
    await void_label(house.store, package_id, actor=MIRA, reason="too heavy")
    await take_back(house)
    item = await house.store.pool.fetchval("SELECT id FROM order_items")
    second = await split(house.store, order_id, [(item, 1)], actor=MIRA)
    await buy_label(house.store, package_id, actor=MIRA)
    claims = await house.buy_labels() + await house.buy_labels()
    assert {claim.key for claim in claims} == {f"label:{package_id}:2", f"label:{second}:1"}
    await house.assert_balanced()


async def test_a_cancellation_while_a_label_goes_back_ends_its_package(house: House) -> None:
    order_id, package_id = await labelled(house)
    await void_label(house.store, package_id, actor=MIRA, reason="wrong box", buy_again=True)
    [outcome] = await cancel(house.store, [order_id], because=CancelReason.BUYER_ASKED, actor=MIRA)
    assert outcome.code == ""
    await take_back(house)
    package = await house.package(order_id)
    assert (package["state"], package["generation"]) == ("voided", 1)
    assert await house.claim(EffectKind.BUY_LABEL) == []
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_a_void_that_fails_fails_the_order_and_a_retry_asks_again(house: House) -> None:
    order_id, package_id = await labelled(house)
    await void_label(house.store, package_id, actor=MIRA, reason="wrong box")
    claim = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.settle(claim, Failed("void_rejected", "It was scanned."))
    assert (await house.failure(order_id))["code"] == "void_rejected"
    assert (await house.package(order_id))["state"] == "voiding"
    await house.assert_balanced()


async def refused(house: House, package_id: PackageId, code: str, *, buy: bool = False) -> OrdersError:
    counts = await house.row_counts()
    ask = buy_label if buy else void_label
    with pytest.raises((Refused, NotFound)) as caught:
        await ask(house.store, package_id, actor=MIRA, reason="a test")
    assert caught.value.code == code
    assert await house.row_counts() == counts
    return caught.value


async def test_what_cannot_be_voided_or_bought_changes_nothing(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    package_id = PackageId((await house.package(order_id))["id"])
    await refused(house, PackageId(new_id()), "parcel.unknown")
    await refused(house, package_id, "parcel.no_label")
    await refused(house, package_id, "parcel.label_follows", buy=True)
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    await refused(house, package_id, "parcel.label_under_way")
    await house.store.pool.execute(
        "UPDATE effects SET lease_until = NULL, lease_token = NULL WHERE id = $1", claim.effect_id
    )
    await house.buy_labels()
    await refused(house, package_id, "parcel.label_bought", buy=True)
    telling = await house.claim_one(EffectKind.SHIP_PACKAGE)
    await refused(house, package_id, "parcel.telling_under_way")
    assert await house.checkpoint(telling, "")
    assert await house.settle(telling, Done(PackageShipped("tt")))
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    error = await refused(house, package_id, "parcel.left")
    assert error.sentence == "The parcel of order 577001 has left the house."


async def test_the_stored_label_is_read_again_without_a_second_purchase(house: House) -> None:
    order_id, package_id = await labelled(house)
    [document] = await labels(house.store, order_id)
    assert (document.package_id, document.media_type, document.body) == (
        package_id, "application/pdf", b"%PDF-1.4 a label",
    )  # fmt: skip
    assert (await keys(house))[0] == ("label:P:1", "done")
    await void_label(house.store, package_id, actor=MIRA, reason="wrong box")
    with pytest.raises(NotFound) as caught:
        await labels(house.store, order_id)
    assert caught.value.code == "label.none"
