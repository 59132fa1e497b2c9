"""Who gets a notice: targets, choices, quiet hours, and addresses that want nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.notices import choices, people, sends, targets
from engine.notices.quiet_hours import QuietHours
from engine.words import EffectKind
from sync.notices.values import VALUES
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.engine.notices.told import a_target, hand_over, ledger_of, mean


def around(now: datetime) -> QuietHours:
    """Quiet hours that hold now, whatever the time."""
    return QuietHours((now - timedelta(hours=2)).time(), (now + timedelta(hours=2)).time(), "UTC")


async def test_without_targets_a_notice_goes_straight_to_its_own_address(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await mean(house, "a", "order_shipped", "customer", order_id=order_id)
    await mean(house, "b", "rule_broken", "support", rule="r", error="e")
    direct = await hand_over(house)
    assert sorted((each.template, bool(each.recipient)) for each in direct) == [
        ("order_shipped", True),
        ("rule_broken", False),
    ]
    assert await ledger_of(house) == []


async def test_every_target_of_the_audience_gets_it_once_however_often_it_is_handed_over(
    house: House, store: Database
) -> None:
    await a_target(house, "Desk", "support")
    await a_target(
        house, "Phone", "support", channel="apprise", address="tgram://123456789:abcdefg_hijklmnop/12315544/"
    )
    await a_target(house, "Shelf", "warehouse")
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    claims = await house.claim(EffectKind.NOTICE)
    requests = list((await house.notice_requests(claims)).values())
    await sends.hand_over(store, requests)
    await sends.hand_over(store, requests)
    assert await ledger_of(house) == [("Desk", "queued", None), ("Phone", "queued", None)]


async def test_a_creators_targets_get_only_what_is_about_their_own_orders(house: House, store: Database) -> None:
    await people.put_person(store, "Ines Falk", role="creator", actor=MIRA)
    await a_target(house, "Ines", person="Ines Falk")
    [order_id] = await house.arrive(an_order(house.shop_id))
    await mean(house, "a", "order_rejected", "creator", order_id=order_id)
    [direct] = await hand_over(house)
    assert direct.template == "order_rejected"
    assert await ledger_of(house) == []


async def test_what_a_person_does_not_want_is_left_out_there_and_said(house: House, store: Database) -> None:
    await people.put_person(store, "Mira", actor=MIRA)
    await a_target(house, "Desk", "support", person="Mira")
    await a_target(house, "Room", "support", templates=("alert",))
    await choices.choose(store, "Mira", "rule_broken", "email", enabled=False, known_templates=VALUES, actor=MIRA)
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    assert await hand_over(house) == []
    assert await ledger_of(house) == [
        ("Desk", "suppressed", "The person behind Desk wants no such notice there."),
        ("Room", "suppressed", "Room is for other notices."),
    ]


async def test_a_particular_choice_wins_over_a_general_one(house: House, store: Database) -> None:
    await people.put_person(store, "Mira", actor=MIRA)
    await a_target(house, "Desk", "support", person="Mira")
    await choices.choose(store, "Mira", "*", "*", enabled=False, known_templates=VALUES, actor=MIRA)
    await choices.choose(store, "Mira", "rule_broken", "*", enabled=True, known_templates=VALUES, actor=MIRA)
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    await mean(house, "b", "grant_ending", "support", seller="Alder", shops="Alder Goods", ends="soon", left="3 days")
    await hand_over(house)
    states = await store.pool.fetch("SELECT template, state FROM notice_sends ORDER BY template")
    assert [tuple(row) for row in states] == [("grant_ending", "suppressed"), ("rule_broken", "queued")]


async def test_quiet_hours_hold_everything_but_what_is_urgent(house: House, store: Database) -> None:
    await people.put_person(store, "Mira", actor=MIRA)
    await a_target(house, "Desk", "support", person="Mira")
    now = datetime.now(UTC)
    await choices.keep_quiet(store, "Mira", around(now), actor=MIRA)
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    await mean(house, "b", "grant_revoked", "support", seller="Alder", shops="Alder Goods", why="It ended.")
    await hand_over(house)
    rows = await store.pool.fetch(
        "SELECT template, due_at > now() + interval '30 minutes' AS held FROM notice_sends ORDER BY template"
    )
    assert [tuple(row) for row in rows] == [("grant_revoked", False), ("rule_broken", True)]
    await choices.keep_quiet(store, "Mira", None, actor=MIRA)
    await mean(house, "c", "rule_broken", "support", rule="r", error="e")
    await hand_over(house)
    assert await store.pool.fetchval(
        "SELECT max(due_at) FILTER (WHERE due_at < now() + interval '5 minutes') > now() FROM notice_sends"
    )


async def test_a_creator_without_targets_has_quiet_hours_and_choices_too(house: House, store: Database) -> None:
    creator = await store.pool.fetchval("SELECT display_name FROM users ORDER BY id LIMIT 1")
    await choices.keep_quiet(store, creator, around(datetime.now(UTC)), actor=MIRA)
    await choices.choose(store, creator, "out_of_stock", "*", enabled=False, known_templates=VALUES, actor=MIRA)
    [first, second] = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    await mean(house, "a", "order_rejected", "creator", order_id=first)
    await mean(house, "b", "rule", "creator", order_id=second, rule="r", text="t")
    await hand_over(house)
    assert await ledger_of(house) == [("", "queued", None), ("", "queued", None)]
    assert await store.pool.fetchval("SELECT min(due_at) > now() + interval '30 minutes' FROM notice_sends")


async def test_a_customer_who_wants_no_mail_gets_none_and_only_a_fingerprint_is_kept(
    house: House, store: Database
) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await mean(house, "a", "review_request", "customer", order_id=order_id)
    [before] = await hand_over(house)
    assert not before.refused
    await choices.refuse(store, f" {fact.customer.email.upper()} ", "review_request")
    assert await _refused(house) == [True]
    await choices.accept(store, fact.customer.email)
    assert await _refused(house) == [False]


async def _refused(house: House) -> list[bool]:
    await house.store.pool.execute("UPDATE effects SET lease_until = NULL, due_at = now() WHERE kind = 'notice'")
    requests = await house.notice_requests(await house.claim(EffectKind.NOTICE))
    return [each.refused for each in requests.values() if each.template == "review_request"]


async def test_a_target_that_is_off_or_failing_is_no_target(house: House, store: Database) -> None:
    await a_target(house, "Desk", "support")
    await targets.switch_target(store, "Desk", on=False, actor=MIRA)
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    [direct] = await hand_over(house)
    assert (direct.template, await ledger_of(house)) == ("rule_broken", [])


async def test_addresses_are_sealed_and_lists_show_no_secret(house: House, store: Database) -> None:
    secret = "tgram://123456789:abcdefg_hijklmnop/12315544/"
    await a_target(house, "Phone", "support", channel="apprise", address=secret)
    sealed = await store.pool.fetchval("SELECT address FROM notice_targets")
    assert b"abcdefg" not in sealed
    [view] = await targets.list_targets(store)
    assert (view.where, view.state) == ("tgram://…", "unchecked")
    assert secret not in repr(await targets.find_target(store, "Phone"))
    assert (await targets.find_target(store, "Phone")).address == secret
    await house.assert_balanced()


async def test_what_makes_no_target_is_refused_and_changes_nothing(house: House, store: Database) -> None:
    await a_target(house, "Desk", "support")
    before = await house.row_counts()
    for label, more, kind, code in (
        ("Desk", {}, Refused, "notices.label_taken"),
        ("a\nb", {}, Refused, "notices.bad_label"),
        ("X", {"templates": ("nonsense",)}, Refused, "notices.unknown_template"),
        ("X", {"channel": "tiktok_message"}, Refused, "notices.wrong_channel"),
        ("X", {"audience": "customer"}, Refused, "notices.wrong_channel"),
        ("X", {"person": "Nobody"}, NotFound, "notices.unknown_person"),
        ("X", {"shop": "Nowhere"}, NotFound, "notices.unknown_shop"),
        ("X", {"channel": "tiktok_message", "audience": "customer"}, Refused, "notices.which_shop"),
    ):
        with pytest.raises(kind) as refused:
            await a_target(house, label, **{"audience": "support"} | more)
        assert refused.value.code == code
    assert await house.row_counts() == before


async def test_a_digest_of_the_warehouse_names_what_came_in_during_its_minute(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    await house.run()
    await store.pool.execute("UPDATE effects SET due_at = now() WHERE kind = 'notice'")
    claims = [claim for claim in await house.claim(EffectKind.NOTICE) if claim.request["template"] == "pick_list"]
    requests = list((await house.notice_requests(claims)).values())
    assert [request.values["orders"] for request in requests] == ["2 orders"]
