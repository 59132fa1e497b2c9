"""Buyers who change their minds: some ask to cancel while their order is worked, some want to send back what was delivered."""

from __future__ import annotations

from collections import Counter

from engine.errors import Refused
from engine.orders.answers import Answer
from orders_tui.demo.preparation import LEAD
from orders_tui.services import Services
from sync.simulator.scenario import Arrival, Fate, Scenario, Timings
from sync.simulator.shop.specials import Specials
from tests.scenarios.plays import Play
from tests.scenarios.stage import UNDER_WAY, Stage, Stuck

ENDS = {"COMPLETED", "CANCELLED"}


async def act(stage: Stage) -> str:
    """Who is first, the buyer or the parcel, is not foretold; whichever it is, everybody has to say the same in the end.

    In the US a no is said by shipping, so that requests for what cannot be shipped stay open until TikTok's deadline.
    """
    stage.start()
    person = Services(stage.database, LEAD)
    said: Counter[str] = Counter()

    async def answer() -> None:
        """A person says yes to every other buyer."""
        for request in await person.buyers.cancellations():
            if request.decision:
                continue
            decision = "reject" if int(request.cancel_id) % 2 else "approve"
            reason = "seller_reject_apply_product_has_been_packed" if decision == "reject" else ""
            try:
                await person.buyers.answer_cancellation(request.order_id, Answer(decision, reason))
                said[decision] += 1
            except Refused:  # it was decided meanwhile
                said["too late"] += 1

    async def over() -> bool:
        await answer()
        rows = (await stage.world.ask("orders"))["orders"]
        ended = all(row["status"] in ENDS or row["fate"] != Fate.COMPLETED for row in rows)
        state = await stage.state()
        sending = await stage.database.pool.fetchval(UNDER_WAY)
        return ended and len(rows) == state["orders_total"] and not sending and await stage.known()

    await stage.until(over, "The end of every order and request")
    await stage.until(stage.stock_told, "The stock that TikTok offers")
    requests = (await stage.state())["cancel_requests"]
    if sum(requests.values()) < 10:
        raise Stuck(f"Only {requests} asked to cancel.")
    await person.close()
    return f"a person said {dict(said)}; the requests: {requests}"


PLAY = Play(
    "buyers who change their minds",
    Scenario(
        seed=49,
        orders=200,
        arrival=Arrival.STEADY,
        orders_per_second=20,
        timings=Timings(0.3, 0.5, 1, 2, 5),
        specials=Specials(buyer_cancels=0.25, buyer_returns=0.1, buyer_asks_after_seconds=0.3),
    ),
    act,
)
