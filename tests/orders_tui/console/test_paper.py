"""Paper of chosen orders, returns received and calendars changed, by keyboard over a real database."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.database.connection import Database
from engine.orders.parcels.returns import apply_returns
from engine.ports.facts import ReturnedUnit, ReturnFact
from engine.words import OrderStatus, PaperKind, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.messages import Scanned
from orders_tui.modals.paper import PrintPaper, Stage
from orders_tui.printing.printers import PrintSettings
from orders_tui.services import Services
from tests.factories import MUG, NOON, Factory, Line
from tests.orders_tui.console.driving import MEDIUM, SMALL, notices, press, settle, text, write
from tests.orders_tui.printing.conftest import texts
from tests.orders_tui.printing.papers import keep_label, pdf_label, to_pick


async def labelled(factory: Factory, number: str, bin_code: str) -> None:
    order_id = await factory.order(number=number)
    await to_pick(factory, order_id, bin_code)
    await keep_label(factory, await factory.package(order_id, f"94-{number}"), pdf_label(f"for {number}"))


async def test_labels_slips_and_lists_are_seen_printed_and_printed_again(
    app: OrdersApp, services: Services, factory: Factory, tmp_path: Path
) -> None:
    await labelled(factory, "ORD-1", "B-2")
    await labelled(factory, "ORD-2", "A-1")
    taker = tmp_path / "lp.py"
    taker.write_text("import shutil, sys; shutil.copy(sys.argv[2], sys.argv[1] + '.pdf')")
    command = (sys.executable, str(taker), f"{tmp_path}/{{printer}}", "{file}")
    services.printing.settings = PrintSettings(command, folder=tmp_path / "paper")
    await services.printing.put_station("PACK-1", printers={PaperKind.LABEL: "ZEBRA"})
    await services.printing.put_station("PACK-2", printers={PaperKind.LABEL: "OTHER"})
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "S")
        assert "Look at packing slips of order ORD-2" in text(app)
        assert "7 Quay Street" in text(app)
        await press(pilot, "enter", "A", "B")
        shown = text(app)
        assert shown.index("A-1") < shown.index("B-2")
        await press(pilot, "escape", "l")
        assert isinstance(app.screen, PrintPaper)
        assert [way.words for way in app.screen.ways.values()] == [
            "PACK-1: ZEBRA",
            "PACK-2: OTHER",
            f"keep in {tmp_path / 'paper'}",
        ]
        assert await services.printing.record() == []
        await press(pilot, "down", "enter")
        assert notices(app)[-1] == "2 labels printed on OTHER."
        assert texts((tmp_path / "OTHER.pdf").read_bytes()) == ["for ORD-2", "for ORD-1"]
        [deed] = app.session.deeds.newest_first()
        assert deed.command == "orders-tui print labels ORD-2 ORD-1 --station PACK-2"

        # A third order: two of three were printed before, and the station of last time is under the cursor.
        await labelled(factory, "ORD-3", "C-9")
        await press(pilot, "ctrl+r", "A", "l")
        assert "2 of 3 were printed before, the last at" in text(app)
        assert app.screen.ways[app.screen.lines.cursor_id or ""].words == "PACK-2: OTHER, only the 1 not printed yet"
        await press(pilot, "enter")
        # What is left out is told in the form itself, with the reason.
        assert app.screen.stage is Stage.TOLD
        assert "ORD-1  Its label was printed already, at" in text(app)
        assert texts((tmp_path / "OTHER.pdf").read_bytes())[-1] == "for ORD-3"
        await press(pilot, "escape")

        # A printer that is out of paper: one sentence, the file is kept, and it may be tried again.
        taker.write_text("import sys; sys.exit('out of paper')")
        await press(pilot, "L", "enter")
        assert "3 packing slips kept in" in notices(app)[-1]
        await press(pilot, "l", "home", "down", "enter")
        assert "OTHER did not take it: out of paper. The file is" in " ".join(text(app).split())
        assert len(list((tmp_path / "paper").glob("labels-*.pdf"))) == 1
        states = [(record.state, record.reprints) for record in await services.printing.record()]
        assert states == [("failed", 3), ("saved", 0), ("printed", 0), ("printed", 0)]


async def test_what_cannot_be_printed_is_said_and_nothing_is_written(
    app: OrdersApp, services: Services, factory: Factory, tmp_path: Path
) -> None:
    services.printing.settings = PrintSettings(folder=tmp_path / "paper")
    await factory.order(number="ORD-1")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "l")
        assert "Nothing of that can be printed; below is why." in text(app)
        assert "ORD-1  No label is bought yet: it has no parcel" in text(app)
        await press(pilot, "enter", "b")
        assert notices(app) == ["Nothing of what is chosen is on its way back."]
        assert await services.printing.record() == []
        assert not (tmp_path / "paper").exists()


async def a_return(factory: Factory, opened: Database) -> None:
    """Return RET-1 of order ORD-1: two mugs and a jug."""
    jug = Line("JUG", "Jug")
    for line in (MUG, jug):
        await factory.product(line, on_hand=5)
    delivered = OrderStatus.DELIVERED, WorkflowState.SHIPPED
    await factory.order(number="ORD-1", lines=(Line(quantity=2), jug), status=delivered[0], state=delivered[1])
    units = (ReturnedUnit("1", "MUG-BLU"), ReturnedUnit("2", "MUG-BLU"), ReturnedUnit("3", "JUG"))
    about = ("RET-1", "ORD-1", "RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM")
    await apply_returns(opened, [ReturnFact(*about, NOON, reason="Too blue", lines=units)])


async def test_a_return_is_received_and_calendars_are_changed(
    app: OrdersApp, services: Services, factory: Factory, opened: Database
) -> None:
    await a_return(factory, opened)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "ctrl+g")
        assert "1 return to be received" in text(app)
        assert "buyer shipped item" in text(app)
        app.screen.post_message(Scanned("NO-SUCH"))
        await settle(pilot)
        assert "Nothing that 'NO-SUCH' names is to be received." in text(app)
        await press(pilot, "shift+tab")
        await write(pilot, "ORD-1")
        await press(pilot, "enter")
        assert "Receive return RET-1 of order ORD-1" in text(app)
        await press(pilot, "3", "enter")
        assert app.focused is app.screen.query_one("#restock-1")
        await press(pilot, "0", "enter")
        assert "The return has 2 of MUG-BLU, not 3: count again." in text(app)
        assert (await services.parcels.returns())[0].received_at is None
        await press(pilot, "shift+tab", "shift+tab", "backspace", "1", "tab", "1", "enter")
        assert "1 of JUG did not come back." in " ".join(text(app).split())
        await press(pilot, "enter")
        assert notices(app)[-1] == "Return RET-1 received: 1 restocked, 1 damaged."
        [deed] = app.session.deeds.newest_first()
        assert deed.command == ("orders-tui orders receive-return RET-1 --restocked MUG-BLU=1 --damaged MUG-BLU=1")
        [view] = await services.parcels.returns()
        assert (view.received_by, [(line.sku, line.restocked, line.damaged) for line in view.received]) == (
            "mira",
            [("MUG-BLU", 1, 1)],
        )
        assert await services.parcels.returns(to_receive=True) == []

        await press(pilot, "ctrl+l")
        assert "MAIN         UTC                no calendar" in text(app)
        await press(pilot, "enter")
        await write(pilot, "late")
        await press(pilot, "enter")
        assert "'late' is no time of day: give one as 15:00." in text(app)
        await press(pilot, *["backspace"] * 4)
        await write(pilot, "15:00")
        await press(pilot, "tab", "tab")
        await write(pilot, "2026-12-25, 2026-12-26")
        await press(pilot, "enter")
        assert notices(app)[-1] == "MAIN: cut-off 15:00; its open orders have new targets."
        [location] = await services.locations.list()
        assert (location.cut_off, location.working_days, len(location.holidays)) == ("15:00", (1, 2, 3, 4, 5), 2)
        assert "closed 2026-12-25, 2026-12-26" in text(app)
