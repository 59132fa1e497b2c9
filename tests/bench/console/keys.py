"""What a key costs: until the frame is written, and in bytes; beside each, Textual's own table with as many rows as it can hold."""

from __future__ import annotations

import asyncio
import statistics

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from orders_tui.console import OrdersApp
from tests.bench.console.figures import Figures, p95
from tests.bench.console.terminal import WIDE, MeteredDriver, key_times, rest, settle_workers

KEYS = 80
PAGES = 30
OWN_ROWS = 10_000
"""So many rows Textual's table takes two seconds to load; a million take it three minutes and a gigabyte."""
IDLE_SECONDS = 5.0


async def measure_keys(figures: Figures, app: OrdersApp) -> None:
    """Keys, pages and quiet with nothing else going on."""
    own = await own_table()
    await app.do_go("orders")
    await settle_workers(app)
    times, sizes = await key_times(app, ["down"] * 20 + ["up"] * 20 + ["down"] * (KEYS - 40))
    beside = f"Textual's table of {OWN_ROWS:,} rows"
    figures.limited(
        "console.key_p95_ms", p95(times), "ms", 8, f"median {statistics.median(times):.1f}; {beside}: {own[0]:.1f}"
    )
    figures.limited("console.bytes_per_key", _mean(sizes), "bytes", 700, f"{beside}: {own[1]:,.0f}")
    page_times, page_sizes = await key_times(app, ["pagedown"] * PAGES + ["pageup"] * 5)
    figures.limited(
        "console.page_p95_ms",
        p95(page_times),
        "ms",
        15,
        f"median {statistics.median(page_times):.1f}; {beside}: {own[2]:.1f}",
    )
    figures.limited("console.bytes_per_page", _mean(page_sizes), "bytes", 18_000, f"{beside}: {own[3]:,.0f}")
    for key in ("end", "home"):
        jump, _ = await key_times(app, [key])
        figures.told(f"console.{key}_ms", jump[0], "ms")
        await settle_workers(app)
    await rest(app, 1.0, 10.0)
    before = MeteredDriver.sent
    await asyncio.sleep(IDLE_SECONDS)
    figures.limited("console.idle_bytes_per_s", (MeteredDriver.sent - before) / IDLE_SECONDS, "bytes/s", 0)


async def busy_key_times(app: OrdersApp) -> list[float]:
    """Keys while something else works; milliseconds each."""
    times, _ = await key_times(app, ["down", "up"] * (2 * KEYS), pause=0.03)
    return times


def _mean(sizes: list[int]) -> float:
    return statistics.fmean(sizes) if sizes else 0.0


class _OwnTable(App[None]):
    """Textual's own table with the columns of ours."""

    def __init__(self, rows: int) -> None:
        super().__init__(driver_class=MeteredDriver)
        self._rows = rows
        self.painted = asyncio.Event()

    def post_display_hook(self) -> None:
        self.painted.set()

    def compose(self) -> ComposeResult:
        table: DataTable[str] = DataTable(cursor_type="row")
        widths = (10, 13, 8, 18, 18, 27, 12)
        for name, width in zip(
            ("status", "state", "ship by", "order", "customer", "items", "total"), widths, strict=True
        ):
            table.add_column(name, width=width)
        table.add_rows(
            ("processing", "ready to ship", "in 4 h", f"5770000000{n:08d}", f"Ines Falk {n}", "2x Mug", "42.50 USD")
            for n in range(self._rows)
        )
        yield table


async def own_table(rows: int = OWN_ROWS) -> tuple[float, float, float, float]:
    """Of Textual's table: key and its bytes, page and its bytes; p95 and means."""
    app = _OwnTable(rows)
    async with app.run_test(headless=False, size=WIDE):
        await rest(app, 0.5, 60)
        app.query_one(DataTable).focus()
        keys, key_sizes = await key_times(app, ["down"] * 30 + ["up"] * 10)
        pages, page_sizes = await key_times(app, ["pagedown"] * 15)
    return p95(keys), _mean(key_sizes), p95(pages), _mean(page_sizes)
