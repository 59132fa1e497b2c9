"""What `orders-tui doctor` finds of printing: the command, the folder, the layouts, the stations of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.errors import OrdersError
from engine.paper.stations import Station, is_folder
from orders_tui.cli.findings import Finding
from orders_tui.printing.layouts import read_layouts
from orders_tui.printing.printers import PrintSettings
from orders_tui.printing.typefaces import find_fonts


def printing_findings(settings: PrintSettings, stations: list[Station], home: Path) -> Iterator[Finding]:
    """Whether paper would come out; what is not set up and not asked for is no finding."""
    yield _command(settings)
    yield _folder(settings.folder or home / "paper")
    try:
        layouts = read_layouts(settings.layouts)
    except OrdersError as error:
        yield Finding("layouts", fine=False, sentence=error.sentence)
    else:
        fonts = ", ".join(path.stem for path in find_fonts(layouts.fonts)) or "the built-in one only"
        yield Finding("fonts", fine=True, sentence=fonts)
    codes = {station.code for station in stations}
    if settings.station and settings.station not in codes:
        sentence = (
            f"there is no station {settings.station}, which printing.station names: orders-tui station set adds it"
        )
        yield Finding("station", fine=False, sentence=sentence)
    named = [f"{station.code} ({printer})" for station in stations for printer in station.printers.values()]
    printers = [each for each in named if not is_folder(each.rpartition("(")[2])]
    if printers and not settings.command:
        sentence = f"no print command is set, so nothing is printed at {', '.join(printers)}: set printing.command"
        yield Finding("printers", fine=False, sentence=sentence)


def _command(settings: PrintSettings) -> Finding:
    if not settings.command:
        return Finding("print command", fine=True, sentence="none: paper is kept in the folder")
    program = settings.command[0]
    found = shutil.which(program)
    sentence = found or f"{program} is not there: mend printing.command"
    return Finding("print command", fine=found is not None, sentence=sentence)


def _folder(folder: Path) -> Finding:
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    fine = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return Finding(
        "paper folder", fine=fine, sentence=f"{folder}{'' if fine else ' cannot be written: mend printing.folder'}"
    )
