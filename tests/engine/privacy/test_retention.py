"""Old orders forget their people and nothing else; one customer is exported whole and erased whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.audit import verify
from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.orders import detail, inbox, notes
from engine.orders.correction import correct_address
from engine.ports.facts import Customer
from engine.privacy import customers, policy, retention
from engine.privacy.customers import By
from engine.privacy.policy import Place
from engine.privacy.terms import Policy
from engine.words import ChannelStatus, HoldReason, TrackingStatus
from tests.engine.facts import QUAY, an_order
from tests.engine.house import MIRA, House
from tests.factories import SOMEWHERE

YEAR = Policy(orders_days=365, payloads_days=90)
MIRA_SOLE = Customer("Mira Sole", "mira.sole@relay.example", "+1 555 0188")
OF_PEOPLE = ("Ines Falk", "7 Quay Street", "Mira Sole", "0188", "Sole Lane", "relay.example", "Port Alder")


async def closed(house: House, number: str, customer: Customer | None = None, *, days: int = 400) -> OrderId:
    """An order with something personal in every place, delivered so long ago."""
    store = house.store
    fact = an_order(house.shop_id, number, buyer_message="Ring twice, Ines Falk")
    if customer is not None:
        fact = replace(fact, customer=customer)
    (order_id,) = await house.arrive(fact)
    await correct_address(store, order_id, replace(SOMEWHERE, line1="9 Sole Lane"), actor=MIRA)
    async with store.transaction() as connection:
        await notes.add_note(connection, store.vault, [order_id], "Ines Falk called", actor=MIRA)
    await house.run()
    await house.buy_labels()
    await house.tell_tiktok()
    await house.run()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await house.run()
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    await house.run()
    assert (await house.standing(order_id)).status == "delivered"
    await store.pool.execute("UPDATE effects SET state = 'done' WHERE order_id = $1", order_id)
    await age(store, order_id, days)
    payload = f'{{"id": "{number}", "name": "Ines Falk"}}'.encode()
    await inbox.store(store, house.shop_id, DEFAULT_CREATOR, "poll", [inbox.Arrival("order", payload)])
    await store.pool.execute("UPDATE inbox SET state = 'done', received_at = now() - make_interval(days => $1)", days)
    return order_id


async def age(store: Database, order_id: OrderId, days: int) -> None:
    await store.pool.execute(
        "UPDATE order_status_history SET created_at = now() - make_interval(days => $2) WHERE order_id = $1",
        order_id,
        days,
    )


async def errand(store: Database, configured: Policy = YEAR) -> None:
    """A whole pass, as of another day."""
    await store.pool.execute("UPDATE privacy_errands SET finished_at = now() - interval '2 days'")
    while await retention.step(store, configured) is not None:
        pass


async def everything(store: Database, order_id: OrderId) -> str:
    """What anybody can find out about the order with all keys: every row that names it, opened."""
    document = await customers.export(store, [order_id], actor=MIRA, by=By.ORDER)
    shown = await detail.detail(store, order_id)
    rows = await store.pool.fetch(
        "SELECT row_to_json(s)::text AS row FROM order_status_history s WHERE order_id = $1"
        " UNION ALL SELECT row_to_json(s)::text FROM order_workflow_steps s WHERE order_id = $1"
        " UNION ALL SELECT row_to_json(s)::text FROM failures s WHERE order_id = $1",
        order_id,
    )
    return f"{document}{shown}{[row['row'] for row in rows]}"


def named(text: str, words: Sequence[str] = OF_PEOPLE) -> list[str]:
    return [word for word in words if word in text]


async def test_an_old_order_forgets_its_person_and_keeps_its_numbers(house: House) -> None:
    store = house.store
    order_id = await closed(house, "5760", MIRA_SOLE)
    young = await closed(house, "5761", days=100)
    before = await detail.detail(store, order_id)
    assert set(named(await everything(store, order_id))) >= {"Ines Falk", "Mira Sole", "Sole Lane"}
    (shop, _) = previews = await retention.preview(store, YEAR)
    assert shop.counts["orders"] == 1
    assert {"notes", "documents", "packages", "audit_log", "inbox"} <= shop.counts.keys()
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL") == 0
    await errand(store)
    assert named(await everything(store, order_id)) == []
    assert await store.pool.fetchval("SELECT count(*) FROM order_search_words WHERE order_id = $1", order_id) == 0
    after = await detail.detail(store, order_id)
    assert (after.items, after.row.total_amount, after.row.order_status, len(after.packages)) == (
        before.items,
        before.row.total_amount,
        before.row.order_status,
        len(before.packages),
    )
    assert (await detail.detail(store, young)).row.customer_name == "Ines Falk"
    assert (await verify.verify(store, lambda finding, _: pytest.fail(finding.sentence))).clean
    await house.assert_balanced()
    done = await store.pool.fetch("SELECT action FROM audit_log WHERE subject = $1 ORDER BY sequence", DEFAULT_CREATOR)
    assert [row["action"] for row in done].count("privacy.retained") == 2
    assert retention.rows_of(await retention.preview(store, YEAR)) == {}
    assert retention.rows_of(previews)["orders"] == 1
    # TikTok tells of it once more: its status counts, its person is not taken in again.
    again = replace(
        an_order(house.shop_id, "5760", ChannelStatus.COMPLETED, minute=9000), customer=MIRA_SOLE, address=QUAY
    )
    await house.arrive(again)
    assert named(await everything(store, order_id)) == []
    assert await store.pool.fetchval("SELECT channel_status FROM orders WHERE id = $1", order_id) == "COMPLETED"


async def test_what_is_not_over_is_kept(house: House) -> None:
    store = house.store
    (opened,) = await house.arrive(an_order(house.shop_id, "5760"))
    await age(store, opened, 400)
    held, returning = await closed(house, "5761"), await closed(house, "5762")
    await store.pool.execute(
        "INSERT INTO holds (order_id, reason, placed_by) VALUES ($1, $2, 'mira')", held, HoldReason.ADDRESS
    )
    await store.pool.execute(
        "INSERT INTO returns (order_id, tiktok_return_id, return_type, channel_status)"
        " VALUES ($1, '1', 'REFUND', 'RETURN_OR_REFUND_REQUEST_PENDING')",
        returning,
    )
    await errand(store)
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL") == 0
    with pytest.raises(Refused) as refused:
        await customers.erase(store, [opened, held, returning], actor=MIRA, by=By.ORDER)
    assert refused.value.sentence == (
        "Nothing can be erased now (5760: it is open; 5761: it is on hold; 5762: a return of it is open):"
        " close these orders first."
    )
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL") == 0


async def test_the_nearest_policy_counts_and_a_new_one_at_once(house: House) -> None:
    store = house.store
    order_id = await closed(house, "5760", days=40)
    for place, days in ((Place(), 30), (Place(creator=DEFAULT_CREATOR), 0), (Place(shop=house.shop_id), 50)):
        await policy.set_policy(store, place, orders_days=days, payloads_days=None, actor=MIRA)
    async with store.pool.acquire() as connection:
        (shop,) = await policy.shop_policies(connection, YEAR)
    assert shop.policy == Policy(50, 90)
    assert [(each.kind, each.orders_days, each.payloads_days) for each in await policy.said(store)] == [
        ("everything", 30, None),
        ("creator", 0, None),
        ("shop", 50, None),
    ]
    while await retention.step(store, YEAR) is not None:
        pass
    await policy.unset_policy(store, Place(shop=house.shop_id), actor=MIRA)
    while await retention.step(store, YEAR) is not None:
        pass
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL") == 0
    await policy.set_policy(store, Place(creator=DEFAULT_CREATOR), orders_days=None, payloads_days=None, actor=MIRA)
    while await retention.step(store, YEAR) is not None:
        pass
    assert await store.pool.fetchval("SELECT id FROM orders WHERE forgotten_at IS NOT NULL") == order_id
    with pytest.raises(Refused):
        await policy.set_policy(store, Place(), orders_days=-1, payloads_days=None, actor=MIRA)
    with pytest.raises(NotFound):
        await policy.unset_policy(store, Place(shop=house.shop_id), actor=MIRA)


async def test_one_customer_is_found_by_any_of_what_is_known_exported_and_erased(house: House) -> None:
    store = house.store
    first, second = await closed(house, "5760", MIRA_SOLE), await closed(house, "5761", MIRA_SOLE, days=1)
    other = await closed(house, "5762")
    for by, text in (
        (By.EMAIL, "Mira.Sole@relay.example"),
        (By.PHONE, "+1 (555) 0188"),
        (By.NAME, "mira sole"),
        (By.ORDER, "5761"),
    ):
        assert await customers.find(store, by, text) == [first, second]
    for by, text in ((By.NAME, "mira"), (By.EMAIL, "+1 555 0188"), (By.ORDER, "9999")):
        with pytest.raises(NotFound) as refused:
            await customers.find(store, by, text)
        assert text not in refused.value.sentence
    document = str(await customers.export(store, [first, second], actor=MIRA, by=By.EMAIL))
    assert {"Mira Sole", "9 Sole Lane", "Ines Falk called", "content_base64", '"name": "Ines Falk"'} == {
        each
        for each in ("Mira Sole", "9 Sole Lane", "Ines Falk called", "content_base64", '"name": "Ines Falk"')
        if each in document
    }
    planned = await customers.preview_erasure(store, [first, second])
    assert planned.counts["orders"] == 2
    erased = await customers.erase(store, [first, second], actor=MIRA, by=By.EMAIL)
    assert erased.counts["orders"] == 2
    assert erased.counts["inbox"] == planned.counts["inbox"] == 2
    with pytest.raises(NotFound):
        await customers.find(store, By.EMAIL, MIRA_SOLE.email)
    assert named(f"{await everything(store, first)}{await everything(store, second)}") == []
    assert (await detail.detail(store, other)).row.customer_name == "Ines Falk"
    told = await store.pool.fetch(
        "SELECT action, after FROM audit_log WHERE action LIKE 'privacy.%' AND subject = $1 ORDER BY sequence",
        DEFAULT_CREATOR,
    )
    assert [row["action"] for row in told][:2] == ["privacy.exported", "privacy.erased"]
    for row in told:
        assert named((store.vault.open("audit_log.after", DEFAULT_CREATOR, row["after"]) or b"").decode()) == []
    assert (await verify.verify(store, lambda finding, _: pytest.fail(finding.sentence))).clean
