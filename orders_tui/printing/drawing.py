"""From what is on the paper to files, with what could not be drawn. Runs in a thread: drawing takes milliseconds a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from engine.paper.labels import LabelSheet
from engine.paper.left_out import LeftOut
from engine.paper.pick_lists import PickList
from engine.paper.prints import PrintedBefore, Subject
from engine.paper.slips import Slips

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DrawnFile:
    """One file; `raw` ones are in a printer's own language."""

    name: str
    ending: str
    body: bytes = field(repr=False)
    subjects: tuple[Subject, ...]
    documents: int
    raw: bool = False


@dataclass(frozen=True, slots=True)
class DrawnPaper:
    """Files, what is not in them and why, and what could not be drawn as it is written."""

    files: tuple[DrawnFile, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...] = ()


def draw_pick_list(
    content: PickList,
    subjects: Sequence[Subject],
    known: Mapping[UUID, PrintedBefore],
    layouts_path: Path | None,
    actor: str,
) -> DrawnPaper:
    """A pick list; one that has all been on a list before says so. Raises Misconfigured for layouts that are wrong."""
    from orders_tui.printing.layouts import read_layouts
    from orders_tui.printing.pick_list import pick_list_pdf
    from orders_tui.printing.typefaces import missing_sentence

    layouts = read_layouts(layouts_path)
    again = [known[each.subject] for each in subjects if each.subject in known]
    reprint = f"Reprint: printed before {again[0].words}" if len(again) == len(subjects) else ""
    body, missing = pick_list_pdf(content, layouts.pick_list, layouts.fonts, printed=_printed(actor), reprint=reprint)
    file = DrawnFile("pick-list", "pdf", body, tuple(subjects), 1)
    return DrawnPaper((file,), content.left_out, _warnings(missing_sentence(missing)))


def draw_slips(
    content: Slips, known: Mapping[UUID, PrintedBefore], layouts_path: Path | None, on_progress: Progress
) -> DrawnPaper:
    """Packing slips; those printed before say so. Raises Misconfigured for layouts that are wrong."""
    from orders_tui.printing.layouts import read_layouts
    from orders_tui.printing.packing_slip import packing_slips_pdf
    from orders_tui.printing.typefaces import missing_sentence

    layouts = read_layouts(layouts_path)
    body, missing = packing_slips_pdf(
        content.slips, layouts.packing_slip, layouts.fonts, reprinted=known.keys(), on_progress=on_progress
    )
    subjects = tuple(Subject(slip.package_id) for slip in content.slips)
    file = DrawnFile("packing-slips", "pdf", body, subjects, len(subjects))
    return DrawnPaper((file,), content.left_out, _warnings(missing_sentence(missing)))


def draw_labels(
    content: LabelSheet,
    known: Mapping[UUID, PrintedBefore],
    layouts_path: Path | None,
    actor: str,
    on_progress: Progress,
) -> DrawnPaper:
    """A sheet of labels, one file for each format. Raises Misconfigured for layouts that are wrong."""
    from orders_tui.printing.label_sheet import drawn_sheet
    from orders_tui.printing.layouts import read_layouts

    layouts = read_layouts(layouts_path)
    sheet = drawn_sheet(
        content,
        layouts.label_sheet,
        layouts.fonts,
        printed=_printed(actor),
        reprinted={subject: f"Printed before {before.words}" for subject, before in known.items()},
        on_progress=on_progress,
    )
    files = tuple(
        DrawnFile(
            "labels",
            each.ending,
            each.body,
            tuple(label.subject for label in each.labels),
            len(each.labels),
            raw=each.raw,
        )
        for each in sheet.documents
    )
    return DrawnPaper(files, sheet.left_out)


def _printed(actor: str) -> str:
    return f"Printed {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {actor}"


def _warnings(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)
