"""Pick lists, packing slips and labels: read, drawn, printed or kept, and put on record; and the stations that print them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import platformdirs

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound, OrdersError, Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.plain_text import plain
from engine.paper import labels as label_rows
from engine.paper import pick_lists, prints, slips, stations
from engine.paper.labels import LabelOrder, LabelSheet
from engine.paper.left_out import LeftOut
from engine.paper.pick_lists import PickList
from engine.paper.prints import PrintedBefore, PrintRecord, Subject
from engine.paper.slips import Slips
from engine.paper.stations import Station, is_folder
from engine.words import PaperKind, PrintState
from orders_tui.printing.drawing import DrawnFile, DrawnPaper, draw_labels, draw_pick_list, draw_slips
from orders_tui.printing.outcome import ANYWHERE, Destination, Printed, Where, nothing_sentence, told
from orders_tui.printing.printers import PrintSettings, folder_of, hand_over, keep_as, keep_in, sweep
from orders_tui.services.door import Door, lost_is_unreachable

Progress = Callable[[int, int], None]
"""Called on the event loop with how many documents are drawn, and of how many."""


class Printing:
    """What one person prints. Nothing here buys a label: what has none is named in the result."""

    def __init__(self, database: Database, actor: Actor, door: Door, settings: PrintSettings) -> None:
        self._database, self._actor, self._door = database, actor, door
        self.settings = settings

    # ------------------------------------------------------------------ stations and the record

    async def stations(self) -> Sequence[Station]:
        """Every station, by code."""
        with lost_is_unreachable():
            return await stations.list_stations(self._database)

    async def put_station(
        self,
        code: str,
        *,
        name: str | None = None,
        location: str | None = None,
        printers: Mapping[PaperKind, str] | None = None,
    ) -> Station:
        """Add a station, or change what is given of it. Raises Refused, NotFound."""
        return await self._door.write(
            stations.put_station(
                self._database, code, name=name, location=location, printers=printers or {}, actor=self._actor
            ),
            needs=Permission.PLACES_CHANGE,
        )

    async def delete_station(self, code: str) -> None:
        """Take a station away. Raises NotFound."""
        await self._door.write(
            stations.delete_station(self._database, code, actor=self._actor), needs=Permission.PLACES_CHANGE
        )

    async def record(self, *, limit: int = 200, about: Sequence[UUID] | None = None) -> Sequence[PrintRecord]:
        """What was printed, newest first; `about` narrows it to parcels, orders or waves."""
        with lost_is_unreachable():
            return await prints.list_prints(self._database, limit=limit, about=about)

    async def destination(self, kind: PaperKind, where: Where) -> Destination:
        """Where this kind of paper goes. Raises NotFound for a station there is not."""
        if where.file is not None:
            return Destination("", "", None, where.file)
        printer, station = where.printer, ""
        if not printer:
            found = await self._station(where.station or self.settings.station)
            if found is not None:
                station, printer = found.code, found.printers.get(kind, "")
        if is_folder(printer):
            return Destination(station, "", folder_of(printer), None)
        if printer and self.settings.command:
            return Destination(station, printer, None, None)
        remark = f"No print command is set (printing.command), so {printer} printed nothing." if printer else ""
        return Destination(station, "", self._folder(), None, remark)

    async def destinations(self, kind: PaperKind) -> list[Destination]:
        """Everywhere this kind of paper may go from here: the stations that have a printer for it, and this machine's folder."""
        found = [
            await self.destination(kind, Where(station=station.code))
            for station in await self.stations()
            if kind in station.printers
        ]
        here = [each for each in found if each.station == self.settings.station]
        return [*here, *(each for each in found if each not in here), Destination("", "", self._folder(), None)]

    async def _station(self, code: str) -> Station | None:
        known = await self.stations()
        if not code:
            return known[0] if len(known) == 1 else None
        for station in known:
            if station.code == code:
                return station
        raise NotFound("station.unknown", f"There is no station {plain(code)}: station list shows those there are.")

    def _folder(self) -> Path:
        if self.settings.folder is not None:
            return self.settings.folder.absolute()
        home = self._database.data_directory or platformdirs.user_data_path("orders-tui", appauthor=False)
        return home / "paper"

    # ------------------------------------------------------------------ what would be on the paper

    async def find_wave(self, text: str) -> UUID:
        """The wave that a person names. Raises NotFound, Refused."""
        with lost_is_unreachable():
            return await pick_lists.find_wave(self._database, text)

    async def pick_list_content(self, order_ids: Sequence[OrderId] = (), *, wave: UUID | None = None) -> PickList:
        """What a pick list would say. Raises NotFound."""
        with lost_is_unreachable():
            if wave is not None:
                return await pick_lists.pick_list_of_wave(self._database, wave)
            return await pick_lists.pick_list_of_orders(self._database, order_ids)

    async def slip_content(
        self, order_ids: Sequence[OrderId] = (), *, wave: UUID | None = None, package_ids: Sequence[PackageId] = ()
    ) -> Slips:
        """What packing slips would say. Raises NotFound, Refused for too many."""
        with lost_is_unreachable():
            if package_ids:
                return await slips.slips_of_packages(self._database, package_ids)
            if wave is not None:
                order_ids = await label_rows.orders_of_wave(self._database, wave)
            return await slips.slips_of_orders(self._database, order_ids)

    async def label_content(
        self, order_ids: Sequence[OrderId] = (), *, wave: UUID | None = None, order: LabelOrder = LabelOrder.BIN
    ) -> LabelSheet:
        """Which labels a sheet would have, without the labels themselves. Raises NotFound, Refused."""
        return await self._sheet(order_ids, wave, order, with_bodies=False)

    async def _sheet(
        self, order_ids: Sequence[OrderId], wave: UUID | None, order: LabelOrder, *, with_bodies: bool
    ) -> LabelSheet:
        with lost_is_unreachable():
            if wave is not None:
                order_ids = await label_rows.orders_of_wave(self._database, wave)
            return await label_rows.label_sheet(self._database, order_ids, order, with_bodies=with_bodies)

    async def printed_before(self, kind: PaperKind, subjects: Sequence[Subject]) -> dict[UUID, PrintedBefore]:
        """When each of these was last printed; what never was is left out."""
        with lost_is_unreachable():
            return await prints.printed_before(self._database, kind, subjects)

    # ------------------------------------------------------------------ printing

    async def pick_list(
        self, order_ids: Sequence[OrderId] = (), *, wave: UUID | None = None, where: Where = ANYWHERE
    ) -> Printed:
        """Print a pick list. Raises NotFound, Refused when there is nothing to pick, Misconfigured."""
        content = await self.pick_list_content(order_ids, wave=wave)
        if not content.lines:
            raise Refused("print.nothing", nothing_sentence("There is nothing to pick", content.left_out))
        destination = await self.destination(PaperKind.LIST, where)
        subjects = [Subject(wave)] if wave is not None else [Subject(each) for each in content.order_ids]
        known = await self.printed_before(PaperKind.LIST, subjects)
        drawn = await asyncio.to_thread(
            draw_pick_list, content, subjects, known, self.settings.layouts, self._actor.name
        )
        return await self._door.write(self._deliver(PaperKind.LIST, drawn, destination))

    async def packing_slips(
        self,
        order_ids: Sequence[OrderId] = (),
        *,
        wave: UUID | None = None,
        package_ids: Sequence[PackageId] = (),
        where: Where = ANYWHERE,
        on_progress: Progress | None = None,
    ) -> Printed:
        """Print the slips of these orders' parcels, or of these parcels. Raises NotFound, Refused when there is none, Misconfigured."""
        content = await self.slip_content(order_ids, wave=wave, package_ids=package_ids)
        if not content.slips:
            raise Refused("print.nothing", nothing_sentence("There is no packing slip to print", content.left_out))
        destination = await self.destination(PaperKind.SLIP, where)
        known = await self.printed_before(PaperKind.SLIP, [Subject(slip.package_id) for slip in content.slips])
        drawn = await asyncio.to_thread(draw_slips, content, known, self.settings.layouts, _on_this_loop(on_progress))
        return await self._door.write(self._deliver(PaperKind.SLIP, drawn, destination))

    async def labels(
        self,
        order_ids: Sequence[OrderId] = (),
        *,
        wave: UUID | None = None,
        order: LabelOrder = LabelOrder.BIN,
        where: Where = ANYWHERE,
        only_new: bool = False,
        on_progress: Progress | None = None,
    ) -> Printed:
        """Print the labels of these orders' parcels; `only_new` leaves out those printed before. Raises Refused when there is none."""
        sheet = await self._sheet(order_ids, wave, order, with_bodies=True)
        destination = await self.destination(PaperKind.LABEL, where)
        known = await self.printed_before(PaperKind.LABEL, [each.subject for each in sheet.labels])
        if only_new:
            sheet, known = _without(sheet, known), {}
        if sheet.labels:
            drawn = await asyncio.to_thread(
                draw_labels, sheet, known, self.settings.layouts, self._actor.name, _on_this_loop(on_progress)
            )
            if drawn.files:
                return await self._door.write(self._deliver(PaperKind.LABEL, drawn, destination))
            sheet = replace(sheet, left_out=drawn.left_out)
        raise Refused("print.nothing", nothing_sentence("There is no label to print", sheet.left_out))

    async def _deliver(self, kind: PaperKind, drawn: DrawnPaper, destination: Destination) -> Printed:
        """Put each file on record, then on paper or into the folder, then say on the record what became of it."""
        paths: list[str] = []
        failures: list[str] = []
        before: dict[UUID, PrintedBefore] = {}
        for number, file in enumerate(drawn.files, 1):
            begun = await prints.begin(
                self._database,
                kind,
                file.subjects,
                documents=file.documents,
                station=destination.station,
                destination=destination.name,
                actor=self._actor,
            )
            before |= begun.before
            try:
                kept = await self._send(file, destination, number)
            except OrdersError as error:
                await prints.settle(self._database, begun.print_id, PrintState.FAILED, error.sentence)
                if error.code == "printing.folder":
                    raise
                failures.append(error.sentence)
                continue
            await prints.settle(self._database, begun.print_id, PrintState.SAVED if kept else PrintState.PRINTED)
            paths += [str(kept)] if kept else []
        return told(kind, drawn, destination, tuple(paths), failures, before)

    async def _send(self, file: DrawnFile, destination: Destination, number: int) -> Path | None:
        """The path where it was kept; None when it was printed."""
        if destination.file is not None:
            return await asyncio.to_thread(keep_as, destination.file, file.ending, number, file.body)
        folder = destination.folder or self._folder()
        await asyncio.to_thread(sweep, folder, self.settings.keep_days)
        path = await asyncio.to_thread(keep_in, folder, f"{file.name}.{file.ending}", file.body)
        if not destination.printer:
            return path
        await hand_over(self.settings, path, printer=destination.printer, title=file.name, raw=file.raw)
        await asyncio.to_thread(path.unlink, missing_ok=True)  # it holds addresses, and is printed
        return None


def _on_this_loop(on_progress: Progress | None) -> Progress:
    """The same, callable from the thread that draws."""
    if on_progress is None:
        return lambda _done, _total: None
    loop = asyncio.get_running_loop()

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(on_progress, done, total)

    return tell


def _without(sheet: LabelSheet, known: Mapping[UUID, PrintedBefore]) -> LabelSheet:
    """The sheet without what was printed before."""
    again = tuple(
        LeftOut(", ".join(label.order_numbers), f"Its label was printed already, {known[label.package_id].words}.")
        for label in sheet.labels
        if label.package_id in known
    )
    new = tuple(label for label in sheet.labels if label.package_id not in known)
    return replace(sheet, labels=new, left_out=(*sheet.left_out, *again))
