"""Pick and pack: waves and a walk by bin, parcels packed, goods put back; by scan, and all of it without a scanner."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from engine.errors import Conflict, Misconfigured, NotFound, Refused
from engine.orders.picking.lines import Scope as Walk
from engine.orders.picking.views import WalkLine, WaveView
from engine.orders.plain_text import plain
from engine.words import PaperKind
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import OrdersMarked, Scanned
from orders_tui.modals.mend import Mend
from orders_tui.pace import Pace
from orders_tui.panes.line_list import LineList
from orders_tui.picking import forms, lines, paper
from orders_tui.picking.bench import Bench
from orders_tui.picking.floor import FREE, Floor
from orders_tui.picking.lists import BackList, ParcelPane, WalkList, WaveList
from orders_tui.picking.returning import Returning
from orders_tui.picking.verdict import Mood, Verdict
from orders_tui.picking.went import Went
from orders_tui.reach import Situation, needs_writing
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.state import Session

READ_SECONDS = 1.0
"""What the others do is seen this often; what is done here is seen at once."""

MODES = ("pick", "pack", "back")
_TITLES = {"pick": "Pick", "pack": "Pack", "back": "Put back"}


class PickScreen(ConsoleScreen):
    """One mode at a time; a scan means something in each of them, and an alarm stays until the next right one."""

    SCOPES = (Scope.PICK,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.PICK)
    AUTO_FOCUS = "WaveList"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.mode = MODES[0]
        self.floor = Floor(session)
        self.bench = Bench(session)
        self.returning = Returning(session)
        self._pace = Pace(READ_SECONDS)

    def body(self) -> ComposeResult:
        yield Static("", id="modes", markup=False)
        with Horizontal(id="floor"):
            with Vertical(id="left"):
                yield Static(lines.WAVES_HEADING, classes="heading", markup=False)
                yield Static("", id="waves-empty", classes="empty", markup=False)
                yield WaveList(id="waves")
            with Vertical(id="right"):
                yield Static(lines.WALK_HEADING, classes="heading", markup=False)
                yield Static("", id="walk-empty", classes="empty", markup=False)
                yield WalkList(id="walk")
        yield ParcelPane("", id="parcel", markup=False)
        with Vertical(id="goods"):
            yield Static(lines.BACK_HEADING, classes="heading", markup=False)
            yield Static("", id="back-empty", classes="empty", markup=False)
            yield BackList(id="back")
        yield Verdict()
        yield Input(placeholder="SKU, barcode, order or label, then enter", id="code", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#code", Input).cursor_blink = not self.session.options.slow_line
        self._show_mode()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.read_all()

    # ------------------------------------------------------------------ what is shown

    @property
    def verdict(self) -> Verdict:
        return self.query_one(Verdict)

    @work(group="read", exclusive=True, exit_on_error=False)
    async def read_all(self) -> None:
        await self.read()

    async def read(self) -> None:
        self._pace.hurry()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        if not self._pace.due(self.session.clock()):
            return
        if self.mode == "pick":
            await self.floor.read()
        elif self.mode == "back":
            await self.returning.read()
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        self._show("#waves", list(self.floor.wave_lines()), self.floor.no_waves)
        self._show("#walk", list(self.floor.walk_lines()), self.floor.no_stops)
        self._show("#back", list(self.returning.lines()), self.returning.nothing)
        self.query_one(ParcelPane).update(lines.parcel_content(self.bench.checking))
        self.verdict.say_next(self._comes_next())

    def _show(self, place: str, shown: list[tuple[str, Content]], empty: str) -> None:
        here, said = self.query_one(place, LineList), self.query_one(f"{place}-empty", Static)
        here.show(shown)
        said.display = bool(empty)
        said.update(Content.styled(empty, "$text-muted"))
        if here.highlighted is None and shown:
            here.highlighted = 0

    def _comes_next(self) -> str:
        if self.mode == "pack":
            return self.bench.comes_next()
        return self.returning.comes_next() if self.mode == "back" else self.floor.comes_next(self.stop)

    def _show_mode(self) -> None:
        for mode in MODES:
            self.set_class(mode == self.mode, f"-{mode}")
        self.set_class(self.floor.walk is not None, "-walking")
        names: list[Content | str | tuple[str, str]] = []
        for mode in MODES:
            names += [(f" {_TITLES[mode]} ", "bold reverse" if mode == self.mode else "$text-muted"), " "]
        if self.mode == "pick":
            names.append((self.floor.title(), "bold"))
        elif self.mode == "pack":
            station = f"  station {plain(self.bench.station)}" if self.bench.station else "  no station (S)"
            names.append((station, "$text-muted"))
        self.query_one("#modes", Static).update(Content.assemble(*names))
        self.focus_on(self._bearer())
        self.name_keys()
        self._draw()

    def _bearer(self) -> Widget:
        """What has the keys in this mode."""
        if self.mode == "pack":
            return self.query_one(ParcelPane)
        if self.mode == "back":
            return self.query_one("#back", BackList)
        return self.query_one("#walk" if self.floor.walk is not None else "#waves", LineList)

    @property
    def stop(self) -> WalkLine | None:
        """The stop under the cursor."""
        return self.floor.stops.get(self.query_one("#walk", LineList).cursor_id or "")

    @property
    def wave(self) -> WaveView | None:
        """The wave under the cursor."""
        return self.floor.waves.get(self.query_one("#waves", LineList).cursor_id or "")

    # ------------------------------------------------------------------ scans, and what is said of them

    def on_scanned(self, message: Scanned) -> None:
        message.prevent_default()  # elsewhere a scan opens the order
        self.take_scan(message.text)

    @on(Input.Submitted, "#code")
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        code = event.value.strip()
        self._stop_typing()
        if code:
            self.take_scan(code)

    def take_scan(self, code: str) -> None:
        """What a code is depends on the mode, and on what is at hand."""
        if self.mode != "back" and (reason := needs_writing(self.situation())):
            self._alarm(reason)
        elif self.mode == "back":
            self.carry_out(self._find_goods(code))
        else:
            self.carry_out(self.bench.scan(code) if self.mode == "pack" else self.floor.scan(code))

    async def _find_goods(self, code: str) -> Went:
        key = await self.returning.scan(code)
        self._highlight("#back", key)
        return Went(f"Order {self.returning.goods[key].order_number}: enter says that its goods are back.")

    def carry_out(self, work: Coroutine[Any, Any, Went]) -> None:
        """Do it, say how it went, and show what is so now."""
        self._carry_out(work, self.query_one("#walk", WalkList).cursor_id)

    @work(group="pick", exit_on_error=False)
    async def _carry_out(self, work: Coroutine[Any, Any, Went], stood_at: str | None) -> None:
        walk = self.floor.walk
        try:
            went = await work
        except (Refused, NotFound, Conflict, Misconfigured) as error:
            self._alarm(error.sentence)
        else:
            if went.action_id:
                self.session.did(went.action_id, went.arguments, went.sentence, twin=went.twin)
            if went.mood is Mood.ALARM:
                self._alarm(went.sentence)
            elif went.sentence:
                self.verdict.say(went.mood, went.sentence)
            if self.query_one("#walk", WalkList).cursor_id == stood_at:  # who went on meanwhile is not called back
                self._stand_at(went.sku)
        await self.read()
        if walk != self.floor.walk:
            self._show_mode()

    def _alarm(self, sentence: str) -> None:
        """Something is wrong with what is in hand."""
        self.verdict.say(Mood.ALARM, sentence)
        if not self.session.options.slow_line:
            self.app.bell()

    def _stand_at(self, sku: str) -> None:
        key = next((key for key, line in self.floor.stops.items() if sku and line.sku == sku), None)
        if key is not None:
            self._highlight("#walk", key)

    def _highlight(self, place: str, key: str) -> None:
        here = self.query_one(place, LineList)
        here.highlighted = here.get_option_index(key)

    # ------------------------------------------------------------------ which keys hold

    def receiver(self, scope: Scope) -> Widget:
        return self._bearer() if scope is Scope.LIST else self

    def key_scopes(self) -> tuple[Scope, ...]:
        if self.mode == "pack":
            return (Scope.PARCEL, Scope.PICK)
        if self.mode == "back":
            return (Scope.BACK, Scope.PICK, Scope.LIST)
        return (
            Scope.WALK if self.focused is self.query_one("#walk", WalkList) else Scope.WAVES,
            Scope.PICK,
            Scope.LIST,
        )

    def palette_scopes(self) -> tuple[Scope, ...]:
        return (Scope.PICK, Scope.WAVES, Scope.WALK, Scope.PARCEL, Scope.BACK, Scope.EVERYWHERE)

    def situation(self) -> Situation:
        stop, wave, parcel = self.stop, self.wave, self.bench.parcel
        in_hand = parcel is not None and bool(parcel.stop and parcel.going_back)
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            wave=wave is not None and wave.state != "done",
            stop=stop is not None,
            stop_left=stop is not None and bool(stop.left),
            stop_picked=stop is not None and bool(stop.picked),
            parcel=self.bench.may_pack,
            paper=(parcel is not None and not parcel.alarm)
            if self.mode == "pack"
            else wave is not None or self.floor.walk is not None,
            packed=parcel is not None and bool(parcel.packed_by) and not parcel.stop,
            goods=in_hand if self.mode == "pack" else bool(self.returning.goods),
        )

    @on(OptionList.OptionSelected)
    async def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        action = {"waves": "waves.open", "walk": "walk.confirm", "back": "back.put_back"}[event.option_list.id or ""]
        await self.run_action(f"app.perform('{action}')")

    # ------------------------------------------------------------------ going about

    def do_next_mode(self) -> None:
        self.mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
        self._show_mode()
        self.read_all()

    def do_back(self) -> None:
        if self.mode == "pack":
            self.bench.checking = None
        elif self.mode == "pick":
            self.floor.leave()
        self.verdict.say(Mood.QUIET, "")
        self._show_mode()

    def do_type_code(self) -> None:
        self.add_class("-typing")
        self.focus_on(self.query_one("#code", Input))

    def _stop_typing(self) -> None:
        self.remove_class("-typing")
        self.query_one("#code", Input).value = ""
        self.focus_on(self._bearer())

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.has_class("-typing"):
            event.stop()
            event.prevent_default()
            self._stop_typing()

    def do_print_paper(self, kind: str) -> None:
        wanted, station = PaperKind(kind), self.bench.station
        parcel, wave = self.bench.parcel, self.wave
        if self.mode == "pack" and parcel is not None:
            self.carry_out(paper.print_for_parcel(self.session, wanted, parcel, station))
        elif self.floor.walk is not None:
            self.carry_out(paper.print_for_walk(self.session, wanted, self.floor.walk, self.floor.name, station))
        elif wave is not None:
            walk = Walk(wave.wave_id)
            self.carry_out(paper.print_for_walk(self.session, wanted, walk, str(wave.number), station))

    @work(group="change", exit_on_error=False)
    async def do_station(self) -> None:
        known = [station.code for station in await self.session.services.printing.stations()]
        said = await self.app.push_screen_wait(forms.choose_station(self.session, self.bench.station, known))
        if said is not None:
            self.say(said)
            self._show_mode()

    # ------------------------------------------------------------------ waves

    def do_open_wave(self) -> None:
        if (wave := self.wave) is not None:
            self.carry_out(self.floor.open(str(wave.number)))

    def do_new_wave(self) -> None:
        here = self.query_one("#waves", LineList).cursor_id or ""
        first = next((each.location for each in self.floor.waiting), "MAIN")
        self.ask(forms.new_wave(self.session, here.removeprefix(FREE) if here.startswith(FREE) else first))

    def do_give(self) -> None:
        if (wave := self.wave) is not None:
            self.ask(forms.give_wave(self.session, wave))

    @work(group="change", exit_on_error=False)
    async def do_close_wave(self) -> None:
        if (wave := self.wave) is None:
            return
        if await self.app.push_screen_wait(forms.end_wave(self.session, wave)):
            self.carry_out(self.floor.end(wave))

    # ------------------------------------------------------------------ a walk

    def do_confirm_line(self) -> None:
        if (stop := self.stop) is not None:
            self.carry_out(self.floor.confirm(stop, None))

    def do_confirm_one(self) -> None:
        if (stop := self.stop) is not None:
            self.carry_out(self.floor.confirm(stop, 1))

    def do_take_back(self, units: str) -> None:
        if (stop := self.stop) is not None:
            self.carry_out(self.floor.take_back(stop, int(units)))

    def do_take(self) -> None:
        if (stop := self.stop) is not None:
            self.carry_out(self.floor.take(stop))

    def do_short(self) -> None:
        if (stop := self.stop) is not None and self.floor.walk is not None:
            self.ask(forms.short_pick(self.session, self.floor.walk, self.floor.name, stop))

    def do_show_orders(self) -> None:
        if (stop := self.stop) is not None:
            self.post_message(OrdersMarked([order.order_id for order in stop.orders], f"want {plain(stop.sku)}"))

    # ------------------------------------------------------------------ the parcel in hand, and goods to put back

    def do_pack(self) -> None:
        self.carry_out(self.bench.pack())

    def do_unpack(self) -> None:
        self.carry_out(self.bench.unpack())

    def do_parcel_back(self) -> None:
        if (parcel := self.bench.parcel) is not None and parcel.going_back:
            self.ask(forms.put_back(self.session, list(parcel.going_back)))

    def do_goods_back(self) -> None:
        if goods := self.returning.of_same_order(self.query_one("#back", BackList).cursor_id or ""):
            self.ask(forms.put_back(self.session, goods))

    @work(group="change", exit_on_error=False)
    async def ask(self, form: Mend) -> None:
        """Show a form that writes; what it did is the last thing said."""
        done = await self.app.push_screen_wait(form)
        if done is None:
            return
        self.verdict.say(Mood.GOOD, done)
        if self.mode == "pack":
            self.bench.checking = None
        await self.read()
