"""Where paper goes, and what came of it: as values, and in words for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from engine.paper.left_out import LeftOut
from engine.paper.prints import PrintedBefore
from engine.words import PaperKind
from orders_tui.printing.drawing import DrawnPaper
from orders_tui.printing.text import counted

_WORDS = {PaperKind.LABEL: "label", PaperKind.LIST: "pick list", PaperKind.SLIP: "packing slip"}


@dataclass(frozen=True, slots=True)
class Where:
    """Where paper goes: a station's printer, a printer by name, or a file. Empty: as the machine's station says, else a folder."""

    station: str = ""
    printer: str = ""
    file: Path | None = None


ANYWHERE = Where()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where paper really goes; `printer` is empty for a folder or file."""

    station: str
    printer: str
    folder: Path | None
    file: Path | None
    remark: str = ""
    """Why it is not printed though a printer is known."""

    @property
    def name(self) -> str:
        return self.printer or str(self.file or self.folder)

    @property
    def where(self) -> Where:
        """What to ask for to print there."""
        return Where(self.station) if self.station else Where(printer=self.name)


@dataclass(frozen=True, slots=True)
class Printed:
    """What came of it. `sentence` says all of it to a person; `failed` when the printer did not take it."""

    kind: PaperKind
    documents: int
    """Labels, slips or lists in it."""
    reprints: int
    left_out: tuple[LeftOut, ...]
    printer: str
    """Empty when it was kept."""
    paths: tuple[str, ...]
    """Files that were kept."""
    sentence: str
    failed: bool = False
    warnings: tuple[str, ...] = ()


def nothing_sentence(beginning: str, left_out: Sequence[LeftOut]) -> str:
    """Why nothing is printed."""
    if not left_out:
        return f"{beginning}: choose orders first."
    return f"{beginning}: {_left_out_words(left_out)}"


def _left_out_words(left_out: Sequence[LeftOut]) -> str:
    first = left_out[0]
    more = f" and {len(left_out) - 1:,} more" if len(left_out) > 1 else ""
    return f"{first.order_number}: {first.sentence.rstrip('.')}{more}."


def told(
    kind: PaperKind,
    drawn: DrawnPaper,
    destination: Destination,
    paths: tuple[str, ...],
    failures: Sequence[str],
    before: Mapping[UUID, PrintedBefore],
) -> Printed:
    """What came of it, with all of it in one sentence after the other."""
    documents = sum(file.documents for file in drawn.files)
    what = counted(documents, _WORDS[kind])
    if failures:
        sentences = list(failures)
    elif paths:
        sentences = [f"{what} kept in {' and '.join(paths)}."]
    else:
        sentences = [f"{what} printed on {destination.printer}."]
    if destination.remark:
        sentences.append(destination.remark)
    if before:
        newest = max(before.values(), key=lambda each: each.at)
        again = f"{len(before):,} of them" if kind is not PaperKind.LIST and documents > 1 else "It"
        were = "were" if len(before) > 1 and documents > 1 and kind is not PaperKind.LIST else "was"
        sentences.append(f"{again} {were} printed before, {newest.words}: this is a reprint.")
    if drawn.left_out:
        sentences.append(f"{len(drawn.left_out):,} left out: {_left_out_words(drawn.left_out)}")
    return Printed(
        kind=kind,
        documents=documents,
        reprints=len(before),
        left_out=drawn.left_out,
        printer=destination.printer,
        paths=paths,
        sentence=" ".join([*sentences, *drawn.warnings]),
        failed=bool(failures),
        warnings=drawn.warnings,
    )
