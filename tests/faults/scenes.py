"""What is going on while a blow falls: the shop a run begins with, and what people do meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from engine.database.loss import is_lost
from engine.errors import Refused
from engine.inventory.ledger import receive
from engine.notices.targets import NewTarget, add_target
from engine.orders.cancelling import cancel
from engine.orders.parcels.voiding import void_label
from engine.privacy.forgetting import KEPT_FOR
from engine.privacy.policy import Place, set_policy
from engine.privacy.rotation import rotate_data_keys
from engine.shops.policies import set_policies
from engine.words import Audience, CancelReason, NoticeChannel
from engine.workflow.executions import skip
from engine.workflow.failures import retry
from orders_tui.assembly import tiktok_access
from orders_tui.demo.preparation import LEAD
from orders_tui.services.connecting import open_connector
from sync.simulator.scenario import Fate
from tests.faults.interception import Blow, Moment, Strike
from tests.faults.stage import Stage
from tests.sync.notices.reports import report

Part = Callable[[Stage], Coroutine[Any, Any, None]]


async def _nothing(_: Stage) -> None:
    """Nobody touches anything."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`begin` is done before a daemon starts, `meanwhile` beside it. `mistakes` may be in the daemons' logs."""

    name: str
    begin: Part = _nothing
    meanwhile: Part = _nothing
    world: dict[str, Any] = field(default_factory=dict)
    mistakes: frozenset[str] = frozenset()
    prelude: tuple[Strike, ...] = ()


async def _empty_shelves(stage: Stage) -> None:
    rows = await stage.shop.database.pool.fetch(
        "SELECT p.sku, l.on_hand FROM stock_levels l JOIN products p ON p.id = l.product_id WHERE l.on_hand > 0"
    )
    stage.notes["stock"] = {row["sku"]: row["on_hand"] for row in rows}
    for sku, quantity in stage.notes["stock"].items():
        await receive(stage.shop.database, sku, -quantity, actor=LEAD, idempotency_key=f"empty:{sku}")


async def _stock_arrives(stage: Stage) -> None:
    await _until(stage, "SELECT count(*) >= 6 FROM failures WHERE code = 'out_of_stock' AND resolved_at IS NULL")
    for sku, quantity in stage.notes["stock"].items():
        await _persist(
            lambda sku=sku, quantity=quantity: receive(  # type: ignore[misc]
                stage.shop.database, sku, quantity, actor=LEAD, idempotency_key=f"fill:{sku}"
            )
        )


async def _two_targets(stage: Stage) -> None:
    """The creator is written to at two places, and nothing is in stock, which the creator is told of."""
    await _empty_shelves(stage)
    for label in ("Ines at her desk", "Ines at home"):
        new = NewTarget(label, Audience.CREATOR, NoticeChannel.EMAIL, f"{label[-4:]}@relay.example")
        await add_target(stage.shop.database, new, known_templates=(), actor=LEAD)


async def _targets_are_told(stage: Stage) -> None:
    """The minute in which they are gathered is over at once; both targets hear of it before stock arrives."""
    waiting = "SELECT count(*) >= 4 FROM notice_sends WHERE state = 'queued'"
    sent = "SELECT count(*) >= 4 AND count(*) FILTER (WHERE state <> 'sent') = 0 FROM notice_sends"
    await _until(stage, waiting)
    now = "UPDATE notice_sends SET due_at = now() WHERE state IN ('queued', 'failed') AND due_at > now()"

    async def told() -> bool:
        await _persist(lambda: stage.shop.database.pool.execute(now))
        return bool(await stage.ask(sent))

    await _until(stage, "SELECT count(*) >= 6 FROM failures WHERE code = 'out_of_stock' AND resolved_at IS NULL")
    await stage.until(told, "The last letter to a target")
    await _stock_arrives(stage)


async def _a_letter_comes_back(stage: Stage) -> None:
    """The first letter to a customer is returned by a mail server, into the folder that the daemons read."""
    sent = "SELECT id FROM effects WHERE kind = 'notice' AND state = 'done' AND request ->> 'audience' = 'customer' LIMIT 1"
    await _until(stage, f"SELECT EXISTS ({sent})")
    new = stage.shop.folder / "bounces" / "new"
    new.mkdir(parents=True, exist_ok=True)
    (new / "1.returned").write_text(report(await stage.ask(sent), "550 5.1.1 no such mailbox"))
    await _until(stage, "SELECT EXISTS (SELECT FROM notice_sends WHERE state = 'bounced')")


