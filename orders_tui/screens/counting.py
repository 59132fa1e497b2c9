"""Counting the shelves: scanned or typed, the differences looked at before they are booked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from engine.inventory.counts import CountSheet
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import Scanned
from orders_tui.modals.confirm import Confirm
from orders_tui.modals.entry import Entry, EntryField, Values, whole
from orders_tui.panes.keyset_list import KeysetList
from orders_tui.reach import Situation
from orders_tui.screens.keyset_screen import KeysetScreen
from orders_tui.state import Session
from orders_tui.stock.columns import SHEET
from orders_tui.stock.forms import NO, YES
from orders_tui.stock.sources import SheetRow, SheetSource

SHOWN_DIFFERENCES = 12


class CountingScreen(KeysetScreen[SheetRow]):
    """One sheet. A scan counts one more of what it names."""

    SCOPES = (Scope.COUNTING, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.COUNTING)

    def __init__(self, session: Session, count_id: UUID) -> None:
        super().__init__(session)
        self._count_id = count_id
        self.sheet: CountSheet | None = None

    def body(self) -> ComposeResult:
        yield Static("", id="standing", classes="heading", markup=False)
        yield KeysetList(self.session.viewer, SHEET)

    def source(self) -> SheetSource:
        assert self.sheet is not None
        return SheetSource(self.sheet)

    def begin(self) -> None:
        self.read_sheet()

    @work(group="sheet", exclusive=True, exit_on_error=False)
    async def read_sheet(self) -> None:
        await self.read()

    async def read(self) -> None:
        self.take(await self.session.services.inventory.count(self._count_id))

    async def refresh_live(self) -> None:
        """A sheet is read again when somebody asks: what others count is seen then."""

    def take(self, sheet: CountSheet, *, at: str = "") -> None:
        """Show the sheet as it is now."""
        self.sheet = sheet
        self.open_list(at=at or None)

    def show_standing(self) -> None:
        sheet = self.sheet
        if sheet is None:
            return
        counted = [line for line in sheet.lines if line.counted is not None]
        differ = sum(bool(line.difference) for line in counted)
        name = sheet.name or "count"
        self.query_one("#standing", Static).update(
            f"{name} at {sheet.location}, {sheet.state}: {len(counted):,} of {len(sheet.lines):,} counted, {differ:,} differ"
        )

    # ------------------------------------------------------------------ counting

    def on_scanned(self, message: Scanned) -> None:
        message.prevent_default()  # here no order is meant
        self.count_one(message.text)

    @work(group="scan", exit_on_error=False)
    async def count_one(self, code: str) -> None:
        """One more of what was scanned."""
        services = self.session.services
        product_id = await services.stock_lists.product_of(code)
        sku = (await services.stock_lists.card(product_id)).product.sku if product_id is not None else ""
        sheet = self.sheet
        line = next((line for line in sheet.lines if line.sku == sku), None) if sheet else None
        if sheet is None or line is None:
            self.say(f"{code} is not on this sheet.", severity="warning")
            return
        if reason := self.situation_reason():
            self.say(reason, severity="warning")
            return
        await self._enter(sku, (line.counted or 0) + 1)

    async def _enter(self, sku: str, counted: int) -> str:
        sheet = await self.session.services.inventory.enter_counted(self._count_id, {sku: counted})
        self.take(sheet, at=sku)
        done = f"{sku}: {counted:,} counted."
        self.session.did("counting.enter", [str(self._count_id), f"{sku}:{counted}"], done)
        return done

    @work(group="change", exit_on_error=False)
    async def do_enter(self) -> None:
        row = self.list.cursor_row
        if row is None:
            return
        sku = row.line.sku

        async def carry(values: Values) -> str:
            return await self._enter(sku, int(values["counted"]))

        title = f"How many of {sku} lie {f'in {row.line.bin}' if row.line.bin else 'there'}?"
        await self.app.push_screen_wait(
            Entry(self.session, title, (EntryField("counted", "counted", check=whole(0)),), carry)
        )

    @work(group="change", exit_on_error=False)
    async def do_recount(self) -> None:
        if (row := self.list.cursor_row) is not None:
            self.take(await self.session.services.inventory.recount(self._count_id, [row.line.sku]), at=row.line.sku)
            done = f"{row.line.sku} is to be counted again."
            self.session.did("counting.recount", [str(self._count_id), row.line.sku], done)
            self.say(done)

    # ------------------------------------------------------------------ the end of a sheet

    @work(group="change", exit_on_error=False)
    async def do_post(self) -> None:
        """Show what would be booked; then freeze the sheet and book it."""
        inventory = self.session.services.inventory
        sheet = await inventory.count(self._count_id)
        self.take(sheet)

        async def carry(values: Values) -> str:
            accept = [line.sku for line in sheet.lines if line.stale] if values["accept"] == YES else []
            if sheet.state == "open":
                await inventory.approve_count(self._count_id, accept=accept)
            posted = await inventory.post_count(self._count_id, force=values["force"] == YES)
            lost = ", ".join(each.order_number for each in posted.shortfall)
            done = f"{len(posted.differences):,} differences are booked." + (
                f" These orders lost theirs: {lost}." if lost else ""
            )
            words = [str(self._count_id), *(["--force"] * (values["force"] == YES))]
            self.session.did("counting.post", words, done)
            return done

        form = Entry(
            self.session,
            differences_text(sheet),
            (
                EntryField("accept", "moved", NO, choices=(NO, YES)),
                EntryField("force", "promised", NO, choices=(NO, YES)),
            ),
            carry,
        )
        if done := await self.app.push_screen_wait(form):
            self.say(done)
            _ = self.dismiss(None)  # a screen that awaited its own end would never end
        else:
            await self.read()

    @work(group="change", exit_on_error=False)
    async def do_drop(self) -> None:
        if await self.app.push_screen_wait(
            Confirm(
                self.session,
                "Throw this sheet away?",
                "What was counted on it is booked nowhere. Stock stays as it is.",
            )
        ):
            await self.session.services.inventory.drop_count(self._count_id)
            self.session.did("counting.drop", [str(self._count_id)], "The sheet is thrown away.")
            self.say("The sheet is thrown away.")
            _ = self.dismiss(None)  # a screen that awaited its own end would never end

    def do_back(self) -> None:
        _ = self.dismiss(None)  # a screen that awaited its own end would never end

    # ------------------------------------------------------------------ keys

    def situation_reason(self) -> str:
        """Why nothing may be counted now; empty when it may."""
        from orders_tui.actions import BY_ID

        return BY_ID["counting.enter"].reason(self.situation())

    def situation(self) -> Situation:
        open_ = self.sheet is not None and self.sheet.state in {"open", "approved"}
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            rows=self.list.total,
            counted_line=open_ and self.list.cursor_row is not None,
        )


def new_count(session: Session, sku: str, locations: Sequence[str]) -> Entry:
    """A new sheet; closes with its id."""

    async def carry(values: Values) -> str:
        skus = values["skus"].split()
        sheet = await session.services.inventory.open_count(skus, name=values["name"], location_code=values["location"])
        words = [*skus, "--location", values["location"]] + (["--name", values["name"]] if values["name"] else [])
        session.did("inventory.count", words, f"A sheet of {len(sheet.lines):,} lines is open.")
        return str(sheet.count_id)

    fields = (
        EntryField("name", "name", optional=True),
        EntryField("location", "at", "MAIN" if "MAIN" in locations else locations[0], choices=tuple(locations)),
        EntryField("skus", "SKUs", sku, optional=True),
    )
    return Entry(session, "Count: these SKUs, or with none everything that lies there", fields, carry)


def differences_text(sheet: CountSheet) -> str:
    """What posting the sheet would book, in lines."""
    differ = [line for line in sheet.lines if line.difference]
    missing = sum(line.counted is None for line in sheet.lines)
    stale = [line.sku for line in sheet.lines if line.stale and not line.accepted]
    lines = [
        f"{len(differ):,} of {len(sheet.lines):,} lines differ:"
        if differ
        else "Nothing differs: booking it closes the sheet."
    ]
    lines += [
        f"  {line.sku}: {line.snapshot:,} → {line.counted:,} ({line.difference:+,})"
        for line in differ[:SHOWN_DIFFERENCES]
    ]
    if len(differ) > SHOWN_DIFFERENCES:
        lines.append(f"  and {len(differ) - SHOWN_DIFFERENCES:,} more")
    if missing:
        lines.append(f"{missing:,} are not counted yet: they have to be.")
    if stale:
        lines.append(f"Goods moved while these were counted: {', '.join(stale[:5])}. Yes accepts them as counted.")
    return "\n".join(lines)
