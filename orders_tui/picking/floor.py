"""Picking: the waves, one walk, and what a scan or a key does on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from engine.orders.picking.lines import Scope as Walk
from engine.orders.picking.views import Confirmed, WalkLine, WaveView
from engine.orders.picking.walk import WaitingForWave
from engine.orders.plain_text import plain
from orders_tui.picking.lines import waiting_content, walk_content, wave_content
from orders_tui.picking.went import Went
from orders_tui.state import Session

_NAMED = 2
"""So many order numbers are named in the big line, which has room for no more."""

FREE = "free:"
"""How the ids of lines begin that tell what waits for a wave."""


def named(numbers: Sequence[str]) -> str:
    """A few order numbers, or the first and how many more."""
    return ", ".join(numbers) if len(numbers) <= _NAMED else f"{numbers[0]} and {len(numbers) - 1} more"


class Floor:
    """What one person picks; reads and writes through the services, draws nothing by itself."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.walk: Walk | None = None
        self.name = ""
        """What the walk is called on the command line: a wave's number, or an order's."""
        self.waves: dict[str, WaveView] = {}
        self.waiting: list[WaitingForWave] = []
        self.stops: dict[str, WalkLine] = {}

    async def read(self) -> None:
        """The waves, and the walk that is open."""
        picking, walk = self._session.services.picking, self.walk
        waves, waiting = await picking.waves(), await picking.waiting()
        found = await picking.walk(walk) if walk is not None else []
        self.waves, self.waiting = {str(wave.wave_id): wave for wave in waves}, waiting
        if walk == self.walk:
            self.stops = {str(line.product_id): line for line in found}

    def wave_lines(self) -> Iterator[tuple[str, Content]]:
        viewer = self._session.viewer()
        for key, wave in self.waves.items():
            yield key, wave_content(wave, viewer)
        for each in self.waiting:
            yield f"{FREE}{each.location}", waiting_content(each, viewer)

    def walk_lines(self) -> Iterator[tuple[str, Content]]:
        me = self._session.services.actor.name
        for key, line in self.stops.items():
            yield key, walk_content(line, me)

    @property
    def no_waves(self) -> str:
        """Why there is no wave, and what to press; empty while there is one."""
        if self.waves:
            return ""
        if self.waiting:
            return "No wave yet: n makes one of what has to leave first."
        return "No wave, and nothing waits for one: orders come here once their stock is reserved. / and an order shows it."

    @property
    def no_stops(self) -> str:
        """Why there is nothing on the walk, and what to press."""
        if self.stops:
            return ""
        if self.walk is None:
            return "No wave is open: enter opens one, or / and the number of an order." if self.waves else ""
        return "Nothing of it is to be picked any more: escape goes back."

    def title(self) -> str:
        """What is walked."""
        if self.walk is None:
            return ""
        return f"  wave {self.name}" if self.walk.wave_id is not None else f"  order {self.name}"

    def comes_next(self, here: WalkLine | None) -> str:
        """What is to be scanned or done now; somebody stands at `here`."""
        if self.walk is None:
            if self.waves:
                return "open a wave with enter, or scan an order"
            return "n makes a wave of what has to leave first" if self.waiting else "nothing waits to be picked"
        stop = self._next_stop(here)
        if stop is None:
            return "all of it is picked; tab goes on to packing" if self.stops else "nothing here is to be picked"
        return f"{stop.bin or 'no bin'}   {stop.sku}   {stop.name}   {stop.left} to pick"

    def _next_stop(self, here: WalkLine | None) -> WalkLine | None:
        """The stop at hand while something of it is left, else the first by bin that nobody else is at."""
        me = self._session.services.actor.name
        if here is not None and here.left and here.picked and here.held_by in {"", me}:
            return here
        left = [line for line in self.stops.values() if line.left]
        return next((line for line in left if line.held_by in {"", me}), next(iter(left), None))

    # ------------------------------------------------------------------ what is done

    async def open(self, text: str) -> Went:
        """Begin a walk of a wave by its number, or of one order. Raises NotFound."""
        walk = await self._session.services.picking.scope(text)
        self.walk, self.name, self.stops = walk, text.strip(), {}
        return Went("")

    def leave(self) -> None:
        """End the walk; nothing of it is lost."""
        self.walk, self.name, self.stops = None, "", {}

    async def scan(self, code: str) -> Went:
        """One unit off the shelf, or, with no walk open, the walk that the code means. Raises NotFound, Refused."""
        if self.walk is None:
            return await self.open(code)
        done = await self._session.services.picking.scan(self.walk, code)
        return self._confirmed(done, "pick scan", self.name, code)

    async def confirm(self, stop: WalkLine, units: int | None) -> Went:
        """Units in hand without a scan: so many, or all that are left. Raises NotFound, Refused."""
        assert self.walk is not None
        done = await self._session.services.picking.confirm(self.walk, stop.product_id, units)
        return self._confirmed(done, "pick confirm", self.name, stop.sku, *(["--units", str(units)] if units else []))

    async def take_back(self, stop: WalkLine, units: int) -> Went:
        """Confirmed units taken back: so many, or with 0 all that are not packed. Raises NotFound, Refused."""
        assert self.walk is not None
        done = await self._session.services.picking.take_back(self.walk, stop.product_id, units)
        where = done.bin or "its bin"
        return Went(
            f"{plain(done.sku)}  {done.units} taken back from {', '.join(done.orders)}: back into {plain(where)}.",
            action_id="walk.minus",
            twin="pick undo",
            arguments=(self.name, stop.sku, "--units", str(units)),
            sku=done.sku,
        )

    async def take(self, stop: WalkLine) -> Went:
        """Show the others that one is at a line. Raises Conflict when somebody else is."""
        assert self.walk is not None
        await self._session.services.picking.hold_line(self.walk, stop.product_id)
        sentence = f"{plain(stop.sku)} is yours; the others see it."
        return Went(sentence, action_id="walk.take", twin="pick take", arguments=(self.name, stop.sku))

    async def end(self, wave: WaveView) -> Went:
        """End a wave. Raises NotFound, Refused."""
        orders = await self._session.services.picking.close_wave(wave.wave_id)
        sentence = f"Wave {wave.number} is done, {orders:,} orders are free again."
        return Went(sentence, action_id="waves.close", twin="pick close", arguments=(str(wave.number),))

    def _confirmed(self, done: Confirmed, twin: str, *arguments: str) -> Went:
        several = len(done.finished) > 1
        finished = (
            f"  Order{'s' * several} {named(done.finished)} {'are' if several else 'is'} picked whole."
            if done.finished
            else ""
        )
        left = f"{done.left_of_it} of it left" if done.left_of_it else f"{done.left} left in all"
        sentence = f"{plain(done.sku)}  {done.units} for {named(done.orders)}, {left}.{finished}"
        return Went(sentence, action_id="walk.confirm", twin=twin, arguments=arguments, sku=done.sku)