async def _hold_for_a_moment(stage: Stage) -> None:
    """Orders that arrive are held by hand, each until a moment that comes by itself."""
    await stage.shop.database.pool.execute(
        """
        CREATE FUNCTION orders.hold_new() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF right((SELECT tiktok_order_id FROM orders.orders WHERE id = NEW.order_id), 1) IN ('1', '4', '7') THEN
                INSERT INTO orders.holds (id, order_id, reason, placed_by, placed_at, until)
                VALUES (gen_random_uuid(), NEW.order_id, 'other', 'mira', now(), now() + interval '300 milliseconds');
            ELSIF right((SELECT tiktok_order_id FROM orders.orders WHERE id = NEW.order_id), 1) IN ('2', '5') THEN
                INSERT INTO orders.holds (id, order_id, reason, placed_by, placed_at, until)
                VALUES (gen_random_uuid(), NEW.order_id, 'other', 'mira', now(), now() + interval '2 seconds');
                NEW.due_at := now() + interval '200 milliseconds';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    await stage.shop.database.pool.execute(
        "CREATE TRIGGER hold_new BEFORE INSERT ON orders.work FOR EACH ROW EXECUTE FUNCTION orders.hold_new()"
    )


async def _lose_an_answer(stage: Stage) -> None:
    """The carrier sells a label and is not heard: whether it did has to be asked."""
    await stage.aim("easypost.shipments.buy", "lost_reply")


async def _deafen(stage: Stage) -> None:
    """Three searches fail: as often as a read is tried."""
    await stage.aim("tiktok.orders.search", "server_error", calls=(1, 2, 3))


async def _follow_a_service(stage: Stage) -> None:
    """An inventory service has the last word on stock."""
    await set_policies(stage.shop.database, stage.shop.shop.shop_id, {"inventory": "service"}, actor=LEAD)


async def _refresh_due(stage: Stage) -> None:
    await stage.shop.database.pool.execute("UPDATE grants SET refresh_due_at = now()")


async def _refreshed_again_and_again(stage: Stage) -> None:
    """Tokens are due three times over, as they would be in three weeks."""
    for _ in range(3):
        await _until(stage, "SELECT refresh_due_at > now() FROM grants")
        await _persist(lambda: _refresh_due(stage))
    await _until(stage, "SELECT refresh_due_at > now() FROM grants")


async def _refuse_the_token(stage: Stage) -> None:
    """TikTok takes the token no more, though it seems to have days left."""
    await stage.shop.world.tell("expire_token", {})


async def _deafen_the_refresh(stage: Stage) -> None:
    await stage.aim("tiktok.tokens.refresh", "server_error", calls=(1, 2))
    await _refresh_due(stage)


async def _due_once_more(stage: Stage) -> None:
    """A refresh that failed is tried again in minutes; here at once."""

    async def refreshed() -> bool:
        if await stage.ask("SELECT error IS NULL AND refreshed_at IS NOT NULL FROM grants"):
            return True
        await _persist(
            lambda: stage.shop.database.pool.execute("UPDATE grants SET refresh_due_at = now() WHERE error IS NOT NULL")
        )
        return False

    await stage.until(refreshed, "The refresh")


async def _revoked_and_granted_anew(stage: Stage) -> None:
    """The seller takes back what they granted while labels are bought, and grants it again once something waits for it."""
    await _until(stage, "SELECT EXISTS (SELECT FROM effects WHERE kind = 'buy_label')")
    await stage.shop.world.tell("revoke", {"grant": 0, "silent": True})
    await _until(stage, "SELECT state = 'revoked' FROM shops")
    await _until(stage, "SELECT EXISTS (SELECT FROM effects WHERE error_code = 'tiktok.not_connected')")
    code = (await stage.shop.world.ask("credentials"))["auth_code"]
    access = tiktok_access(stage.shop.settings, stage.shop.database)

    async def connect() -> None:
        async with open_connector(stage.shop.database, access, LEAD) as connector:
            await connector.exchange(code)
        # The shop as connecting leaves it, but for what waits: waking that is left to the daemon.
        await stage.shop.database.pool.execute("UPDATE shops SET state = 'connected', state_reason = ''")

    await _persist(connect)


async def _inactive(stage: Stage) -> None:
    """The seller's account rests for a while, and their grant ends in five days."""
    await stage.shop.database.pool.execute("UPDATE grants SET refresh_expires_at = now() + interval '5 days'")
    await stage.shop.world.tell("grant", {"grant": 0, "active": False})


async def _active_again(stage: Stage) -> None:
    await _until(stage, "SELECT state = 'paused' FROM shops")
    await stage.shop.world.tell("grant", {"grant": 0, "active": True})
    await _until(stage, "SELECT state = 'connected' FROM shops")


async def _second_warehouse(stage: Stage) -> None:
    """TikTok has a product in another warehouse too, as nobody told us: the first number it is told names one too few."""
    await _until(stage, "SELECT count(*) > 0 FROM listing_stock")
    await stage.shop.world.tell("stock", {"seller_sku": "GUASHA", "available": {"7000000000000000002": 4}})
    await _persist(
        lambda: receive(stage.shop.database, "GUASHA", 3, actor=LEAD, idempotency_key="after the second warehouse")
    )
    await _until(stage, "SELECT count(*) > 0 FROM listing_stock WHERE warehouse_id = '7000000000000000002'")


def _poisoned(stage: Stage) -> str:
    """The first order to which nothing else happens."""
    scenario = stage.shop.simulator.scenario
    index = next(index for index in range(scenario.orders) if scenario.fate(index) is Fate.COMPLETED)
    return f"{index:09d}"


async def _poison_payload(stage: Stage) -> None:
    """One order cannot be written at all."""
    await _refuse(stage, "orders", f"right(NEW.tiktok_order_id, 9) = '{_poisoned(stage)}'")


async def _poison_order(stage: Stage) -> None:
    """One order can be written, but every decision on it breaks, until it is allowed to fail."""
    number = f"(SELECT right(tiktok_order_id, 9) FROM orders.orders WHERE id = NEW.order_id) = '{_poisoned(stage)}'"  # noqa: S608
    await _refuse(stage, "order_workflow_steps", f"NEW.to_state = 'validated' AND {number}")


async def _refuse(stage: Stage, table: str, condition: str) -> None:
    await stage.shop.database.pool.execute(
        f"""
        CREATE FUNCTION orders.poison() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {condition} THEN RAISE EXCEPTION 'poison'; END IF;
            RETURN NEW;
        END $$
        """
    )
    await stage.shop.database.pool.execute(
        f"CREATE TRIGGER poison BEFORE INSERT ON orders.{table} FOR EACH ROW EXECUTE FUNCTION orders.poison()"
    )


async def _mend_payload(stage: Stage) -> None:
    """The neighbours have gone on; what broke it is mended, and the minute of waiting is over."""
    await _until(
        stage, "SELECT EXISTS (SELECT 1 FROM inbox WHERE state = 'new' AND outcome LIKE 'it broke the intake%')"
    )
    neighbours = stage.shop.simulator.scenario.orders - 1
    await _until(stage, f"SELECT count(*) = {neighbours} FROM orders")  # noqa: S608
    await _persist(lambda: stage.shop.database.pool.execute("DROP TRIGGER IF EXISTS poison ON orders.orders"))
    # A claim that was cut short may put it back once more.
    mended = "SELECT count(*) = 0 FROM inbox WHERE state = 'new'"
    again = "UPDATE inbox SET due_at = now() WHERE state = 'new' AND lease_until IS NULL AND due_at > now()"

    async def reached() -> bool:
        await _persist(lambda: stage.shop.database.pool.execute(again))
        return bool(await stage.ask(mended))

    await stage.until(reached, "The payload, mended,")


async def _give_up_payload(stage: Stage) -> None:
    """It has been tried often enough: it is kept as failed; a person mends the cause and lets it in again."""
    later = (
        "UPDATE inbox SET due_at = now(), attempt = 4 WHERE state = 'new' AND lease_until IS NULL AND due_at > now()"
    )

    async def given_up() -> bool:
        await _persist(lambda: stage.shop.database.pool.execute(later))
        return bool(await stage.ask("SELECT EXISTS (SELECT 1 FROM inbox WHERE state = 'failed')"))

    await stage.until(given_up, "The end of all tries")
    await _persist(lambda: stage.shop.database.pool.execute("DROP TRIGGER IF EXISTS poison ON orders.orders"))
    again = "UPDATE inbox SET state = 'new', attempt = 0, due_at = now() WHERE state = 'failed'"
    await _persist(lambda: stage.shop.database.pool.execute(again))


async def _taken_in(stage: Stage) -> None:
    """The orders are here already, with deadlines that have come nearer than when they were ranked."""
    await stage.shop.take_in(await stage.shop.daemon())
    await stage.shop.database.pool.execute("UPDATE work SET priority = 0, ship_by = now() + interval '1 hour'")
    # And a bulk change of long ago, which can no longer be undone.
    await stage.shop.database.pool.execute(
        """
        WITH b AS (INSERT INTO batches (id, kind, actor, total, created_at, progressed_at)
                   VALUES (gen_random_uuid(), 'tags', 'mira', 1, now(), now()) RETURNING id)
        INSERT INTO journal (id, batch_id, order_id, before, version_after, expires_at)
        SELECT gen_random_uuid(), b.id, o.id, '', 1, now() - interval '1000 days' FROM b, (SELECT id FROM orders LIMIT 1) o
        """
    )
    # And what a rule did then: its id begins with that time, as all do.
    await stage.shop.database.pool.execute(
        """
        INSERT INTO rule_runs (id, rule_id, rule, order_id, event, done, created_at)
        SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'of old', id, 'order.created', '["tagged seen"]',
               now() - interval '1000 days' FROM orders LIMIT 1
        """
    )

    # And what was counted then, and told by a daemon that is long over.
    await stage.shop.database.pool.execute(
        "INSERT INTO fleet_minutes (minute, counter, count) VALUES (now() - interval '1000 days', 'request.all', 1)"
    )
    await stage.shop.database.pool.execute(
        "INSERT INTO fleet_gauges (gauge, source, value, told_at) VALUES ('disk.free', 'of old', 1, now() - interval '1000 days')"
    )
    await stage.shop.database.pool.execute(
        "INSERT INTO api_answers (caller, key, asked, created_at)"
        " VALUES (gen_random_uuid(), 'of old', '', now() - interval '1000 days')"
    )
    await stage.shop.database.pool.execute(
        "INSERT INTO order_minutes (minute, shop_id, created, shipped, completed, failed, cancelled)"
        " SELECT now() - interval '1000 days', id, 1, 0, 0, 0, 0 FROM shops LIMIT 1"
    )


async def _corrupted(stage: Stage) -> None:
    """The sealed address of one order cannot be opened any more, and its label is still to be bought."""
    await stage.shop.take_in(await stage.shop.daemon())
    whole = await stage.shop.database.pool.fetchval(
        "UPDATE orders n SET shipping_address = '\\x00' FROM orders o WHERE n.id = o.id AND right(o.tiktok_order_id, 9) = $1"
        " RETURNING o.shipping_address",
        _poisoned(stage),
    )
    stage.notes["whole"] = whole


async def _mend_address(stage: Stage) -> None:
    """The neighbours have their labels; the culprit is in front of a person, who enters the address again."""
    neighbours = stage.shop.simulator.scenario.foretold()["completed"] - 1
    await _until(stage, f"SELECT count(*) = {neighbours} FROM packages WHERE labelled_at IS NOT NULL")  # noqa: S608
    await _until(stage, "SELECT count(*) = 1 FROM failures WHERE resolved_at IS NULL AND code <> 'out_of_stock'")
    mended = "UPDATE orders SET shipping_address = $1 WHERE right(tiktok_order_id, 9) = $2 RETURNING id"
    culprit = await stage.shop.database.pool.fetchval(mended, stage.notes["whole"], _poisoned(stage))
    await retry(stage.shop.database, [culprit], actor=LEAD)


async def _pick_by_hand(stage: Stage) -> None:
    """Nothing leaves before a person has picked it."""
    await stage.shop.database.pool.execute("UPDATE shops SET policies = jsonb_set(policies, '{pick}', '\"confirm\"')")
    stage.notes["cancelled"] = 2


async def _change_their_mind(stage: Stage) -> None:
    """Two orders are cancelled whose labels are paid for, two labels are given back for others; then the rest is picked."""
    completed = stage.shop.simulator.scenario.foretold()["completed"]
    await _until(stage, f"SELECT count(*) = {completed} FROM packages WHERE state = 'labelled'")  # noqa: S608
    packages = "SELECT array_agg(id ORDER BY id) FROM packages WHERE state = 'labelled'"
    first, second, *_ = chosen = list(await _persist(lambda: stage.shop.database.pool.fetchval(packages)))
    orders = "SELECT array_agg(order_id) FROM package_items WHERE package_id = ANY($1::uuid[])"
    cancelled = list(set(await _persist(lambda: stage.shop.database.pool.fetchval(orders, [first, second]))))
    await _persist(
        lambda: cancel(
            stage.shop.database, cancelled, because=CancelReason.BUYER_ASKED, actor=LEAD, note="by telephone"
        )
    )
    for package_id in chosen[2:4]:
        with contextlib.suppress(Refused):  # it was done the first time, though nobody heard of it
            await _persist(
                lambda package_id=package_id: void_label(  # type: ignore[misc]
                    stage.shop.database, package_id, actor=LEAD, reason="too small a box", buy_again=True
                )
            )
    await _until(stage, f"SELECT count(*) = {completed - 2} FROM packages WHERE state = 'labelled'")  # noqa: S608
    await _until(
        stage, "SELECT count(*) = 0 FROM effects WHERE kind IN ('void_label', 'cancel_order') AND state <> 'done'"
    )
    waiting = "SELECT coalesce(array_agg(order_id), '{}') FROM work WHERE waiting_for = 'pick'"

    async def picked() -> bool:
        ids = await _persist(lambda: stage.shop.database.pool.fetchval(waiting))
        if ids:
            await _persist(lambda: skip(stage.shop.database, ids, reason="picked", actor=LEAD))
        return not ids

    await stage.until(picked, "The last pick")


async def _until_sealed(stage: Stage) -> None:
    """A seal covers what is older than a few seconds."""
    await _until(stage, "SELECT EXISTS (SELECT 1 FROM audit_seals)")


async def _new_keys(stage: Stage) -> None:
    """The creator gets a new data key while its orders are worked; the old one goes when nothing is under it any more."""
    await _until(stage, "SELECT count(*) >= 6 FROM orders")
    await _persist(lambda: rotate_data_keys(stage.shop.database, None, actor=LEAD))
    await _until(stage, "SELECT bool_and(retired_at IS NULL) FROM data_keys")


async def _forgotten(stage: Stage) -> None:
    """What is closed was closed long ago, and nobody's name is kept for longer than a day."""
    pool = stage.shop.database.pool
    await _until(stage, "SELECT count(*) >= 3 FROM orders WHERE order_status = 'delivered'")
    # What is gathered into one letter would wait for a minute.
    await _persist(lambda: pool.execute("UPDATE effects SET due_at = now() WHERE state = 'intent' AND due_at > now()"))
    # A round is made once a day: what is not over when it begins waits for the next.
    await _until(stage, f"SELECT count(*) >= 2 FROM orders o WHERE ({KEPT_FOR}) = ''")  # noqa: S608
    await _persist(lambda: pool.execute("UPDATE order_status_history SET created_at = now() - interval '3 days'"))
    await _persist(lambda: pool.execute("UPDATE inbox SET received_at = now() - interval '3 days'"))
    # And everybody was called something else before.
    await _persist(
        lambda: pool.execute("INSERT INTO order_search_words SELECT 1, id FROM orders ON CONFLICT DO NOTHING")
    )
    await _persist(lambda: set_policy(stage.shop.database, Place(), orders_days=1, payloads_days=1, actor=LEAD))
    await _until(stage, "SELECT EXISTS (SELECT FROM orders WHERE forgotten_at IS NOT NULL)")
    await _until(stage, "SELECT EXISTS (SELECT FROM inbox WHERE payload IS NULL)")


async def _goods_arrive(stage: Stage) -> None:
    """The shop showed the right numbers by itself; now it is told another one, and what it then shows is read back."""
    await _until(stage, "SELECT EXISTS (SELECT 1 FROM listing_stock)")
    key = "faults:goods"
    await _persist(lambda: receive(stage.shop.database, "MUG-BLU", 5, actor=LEAD, idempotency_key=key))
    await _until(
        stage, "SELECT EXISTS (SELECT 1 FROM listing_stock WHERE read_at > pushed_at AND channel_quantity = pushed)"
    )


async def _mend_order(stage: Stage) -> None:
    """The culprit is in front of a person, alone; mended and retried it goes on."""
    failed = "SELECT count(*) FROM failures WHERE code = 'internal_error' AND resolved_at IS NULL"
    await _until(stage, f"SELECT ({failed}) = 1")
    await _persist(
        lambda: stage.shop.database.pool.execute("DROP TRIGGER IF EXISTS poison ON orders.order_workflow_steps")
    )
    culprit = await stage.ask("SELECT order_id FROM failures WHERE code = 'internal_error'")
    await _persist(lambda: retry(stage.shop.database, [culprit], actor=LEAD))


async def _listen(stage: Stage) -> None:
    """The daemons listen where TikTok calls: each as soon as the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        stage.notes["port"] = free.getsockname()[1]


async def _call(stage: Stage) -> None:
    """TikTok tells of five orders and of something new, each again and again until it is heard."""
    await _until(stage, "SELECT count(*) >= 6 FROM orders")
    ids = await _persist(lambda: stage.shop.database.pool.fetchval("SELECT array_agg(tiktok_order_id) FROM orders"))
    shop = await _persist(lambda: stage.shop.database.pool.fetchval("SELECT tiktok_shop_id FROM shops"))
    secret, app_key = stage.keys["app_secret"].encode(), stage.keys["app_key"].encode()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stage.notes['port']}", timeout=1.0) as http:
        for place, order_id in enumerate(sorted(ids)[:6]):
            body = orjson.dumps(
                {
                    "type": 1 if place else 999,
                    "tts_notification_id": f"75{order_id}",
                    "shop_id": shop,
                    "timestamp": int(time.time()),
                    "data": {"order_id": order_id},
                }
            )
            signature = hmac.new(secret, app_key + body, hashlib.sha256).hexdigest()

            async def heard(body: bytes = body, signature: str = signature) -> bool:
                with contextlib.suppress(httpx.TransportError):
                    answer = await http.post("/webhooks/tiktok", content=body, headers={"Authorization": signature})
                    return answer.status_code == 200
                return False

            await stage.until(heard, "The answer to a webhook")
    await _until(stage, "SELECT count(*) = 6 FROM inbox WHERE source = 'webhook' AND state <> 'new'")


async def _no_folder(stage: Stage) -> None:
    """A file lies where backups are to go."""
    stage.notes["backups"] = stage.folder / "backups"
    stage.notes["backups"].write_text("")


async def _a_folder_for_backups(stage: Stage) -> None:
    """It is taken away once a backup failed for it; then one is taken, and tried."""
    await _until(stage, "SELECT EXISTS (SELECT 1 FROM backups WHERE path = '' AND problem <> '')")
    stage.notes["backups"].unlink(missing_ok=True)
    await _until(stage, "SELECT EXISTS (SELECT 1 FROM backups WHERE path <> '')")
    await _until(stage, "SELECT EXISTS (SELECT 1 FROM backups WHERE proved_at IS NOT NULL)")


async def _until(stage: Stage, query: str) -> None:
    async def reached() -> bool:
        return bool(await stage.ask(query))

    await stage.until(reached, query)


async def _persist(write: Callable[[], Awaitable[Any]]) -> Any:
    """As a person does who is told that the database is away: once more."""
    while True:
        try:
            return await write()
        except Exception as error:
            if not is_lost(error):
                raise
            await asyncio.sleep(0.1)


PLAIN = Scene("plain")

SCENES = {
    scene.name: scene
    for scene in (
        PLAIN,
        Scene("old token", _refresh_due, _refreshed_again_and_again),
        Scene("refused token", _refuse_the_token),
        Scene("deaf refresh", _deafen_the_refresh, _due_once_more),
        Scene("revoked", meanwhile=_revoked_and_granted_anew),
        Scene("inactive shop", _inactive, _active_again),
        Scene("late stock", _empty_shelves, _stock_arrives),
        Scene("notice targets", _two_targets, _targets_are_told),
        Scene("backed up", _no_folder, _a_folder_for_backups, mistakes=frozenset({"backup_failed"})),
        Scene("bounces", meanwhile=_a_letter_comes_back),
        Scene("timed holds", _hold_for_a_moment),
        Scene("corrupted address", _corrupted, _mend_address),
        Scene("by hand", _pick_by_hand, _change_their_mind),
        Scene("deaf shop", _deafen),
        Scene("unsure", _lose_an_answer),
        Scene("webhooks", _listen, _call),
        Scene("taken in", _taken_in),
        Scene("service", _follow_a_service),
        Scene("second warehouse", meanwhile=_second_warehouse),
        Scene("sealed", meanwhile=_until_sealed),
        Scene("goods arrive", meanwhile=_goods_arrive),
        Scene("new keys", meanwhile=_new_keys),
        Scene("forgotten", meanwhile=_forgotten),
        Scene("lost claim", prelude=(Strike("engine.effects.ledger.claim", 1, Moment.SENT, Blow.LOSE),)),
        Scene(
            "lost send",
            _two_targets,
            _targets_are_told,
            prelude=(Strike("engine.notices.sends.claim", 1, Moment.SENT, Blow.LOSE),),
        ),
        Scene("hopeless payload", _poison_payload, _give_up_payload),
        Scene("poison payload", _poison_payload, _mend_payload),
        Scene("poison order", _poison_order, _mend_order, mistakes=frozenset({"an order cannot be decided"})),
    )
}
