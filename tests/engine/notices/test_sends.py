"""The ledger of sends: each target by itself, bursts as one message, a repeat as the same message."""

from __future__ import annotations

import asyncio

from engine.database.connection import Database
from engine.effects.kinds import Retries
from engine.fleet import daemons
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.notices import sends, targets
from engine.notices.sends import LeftOut, Message, Result
from engine.ports.outcomes import Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from tests.engine.house import MIRA, House
from tests.engine.notices.told import a_target, hand_over, ledger_of, mean, now_due

RETRIES = Retries(3, 10.0, 60.0, 2.0)


async def claim(house: House, **more: object) -> list[Message]:
    return await sends.claim(house.store, house.daemon_id, DEAD_AFTER_SECONDS, **more)  # type: ignore[arg-type]


async def settle(house: House, message: Message, outcome: Outcome | LeftOut, *, over: bool = False) -> int:
    result = Result(message, outcome, message.members, over)
    return len(await sends.settle(house.store, [result], RETRIES))


async def broken_rules(house: House, count: int, *, label: str = "Desk") -> None:
    await a_target(house, label, "support")
    for number in range(count):
        await mean(house, f"n{number}", "rule_broken", "support", rule=f"r{number}", error="e")
    await hand_over(house)
    await now_due(house)


async def test_a_burst_is_one_message_and_every_notice_in_it_is_in_the_ledger(house: House) -> None:
    await broken_rules(house, 5)
    [message] = await claim(house)
    assert (len(message.members), message.attempt, message.template) == (5, 1, "rule_broken")
    assert message.message_id == min(member.send_id for member in message.members)
    assert await settle(house, message, Done(NoticeSent("<m@x>"))) == 5
    assert await ledger_of(house) == [("Desk", "sent", None)] * 5
    assert await claim(house) == []


async def test_the_first_that_is_due_takes_the_later_ones_along(house: House, store: Database) -> None:
    await broken_rules(house, 3)
    await store.pool.execute(
        "UPDATE notice_sends SET due_at = now() + interval '50 seconds' WHERE id <> (SELECT min(id::text)::uuid FROM notice_sends)"
    )
    [message] = await claim(house)
    assert len(message.members) == 3


async def test_a_repeat_is_the_same_message_without_those_that_came_since(house: House) -> None:
    await broken_rules(house, 2)
    [first] = await claim(house)
    await settle(house, first, Postponed("notices.put_off", "Later.", 0.0))
    await mean(house, "late", "rule_broken", "support", rule="late", error="e")
    await hand_over(house)
    await now_due(house)
    again, new = sorted(await claim(house), key=lambda message: -message.attempt)
    assert (again.message_id, again.attempt, again.maybe_sent) == (first.message_id, 2, True)
    assert {m.send_id for m in again.members} == {m.send_id for m in first.members}
    assert (new.attempt, len(new.members)) == (1, 1)


async def test_what_a_dead_daemon_held_is_sent_again_under_the_same_id_and_its_late_word_counts_nothing(
    house: House, store: Database
) -> None:
    await broken_rules(house, 2)
    [first] = await claim(house)
    assert await claim(house) == [], "it is held"
    await store.pool.execute("UPDATE daemons SET beat_at = now() - interval '1 hour' WHERE id = $1", house.daemon_id)
    other = await daemons.register(store, "test")
    [again] = await sends.claim(store, other, DEAD_AFTER_SECONDS)
    assert (again.message_id, again.attempt) == (first.message_id, 2)
    assert await settle(house, first, Done(NoticeSent("<late>"))) == 0
    assert await settle(house, again, Done(NoticeSent("<m>"))) == 2
    assert {row["reference"] for row in await store.pool.fetch("SELECT reference FROM notice_sends")} == {"<m>"}


async def test_two_daemons_never_send_one_notice_twice(house: House, store: Database) -> None:
    await broken_rules(house, 40)
    other = await daemons.register(store, "test")
    claims = await asyncio.gather(
        *(sends.claim(store, daemon, DEAD_AFTER_SECONDS, most=5) for daemon in [house.daemon_id, other] * 4)
    )
    ids = [member.send_id for messages in claims for message in messages for member in message.members]
    assert len(ids) == len(set(ids)) == 40


