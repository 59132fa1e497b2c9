"""EasyPost's events: a parcel follows what its tracker says, never back, and only while it carries the number."""

from __future__ import annotations

from typing import Any

import orjson

from engine.database.connection import Database
from engine.identifiers import OrderId, new_id
from engine.orders import inbox
from engine.orders.inbox import Arrival, Webhook
from sync import intake
from sync.shipping.easypost_webhooks import EASYPOST
from tests.engine.facts import an_order
from tests.engine.house import House

NUMBER = 0


async def tell(store: Database, house: House, **tracker: Any) -> tuple[str, str]:
    """An event, stored and understood. Answers how it is remembered."""
    global NUMBER  # noqa: PLW0603
    NUMBER += 1
    name = f"evt_{NUMBER}"
    event = {"id": name, "object": "Event", "description": "tracker.updated", "result": tracker}
    await inbox.deliver(store, [Webhook(new_id(), Arrival(EASYPOST, orjson.dumps(event), name))])
    assert await intake.drain(store, house.daemon_id, 10) == 1
    row = await store.pool.fetchrow("SELECT state, outcome FROM inbox ORDER BY id DESC LIMIT 1")
    return row["state"], row["outcome"]


async def labelled(house: House, store: Database) -> tuple[OrderId, dict[str, Any]]:
    """An order whose parcel left, and what its tracker says of itself."""
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    await house.tell_tiktok()
    row = await store.pool.fetchrow("SELECT tracking_number, tracker_reference, carrier, labelled_at FROM packages")
    at = row["labelled_at"].isoformat()
    return order_id, {
        "id": row["tracker_reference"] or "trk_1",
        "tracking_code": row["tracking_number"],
        "carrier": row["carrier"],
        "created_at": at,
    }


async def parcel(store: Database) -> Any:
    return await store.pool.fetchval("SELECT tracking_status FROM packages")


async def test_a_parcel_follows_and_a_late_older_event_never_moves_it_back(house: House, store: Database) -> None:
    order_id, tracker = await labelled(house, store)
    told = {"status": "out_for_delivery", "updated_at": "2026-01-02T10:00:00Z"}
    assert await tell(store, house, **tracker, **told) == ("done", "tracker out_for_delivery")
    assert await parcel(store) == "out_for_delivery"
    late = {"status": "in_transit", "updated_at": "2026-01-02T09:00:00Z"}
    await tell(store, house, **tracker, **late)
    assert await parcel(store) == "out_for_delivery"
    details = [{"status": "delivered", "datetime": "2026-01-02T11:00:00Z"}]
    delivered = {"status": "delivered", "updated_at": "2026-01-02T11:00:01Z", "tracking_details": details}
    await tell(store, house, **tracker, **delivered)
    await tell(store, house, **tracker, **(told | {"updated_at": "2026-01-03T10:00:00Z"}))
    assert await parcel(store) == "delivered"
    assert (await house.standing(order_id)).status == "delivered"
    await house.assert_balanced()


async def test_a_number_that_is_not_the_parcel_s_any_more_says_nothing_of_it(house: House, store: Database) -> None:
    _, tracker = await labelled(house, store)
    before = await store.pool.fetchrow("SELECT * FROM packages")
    stranger = tracker | {"tracking_code": "9400999"}
    assert await tell(store, house, **stranger, status="delivered", updated_at="2026-01-02T11:00:01Z") == (
        "ignored",
        "no parcel carries this number",
    )
    # The code of a parcel of long ago, used again.
    recycled = tracker | {"created_at": "2024-01-01T00:00:00Z"}
    assert (await tell(store, house, **recycled, status="delivered"))[0] == "ignored"
    # A return's delivery is not ours.
    assert (await tell(store, house, **tracker, status="delivered", is_return=True))[0] == "ignored"
    assert await store.pool.fetchrow("SELECT * FROM packages") == before


async def test_other_events_are_kept_as_ignored_and_nonsense_as_failed(house: House, store: Database) -> None:
    await inbox.deliver(
        store,
        [
            Webhook(new_id(), Arrival(EASYPOST, b'{"id":"evt_a","description":"batch.updated","result":{}}', "evt_a")),
            Webhook(new_id(), Arrival(EASYPOST, b'{"id":"evt_b","description":"tracker.updated"}', "evt_b")),
            Webhook(new_id(), Arrival(EASYPOST, b"[", "evt_c")),
        ],
    )
    await intake.drain(store, house.daemon_id, 10)
    rows = await store.pool.fetch("SELECT state, outcome FROM inbox ORDER BY id")
    assert [row["state"] for row in rows] == ["ignored", "ignored", "failed"]
    assert rows[0]["outcome"] == "nothing here handles batch.updated"
