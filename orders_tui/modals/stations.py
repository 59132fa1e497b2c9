"""A station's name, location and printers, typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.paper.stations import Station
from engine.words import PaperKind
from orders_tui.modals.fields import Field
from orders_tui.modals.mend import Mend
from orders_tui.state import Session

_LABELS = {PaperKind.LABEL: "labels", PaperKind.LIST: "lists", PaperKind.SLIP: "slips"}
_HINT = "a printer's name, or a folder that begins with /"


def put_station(session: Session, station: Station | None, locations: Sequence[str]) -> Mend:
    """Change a station, or add one; an empty printer keeps that kind of paper in the folder."""

    async def carry(values: Mapping[str, str]) -> str:
        code = station.code if station else values["code"].upper()
        printers = {kind: values[kind.value] for kind in PaperKind}
        await session.services.printing.put_station(
            code, name=values["name"] or None, location=values["location"] or None, printers=printers
        )
        options = [code, "--name", values["name"] or code]
        options += ["--location", values["location"]] if values["location"] else []
        for kind, printer in printers.items():
            options += [f"--{kind}", printer]
        action = "settings.change_place" if station else "settings.add_station"
        session.did(action, options, "kept", twin="station set")
        return f"Station {code} is kept."

    begun = () if station else (Field("code", "code", hint="PACK-2"),)
    return Mend(
        session,
        f"Station {station.code}" if station else "A new station",
        (
            *begun,
            Field("name", "name", station.name if station else "", optional=True),
            Field(
                "location",
                "location",
                station.location if station else next(iter(locations), ""),
                optional=True,
                hint=", ".join(locations),
            ),
            *(
                Field(kind.value, label, station.printers.get(kind, "") if station else "", optional=True, hint=_HINT)
                for kind, label in _LABELS.items()
            ),
        ),
        carry,
    )
