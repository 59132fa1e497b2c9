"""`make screenshots`: the README's pictures, drawn by the console itself from invented data; the same every time."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path

from textual.pilot import Pilot
from textual.worker import WorkerCancelled, WorkerFailed

from engine.actors import Actor
from engine.database.connection import DatabaseSettings, open_database
from engine.words import ChangeSource, HoldReason, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.cast import BUYERS, STORY
from tests.factories import BOWL, MUG, NOON, Factory

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = (110, 28)
NOW = NOON + timedelta(hours=3)
SCREENS = {
    "triage": ("f2",),
    "orders": ("f3", "down", "space", "space", "down", "enter"),
    "failed": ("f4", "enter", "down"),
    "bulk": ("f3", "space", "space", "space", "t"),
    "inventory": ("f7",),
    "overview": ("f6",),
    "help": ("f3", "question_mark"),
}
"""Which keys lead to each picture."""


async def furnish(factory: Factory) -> None:
    """A small shop in the middle of its day."""
    await factory.shop()
    await factory.database.pool.execute("UPDATE shops SET policies = $1", {"import_mode": "work"})
    await factory.product(on_hand=12)
    await factory.product(BOWL, on_hand=40, reserved=6)
    for number in range(40):
        status, state, execution, waiting_for = STORY[number % len(STORY)]
        order = await factory.order(
            number=f"5775395400000{number:05d}",
            status=status,
            state=state,
            execution=execution,
            waiting_for=waiting_for,
            customer=BUYERS[number % len(BUYERS)],
            lines=(MUG,) if number % 3 else (MUG, BOWL),
            ordered_at=NOON + timedelta(minutes=4 * number),
            ship_by=NOON + timedelta(hours=3 * number - 6) if number % 4 else None,
            total_amount=Decimal("12.50") * (number % 9 + 1),
        )
        if state is WorkflowState.SHIPPED:
            await factory.package(order, f"94001118992230000000{number:02d}", first_scan_at=NOON)
    held = await factory.order(number="577539540000000901", ordered_at=NOON, waiting_for="hold")
    await factory.hold(held, HoldReason.ADDRESS, "asks for another street")
    for number in range(3):
        await factory.failed(
            number=f"57753954000000091{number}", ordered_at=NOON, ship_by=NOW + timedelta(hours=number + 2)
        )
    await factory.failed(number="577539540000000920", code="missing_weight", about="BOWL-LG", ordered_at=NOON)
    await factory.failed(number="577539540000000930", code="bad_address", about="", ordered_at=NOON)


async def draw(app: OrdersApp, keys: tuple[str, ...]) -> str:
    """One picture, with nothing in it that differs from run to run."""
    async with app.run_test(size=SIZE) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
            await _settle(pilot)
            if key.startswith("f"):
                await app.tick()
                await _settle(pilot)
        return re.sub(r"terminal-\d+", "terminal", app.export_screenshot(title="Orders TUI"))


async def _settle(pilot: Pilot[int]) -> None:
    for _ in range(2):
        await pilot.pause()
        asking = [worker for worker in pilot.app.workers if worker.group != "change" and not worker.is_finished]
        with suppress(WorkerCancelled, WorkerFailed, TimeoutError):
            await asyncio.wait_for(pilot.app.workers.wait_for_complete(asking), 5)


async def draw_all(say: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory(prefix="orders-tui-pictures-") as folder:
        Path(folder).chmod(0o711)
        settings = DatabaseSettings(data_directory=Path(folder) / "data")
        database = await open_database(settings, {"ORDERS_TUI_MASTER_KEY": "5a" * 32})
        try:
            await furnish(Factory(database))
            services = Services(database, Actor("mira", ChangeSource.USER))
            for name, keys in SCREENS.items():
                app = OrdersApp(
                    services, options=ConsoleOptions(zone=UTC, slow_line=True), clock=lambda: NOW, auto_refresh=False
                )
                picture = PICTURES / f"{name}.svg"
                picture.write_text(await draw(app, keys), encoding="utf-8")
                say(str(picture))
            await services.close()
        finally:
            await database.close()


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw_all(lambda line: print(line, flush=True)))  # noqa: T201  # the list is the output
    return 0


if __name__ == "__main__":
    sys.exit(main())
