"""Webhooks: three in ten lost, doubled or reordered, some forged; the polls make up for it, and no forgery is believed."""

from __future__ import annotations

import socket

from sync.simulator.scenario import Arrival, Scenario, Timings
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

RATES = {
    "webhook_lost": 0.1,
    "webhook_doubled": 0.1,
    "webhook_reordered": 0.1,
    "webhook_delayed": 0.05,
    "webhook_forged": 0.05,
}
SECRET = "a secret of both sides"


async def act(stage: Stage) -> str:
    """Polls come every five seconds, so that what is not lost is told by webhooks first."""
    port = free_port()
    stage.settings |= {
        "ORDERS_TUI_HTTP__ENABLED": "true",
        "ORDERS_TUI_HTTP__PORT": str(port),
        "ORDERS_TUI_HTTP__CALLS_PER_SECOND": "0",
        "ORDERS_TUI_EASYPOST_WEBHOOK_SECRET": SECRET,
    }
    url = f"http://127.0.0.1:{port}/webhooks"
    await stage.admin("faults", **RATES)
    await stage.admin("webhooks", tiktok=f"{url}/tiktok", easypost=f"{url}/easypost", easypost_secret=SECRET)
    stage.start()
    await stage.settle()

    async def all_sent() -> bool:
        return not any(counts["waiting"] for counts in (await stage.state())["webhooks"].values())

    await stage.until(all_sent, "The last webhook")
    await stage.until(stage.inbox_read, "A decision on the last webhook")
    counts = (await stage.state())["webhooks"]
    for service, counted in counts.items():
        if counted["forged"] < 5 or counted["delivered"] < 300:
            raise Stuck(f"Too little was sent by {service} to say anything: {counted}.")
    kinds = ("emitted", "delivered", "lost", "doubled", "reordered", "forged")
    return "; ".join(
        f"{service} {', '.join(f'{counted[kind]} {kind}' for kind in kinds)}" for service, counted in counts.items()
    )


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PLAY = Play(
    "bad webhooks",
    Scenario(
        seed=46,
        orders=300,
        arrival=Arrival.BURST,
        orders_per_second=40,
        timings=Timings(0.5, 1, 1, 2, 3, webhook_retry_scale=0.01),
    ),
    act,
    settings={"ORDERS_TUI_TIKTOK__POLL_SECONDS": "5", "ORDERS_TUI_CARRIER__TRACKING_SECONDS": "10"},
)