async def test_one_target_that_fails_leaves_the_other_alone(house: House) -> None:
    await a_target(house, "Phone", "support")
    await broken_rules(house, 1)
    desk, phone = sorted(await claim(house), key=lambda message: str(message.target_id))
    labels = {target.label: target for target in await targets.list_targets(house.store)}
    assert labels.keys() == {"Desk", "Phone"}
    await settle(house, desk, Failed("notices.refused", "No."))
    await settle(house, phone, Done(NoticeSent("<m>")))
    assert sorted(state for _, state, _ in await ledger_of(house)) == ["dead", "sent"]
    await now_due(house)
    assert await claim(house) == []


async def test_tries_end_and_waiting_costs_none(house: House, store: Database) -> None:
    await broken_rules(house, 1)
    for _ in range(5):
        [message] = await claim(house)
        assert message.attempt == 1
        await settle(house, message, Postponed("notices.put_off", "Later.", 0.0, burns_attempt=False))
        await now_due(house)
    for attempt in (1, 2):
        [message] = await claim(house)
        await settle(house, message, Unsure("notices.no_answer", "Who knows."))
        assert (await ledger_of(house))[0][1] == "failed", attempt
        await now_due(house)
    [message] = await claim(house)
    await settle(house, message, Unsure("notices.no_answer", "Who knows."))
    assert await ledger_of(house) == [("Desk", "dead", "Given up after 3 tries: Who knows.")]


async def test_a_target_that_fails_again_and_again_gets_nothing_more_until_somebody_looked(
    house: House, store: Database
) -> None:
    await a_target(house, "Desk", "support")
    await a_target(
        house, "Phone", "support", channel="apprise", address="tgram://123456789:abcdefg_hijklmnop/12315544/"
    )
    for number in range(sends.FAILURES_TO_FAIL):
        await mean(
            house, f"n{number}", "grant_revoked", "support", seller="Alder", shops="Alder Goods", why="It ended."
        )
        await hand_over(house)
        await now_due(house)
        for message in await claim(house):
            bad = message.channel == "apprise"
            await settle(house, message, Failed("notices.refused", "Gone.") if bad else Done(NoticeSent("<m>")))
    desk, phone = await targets.list_targets(store)
    assert (desk.state, desk.problem) == ("fine", "")
    assert (phone.state, phone.problem, phone.failures_in_a_row) == ("failing", "Gone.", 3)
    await mean(house, "more", "grant_revoked", "support", seller="Alder", shops="Alder Goods", why="It ended.")
    await hand_over(house)
    assert [label for label, state, _ in await ledger_of(house) if state == "queued"] == ["Desk"]
    await targets.switch_target(store, "Phone", on=True, actor=MIRA)
    await mean(house, "then", "grant_revoked", "support", seller="Alder", shops="Alder Goods", why="It ended.")
    await hand_over(house)
    assert sorted(label for label, state, _ in await ledger_of(house) if state == "queued") == ["Desk", "Desk", "Phone"]


async def test_a_busy_target_is_left_out_of_a_claim(house: House, store: Database) -> None:
    await broken_rules(house, 1)
    target_id = await store.pool.fetchval("SELECT id FROM notice_targets")
    assert await claim(house, busy=[target_id]) == []
    assert len(await claim(house)) == 1


async def test_a_claim_whose_answer_was_lost_is_given_back_and_counts_as_no_try(house: House, store: Database) -> None:
    await broken_rules(house, 2)
    [lost] = await claim(house)
    await sends.forget_claims(store, house.daemon_id, [lost.message_id])
    assert await claim(house) == [], "what is known is kept"
    await sends.forget_claims(store, house.daemon_id, [])
    [again] = await claim(house)
    assert (again.attempt, again.maybe_sent, len(again.members)) == (1, False, 2)
    assert await settle(house, lost, Done(NoticeSent("<late>"))) == 0
