"""What came back is kept once, and what can never arrive is not written to again."""

from __future__ import annotations

from engine.database.connection import Database
from engine.effects.kinds import Retries
from engine.identifiers import new_id
from engine.notices import bounces as ledger
from engine.notices import sends
from engine.notices.history import sent
from engine.notices.targets import list_targets
from engine.ports.outcomes import Done, NoticeSent
from engine.words import EffectKind
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.engine.notices.told import a_target, hand_over, ledger_of, mean, now_due


async def test_a_target_whose_address_is_gone_gets_nothing_more(house: House, store: Database) -> None:
    await a_target(house, "Desk", "support")
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    await hand_over(house)
    await now_due(house)
    [message] = await sends.claim(store, house.daemon_id, 10.0)
    await sends.settle(
        store, [sends.Result(message, Done(NoticeSent("<m>")), message.members)], Retries(3, 1.0, 1.0, 1.0)
    )
    back = ledger.Bounce(message.message_id, "The letter came back: 550 5.1.1 no.", over=True)
    assert await ledger.record(store, [back, back]) == 1
    assert await ledger.record(store, [back]) == 0
    assert await ledger_of(house) == [("Desk", "bounced", back.words)]
    [target] = await list_targets(store)
    assert (target.state, target.problem) == ("failing", back.words)


async def test_a_customers_address_that_is_none_is_not_written_to_again(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    effect_id = await mean(house, "a", "order_shipped", "customer", order_id=order_id)
    for claim in await house.claim(EffectKind.NOTICE):
        await house.settle(claim, Done(NoticeSent(f"<{claim.effect_id}@x>")))
    stranger = ledger.Bounce(new_id(), "The letter came back: 550 5.1.1 no.", over=True)
    assert await ledger.record(store, [stranger]) == 0
    back = ledger.Bounce(effect_id, "The letter came back: 550 5.1.1 no.", over=True)
    assert await ledger.record(store, [back]) == 1
    assert await ledger.record(store, [back]) == 0
    [view] = [view for view in await sent(store) if view.template == "order_shipped"]
    assert (view.state, view.error) == ("bounced", back.words)
    await mean(house, "b", "review_request", "customer", order_id=order_id)
    requests = await house.notice_requests(await house.claim(EffectKind.NOTICE))
    assert [each.refused for each in requests.values() if each.template == "review_request"] == [True]
