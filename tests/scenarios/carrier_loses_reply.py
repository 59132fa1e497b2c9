"""A carrier that sells labels and loses the reply: every label is found again, none is bought twice."""

from __future__ import annotations

from sync.simulator.scenario import Arrival, Scenario, Timings
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

CREATE, BUY = "easypost.shipments.create", "easypost.shipments.buy"


async def act(stage: Stage) -> str:
    """Of the first purchases many are carried out without an answer, or with one that says nothing."""
    await stage.admin("aim", operation=BUY, failure="lost_reply", calls=list(range(1, 60, 3)))
    await stage.admin("aim", operation=BUY, code="GATEWAY_TIMEOUT", carried_out=True, calls=list(range(2, 60, 6)))
    await stage.admin(
        "aim", operation=BUY, code="SHIPMENT.POSTAGE.NO_RESPONSE", carried_out=True, calls=list(range(3, 60, 6))
    )
    await stage.admin("aim", operation=BUY, code="SHIPMENT.PURCHASE.IN_PROGRESS", calls=list(range(65, 70)))
    await stage.admin("aim", operation=CREATE, failure="lost_reply", calls=list(range(5, 60, 5)))
    stage.start()
    await stage.settle()
    state = await stage.state()
    lost = state["faults"].get("lost_reply", 0)
    if lost < 25:
        raise Stuck(f"Only {lost} replies were lost.")
    return f"{lost} replies lost, {state['double_buys_refused']} second purchases refused"


PLAY = Play(
    "a carrier that buys and loses the reply",
    Scenario(seed=44, orders=160, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 0.5, 1, 1.5)),
    act,
    settings={
        "ORDERS_TUI_RETRIES__CARRIER__BASE_DELAY_SECONDS": "0.5",
        "ORDERS_TUI_RETRIES__CARRIER__MAX_ATTEMPTS": "8",
        "ORDERS_TUI_BREAKERS__CARRIER__RESET_SECONDS": "1",
    },
)
