"""Packing: the parcel in hand, what a code is to it, and what is done with it."""

from __future__ import annotations

from engine.errors import NotFound, OrdersError, Refused
from engine.orders.picking.views import ParcelAtHand
from engine.orders.plain_text import plain
from orders_tui.picking.checking import Checking
from orders_tui.picking.verdict import Mood
from orders_tui.picking.went import Went
from orders_tui.state import Session


class Bench:
    """One packing station; reads and writes through the services, draws nothing by itself."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.checking: Checking | None = None

    @property
    def station(self) -> str:
        """Where parcels are packed: chosen here, else as the configuration says."""
        return self._session.memory.now.packs_at or self._session.services.printing.settings.station

    @property
    def parcel(self) -> ParcelAtHand | None:
        """The parcel in hand."""
        return self.checking.parcel if self.checking is not None else None

    @property
    def may_pack(self) -> bool:
        return self.parcel is not None and not self.parcel.stop and not self.parcel.packed_by

    def comes_next(self) -> str:
        """What is to be scanned or done now."""
        checking = self.checking
        if checking is not None and checking.parcel.alarm:
            return "put its goods back, then b; or lay it aside with escape"
        if checking is None or not self.may_pack:
            return "scan the next parcel: its order or its label"
        if checking.whole:
            return "all of it is checked: enter, or scan the parcel again"
        if checking.seen:
            return f"{checking.seen.total()} of {checking.units} checked: scan the rest"
        return "enter packs it; scan its items to check them first"

    async def scan(self, code: str) -> Went:
        """An item of the parcel in hand, the parcel itself once more, or another one. Raises NotFound, Refused."""
        if self.checking is not None and self.may_pack:
            if (part := self.checking.part(code)) is not None:
                return self._check(self.checking, part.sku, part.quantity, part.name)
            if self.checking.is_parcel(code):
                return await self.pack()
        try:
            parcel = await self._session.services.picking.parcel(code)
        except NotFound:
            if not self.may_pack:
                raise
            name = await self._session.services.picking.name_of(code)
            what = name or f"'{plain(code)}'"
            raise Refused("pack.wrong_item", f"WRONG ITEM: {what} does not belong in this parcel.") from None
        self.checking = Checking(parcel)
        if parcel.stop:
            return Went(parcel.stop, Mood.ALARM if parcel.alarm else Mood.QUIET)
        if parcel.packed_by:
            return Went(f"Packed already, by {plain(parcel.packed_by)}.", Mood.QUIET)
        return Went(f"Order {', '.join(parcel.order_numbers)}: {self.checking.units} units.")

    def _check(self, checking: Checking, sku: str, wanted: int, name: str) -> Went:
        if checking.seen[sku] >= wanted:
            raise Refused("pack.too_many", f"TOO MANY: {wanted} of {plain(sku)} belong in this parcel.")
        checking.seen[sku] += 1
        sentence = f"{plain(sku)}  {checking.seen[sku]} of {wanted}, {plain(name)}"
        return Went(sentence, Mood.DONE if checking.whole else Mood.GOOD)

    async def pack(self) -> Went:
        """It is packed, unless some of it was checked and the rest not. Raises NotFound, Refused."""
        checking, parcel = self.checking, self.parcel
        if checking is None or parcel is None or parcel.package_id is None:
            raise Refused("pack.nothing", "There is no parcel in hand: scan one.")
        if checking.seen and not checking.whole:
            raise Refused(
                "pack.half_checked",
                f"{checking.seen.total()} of {checking.units} are checked: scan the rest, or lay the parcel aside with escape.",
            )
        picking, station = self._session.services.picking, self.station
        try:
            packed = await picking.pack(parcel.package_id, station=station)
        except OrdersError:  # it changed while it was in hand: show it as it is now, with its alarm
            self.checking = Checking(await picking.parcel(str(parcel.package_id)))
            raise
        self.checking = Checking(packed)
        label = "its label is on its way" if packed.label_wanted else "no label yet"
        number = packed.order_numbers[0]
        return Went(
            f"Order {number} is packed; {f'label {packed.label}' if packed.label else label}.",
            Mood.DONE,
            "parcel.pack",
            "pick pack",
            (number, *(["--station", station] if station else [])),
        )

    async def unpack(self) -> Went:
        """Take back that it is packed. Raises NotFound, Refused."""
        parcel = self.parcel
        assert parcel is not None
        assert parcel.package_id is not None
        await self._session.services.picking.unpack(parcel.package_id)
        self.checking = Checking(await self._session.services.picking.parcel(str(parcel.package_id)))
        number = parcel.order_numbers[0]
        return Went(
            f"Order {number} is unpacked again.", action_id="parcel.unpack", twin="pick unpack", arguments=(number,)
        )
