"""The task that lets the world's clock run by itself and sends what is due; it sleeps while nobody wants to be told."""

import asyncio
from contextlib import suppress

import aiohttp

from sync.simulator.webhooks.outbox import ANSWER_SECONDS, Delivery, Outbox
from sync.simulator.world import World

TICK_SECONDS = 0.01
IDLE_SECONDS = 0.1
MOST_AT_ONCE = 16


class Sender:
    """Sends from the outbox, several messages at once and in no promised order."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until cancelled."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MOST_AT_ONCE)) as http:
            try:
                while True:
                    if not self._world.registrations.any:
                        await asyncio.sleep(IDLE_SECONDS)
                        continue
                    self._world.advance()
                    now = self._world.now
                    free, out_until = MOST_AT_ONCE - len(self._sending), self._world.conditions.out_until(now)
                    for delivery in self._outbox.take_due(now, free, out_until):
                        task = asyncio.create_task(self._send(http, delivery))
                        self._sending.add(task)
                        task.add_done_callback(self._sending.discard)
                    await self._pause()
            finally:
                for task in self._sending:
                    task.cancel()
                await asyncio.gather(*self._sending, return_exceptions=True)

    async def _pause(self) -> None:
        if len(self._sending) >= MOST_AT_ONCE:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(TICK_SECONDS)

    async def _send(self, http: aiohttp.ClientSession, delivery: Delivery) -> None:
        message, accepted = delivery.message, False
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS[message.service])
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with http.post(
                message.address, data=message.body, headers=message.headers, timeout=timeout, allow_redirects=False
            ) as answer:
                await answer.read()
                accepted = answer.status == 200 if message.service == "tiktok" else 200 <= answer.status < 300
        given_up = self._outbox.settle(delivery, accepted=accepted, now=self._world.now)
        if given_up and message.hook in self._world.registrations.hooks:
            # EasyPost disables an endpoint that keeps failing; changing it enables it again.
            self._world.record("hook_changed", hook=message.hook, changes={"disabled": True})
