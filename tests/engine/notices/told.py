"""Targets added and notices meant, for tests of who is told what."""

from __future__ import annotations

from typing import Any

from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.identifiers import EffectId, OrderId, new_id
from engine.notices import sends
from engine.notices.targets import NewTarget, add_target
from engine.ports.outcomes import Done, NoticeSent
from engine.words import Audience, EffectKind, NoticeChannel
from engine.workflow.plan import NewEffect
from sync.notices.values import VALUES
from tests.engine.house import MIRA, House


async def a_target(
    house: House, label: str, audience: str = "creator", *, channel: str = "email", address: str = "", **more: Any
) -> None:
    await add_target(
        house.store,
        NewTarget(
            label, Audience(audience), NoticeChannel(channel), address or f"{label.lower()}@relay.example", **more
        ),
        known_templates=VALUES,
        actor=MIRA,
    )


async def mean(
    house: House, key: str, template: str, audience: str, *, order_id: OrderId | None = None, **words: str
) -> EffectId:
    """Mean a notice."""
    kind = EffectKind.NOTICE
    effect_id = EffectId(new_id())
    request = {"template": template, "audience": audience, **words}
    effect = NewEffect(effect_id, key, kind, DEPENDENCY_OF[kind], order_id, house.shop_id, None, 0, 0.0, "", request)
    await house.store.run(lambda connection: ledger.intend(connection, [effect]))
    return effect_id


async def hand_over(house: House) -> list[Any]:
    """What a daemon does with notices that have targets. Answers the requests that had none."""
    claims = await house.claim(EffectKind.NOTICE)
    requests = await house.notice_requests(claims)
    fanned = [request for request in requests.values() if request.routes]
    await sends.hand_over(house.store, fanned)
    for claim in claims:
        if (request := requests.get(claim.effect_id)) is not None and request.routes:
            await house.settle(claim, Done(NoticeSent("targets")))
    return [request for request in requests.values() if not request.routes]


async def ledger_of(house: House) -> list[tuple[str, str, str | None]]:
    """Label, state and error of every send."""
    rows = await house.store.pool.fetch("SELECT label, state, error FROM notice_sends ORDER BY label, id")
    return [tuple(row) for row in rows]


async def now_due(house: House) -> None:
    """The time for which sends wait is over."""
    await house.store.pool.execute("UPDATE notice_sends SET due_at = now() - interval '1 second'")
