"""What is drawn without a database: scripts, fonts, layouts, sheets of labels."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from engine.errors import Misconfigured
from engine.identifiers import PackageId, new_id
from engine.paper.labels import LabelSheet, SheetLabel
from engine.paper.prints import PrintedBefore
from orders_tui.printing.canvas import Paper
from orders_tui.printing.drawing import draw_labels
from orders_tui.printing.layouts import LabelSheetLayout, Layouts, read_layouts
from orders_tui.printing.merging import on_sheets, pages_of
from orders_tui.printing.printers import sweep
from orders_tui.printing.scripts import as_drawn
from orders_tui.printing.typefaces import missing_sentence
from tests.orders_tui.printing.conftest import texts
from tests.orders_tui.printing.papers import pdf_label, png_label


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("plain (text) 12", "plain (text) 12"),
        ("שלום", "םולש"),
        ("abc שלום def", "abc םולש def"),
        ("שלום 12", "12 םולש"),
        ("רחוב (א) 7", "7 (א) בוחר"),
        ("שלום abc", "abc םולש"),
        # seen, lam with alef, meem: initial, one shape for two letters, alone
        ("سلام", "\ufee1\ufefc\ufeb3"),
        # vowel marks stay with their letters and do not part them: beh with fatha, teh
        ("بَت", "\ufe96\u064e\ufe91"),
    ],
)
def test_right_to_left_text_is_drawn_as_it_is_read(written: str, drawn: str) -> None:
    assert as_drawn(written) == drawn


def test_what_no_font_has_is_a_question_mark_and_named() -> None:
    paper = Paper((100, 100), (), "test")
    paper.text(5, 10, "Müller €5 中文 かな 한국 ไทย 👍\u200d", 10)
    [page] = texts(paper.finished())
    assert page == "Müller €5 中文 かな 한국 ??? ?"
    assert paper.missing == {"Thai": 3, "Emoji and symbols": 1}
    assert missing_sentence(paper.missing).startswith("No font here draws Emoji and symbols and Thai: such characters")
    assert missing_sentence({}) == ""


def test_text_is_cut_and_wrapped_by_its_real_width_and_unscannable_barcodes_are_not_drawn() -> None:
    paper = Paper((100, 100), (), "test")
    lines = paper.wrapped("several words and one-that-is-much-too-long-for-any-line-of-it", 10, 30)
    assert "".join(lines).replace(" ", "") == "severalwordsandone-that-is-much-too-long-for-any-line-of-it"
    assert all(paper.wide(line, 10) <= 30 for line in lines)
    cut = paper.cut("Stoneware mug, blue, with a handle", 10, 30)
    assert cut.startswith("Stoneware")
    assert cut.endswith("…")
    assert paper.wide(cut, 10) <= 30
    assert paper.barcode(5, 5, "MUG-BLU", 8, 60)
    assert not paper.barcode(5, 5, "MUG-BLU", 8, 10)
    assert not paper.barcode(5, 5, "ÜBER", 8, 60)


WRONG: tuple[tuple[str, str, str], ...] = (
    ("width = 46", "width = 200", "pick_list is wrong: the columns take"),
    ('page = "A4"', 'page = "A9"', "pick_list is wrong: there is no page 'A9'; known are A4, A5"),
    ('{ show = "bin", width = 22 },', "", "pick_list is wrong: a pick list needs the columns bin, units and sku."),
    ("prices = false", "prices = 7", "packing_slip.prices is wrong"),
    ("margin_mm = 12", "margin_mm = 95", "pick_list is wrong: the page is too small for its margins."),
    ('cover = "missing"', 'cover = "maybe"', "label_sheet.cover is wrong"),
    ("[label_sheet]", "[label_sheet", "is not TOML"),
)


def test_layouts_are_checked_and_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    own = Path(read_layouts.__code__.co_filename).with_name("layouts.toml").read_text()
    file = tmp_path / "layouts.toml"
    file.write_text(own)
    assert read_layouts(file) == read_layouts() == read_layouts(None)
    for before, after, sentence in WRONG:
        assert before in own
        file.write_text(own.replace(before, after, 1))
        with pytest.raises(Misconfigured) as wrong:
            read_layouts(file)
        assert sentence in wrong.value.sentence
        assert wrong.value.sentence.startswith(str(file))
    with pytest.raises(Misconfigured):
        read_layouts(tmp_path / "none.toml")


def a_sheet(*bodies: tuple[str, bytes]) -> LabelSheet:
    labels, kept = [], {}
    for number, (media_type, body) in enumerate(bodies):
        document_id = new_id()
        kept[document_id] = body
        labels.append(
            SheetLabel(
                PackageId(new_id()),
                1,
                (f"ORD-{number}",),
                "USPS",
                f"94{number}",
                "MAIN",
                "",
                None,
                media_type,
                document_id,
            )
        )
    return LabelSheet(tuple(labels), (), kept)


def drawn(sheet: LabelSheet, layouts: Layouts, tmp_path: Path, known: dict[UUID, PrintedBefore]) -> Any:
    file = tmp_path / "layouts.toml"
    own = Path(read_layouts.__code__.co_filename).with_name("layouts.toml").read_text().partition("[label_sheet]")[0]
    given = layouts.label_sheet
    file.write_text(
        f'{own}[label_sheet]\npage = "{given.page}"\nacross = {given.across}\ndown = {given.down}\ncover = "{given.cover}"\n'
    )
    return draw_labels(sheet, known, file, "mira", lambda _done, _total: None)


def test_labels_keep_their_size_or_share_sheets_and_pictures_are_as_large_as_they_are(tmp_path: Path) -> None:
    usual = read_layouts()
    bodies = [pdf_label(f"label {number}") for number in range(5)]
    sheet = a_sheet(*(("application/pdf", body) for body in bodies), ("image/png", png_label()))
    [file] = drawn(sheet, usual, tmp_path, {}).files
    pages = PdfReader(io.BytesIO(file.body)).pages
    assert [(round(page.mediabox.width), round(page.mediabox.height)) for page in pages] == [(288, 432)] * 6

    shared = usual.model_copy(update={"label_sheet": LabelSheetLayout(page="A4")})
    [file] = drawn(sheet, shared, tmp_path, {}).files
    pages = PdfReader(io.BytesIO(file.body)).pages
    assert [round(page.mediabox.width) for page in pages] == [595, 595]
    assert texts(file.body) == ["label 0 label 1 label 2 label 3", "label 4"]
    assert (file.documents, len(file.subjects)) == (6, 6)


# A label of 288 by 432 points in the middle of an A4 page; its text is at (36, 200) of what it was drawn on.
@pytest.mark.parametrize(("turned", "seen"), [(0, (190, 405)), (90, (354, 601)), (180, (406, 437)), (270, (242, 241))])
def test_a_label_that_is_to_be_turned_lies_as_it_would_be_seen(turned: int, seen: tuple[int, int]) -> None:
    places: list[tuple[int, int]] = []

    def visit(text: str, page: Any, line: Any, _font: Any, _size: Any) -> None:
        if text.strip():
            x, y = float(line[4]), float(line[5])
            places.append((round(x * page[0] + y * page[2] + page[4]), round(x * page[1] + y * page[3] + page[5])))

    body = on_sheets([], pages_of(pdf_label("here", turned=turned)), (210, 297), 1, 1, 5)
    PdfReader(io.BytesIO(body)).pages[0].extract_text(visitor_text=visit)
    assert places == [seen]


def test_a_cover_in_zpl_says_what_was_printed_before_and_obeys_no_command_in_a_text(tmp_path: Path) -> None:
    sheet = a_sheet(("application/zpl", b"^XA^FD1^XZ"), ("application/zpl", b"\n^XA^FD2^XZ\n"))
    before = PrintedBefore(datetime(2026, 3, 2, 12, tzinfo=UTC), "mira^XZ~JA", "ZEBRA", uncertain=True)
    [file] = drawn(sheet, read_layouts(), tmp_path, {sheet.labels[0].package_id: before}).files
    cover, _, labels = file.body.partition(b"^XZ\n")
    assert labels == b"^XA^FD1^XZ\n^XA^FD2^XZ\n"
    assert b"ORD-0  Printed before at 03-02 12:00 UTC by mira XZ JA (ZEBRA), though nobody knows" in cover
    assert file.raw


def test_only_old_files_of_ours_are_swept(tmp_path: Path) -> None:
    import os

    for name in ("labels-abcd1234.pdf", "labels-abcd1235.pdf", "labels.pdf", "other-abcd1234.pdf"):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / "labels-abcd1235.pdf")
    assert sweep(tmp_path, 0) == 0
    assert sweep(tmp_path, 30) == 1
    assert not (tmp_path / "labels-abcd1234.pdf").exists()
    assert sweep(tmp_path / "none", 30) == 0
