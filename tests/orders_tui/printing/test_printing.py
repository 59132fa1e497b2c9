"""Pick lists, slips and labels as people get them: read back from the files, and from the record of what was printed."""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR
from engine.paper.labels import LabelOrder
from engine.words import HoldReason, OrderStatus, PaperKind, PrintState, WorkflowState
from orders_tui.printing.outcome import Printed, Where
from orders_tui.printing.printers import PrintSettings
from orders_tui.services import Services
from tests.factories import BOWL, MUG, NOON, SOMEWHERE, Factory, Line
from tests.orders_tui.printing.conftest import texts
from tests.orders_tui.printing.papers import a_wave, keep_label, pdf_label, png_label, to_pick


def body_of(printed: Printed) -> bytes:
    [path] = printed.paths
    return Path(path).read_bytes()


async def test_a_pick_list_walks_through_the_bins_and_says_what_is_not_on_it(
    services: Services, factory: Factory, folder: Path
) -> None:
    wave = await a_wave(factory, "Monday 1")
    far = await factory.order(number="ORD-FAR", lines=(replace(BOWL, quantity=2),), ship_by=NOON)
    near = await factory.order(number="ORD-NEAR", lines=(MUG,))
    also = await factory.order(number="ORD-ALSO", lines=(replace(MUG, quantity=3),), ship_by=NOON)
    held = await factory.order(number="ORD-HELD")
    await factory.hold(held, HoldReason.ADDRESS)
    for order_id, bin_code in ((far, "A-10"), (near, "A-2"), (also, "A-2"), (held, "A-1")):
        await to_pick(factory, order_id, bin_code, wave)
    await factory.order(number="ORD-ELSEWHERE")

    printed = await services.printing.pick_list(wave=wave)
    assert (printed.documents, printed.reprints, printed.failed) == (1, 0, False)
    assert printed.sentence == (
        f"1 pick list kept in {printed.paths[0]}. 1 left out: ORD-HELD: It is on hold: release it first."
    )
    [page] = texts(body_of(printed))
    assert "Pick list: Wave 1 Monday 1" in page
    assert "2 lines, 6 units, 3 orders" in page
    assert page.index("A-2") < page.index("MUG-BLU") < page.index("ORD-ALSO×3 ORD-NEAR") < page.index("A-10")  # noqa: RUF001
    assert "03-02 12:00" in page
    assert "ORD-HELD It is on hold: release it first." in page
    assert "ORD-ELSEWHERE" not in page
    assert (folder.stat().st_mode & 0o777, Path(printed.paths[0]).stat().st_mode & 0o777) == (0o700, 0o600)

    again = await services.printing.pick_list(wave=wave)
    assert again.reprints == 1
    assert "Reprint: printed before" in texts(body_of(again))[0]
    chosen = await services.printing.pick_list([near, held])
    assert chosen.reprints == 0
    assert "1 line, 1 unit, 1 order" in texts(body_of(chosen))[0]
    with pytest.raises(Refused) as refused:
        await services.printing.pick_list([held])
    assert refused.value.sentence == "There is nothing to pick: ORD-HELD: It is on hold: release it first."
    assert [record.kind for record in await services.printing.record()] == [PaperKind.LIST] * 3


async def test_a_slip_says_what_lies_in_a_parcel_and_nothing_of_prices(services: Services, factory: Factory) -> None:
    somewhere = replace(SOMEWHERE, name="王小明 שלום", city="ที่นี่")
    order_id = await factory.order(
        number="ORD-1", lines=(MUG, replace(BOWL, unit_price=Decimal("31.77"))), address=somewhere
    )
    package_id = await factory.package(order_id, "9400110000000000000001")
    cancelled = await factory.order(number="ORD-2", status=OrderStatus.CANCELLED, state=WorkflowState.NEW)
    early = await factory.order(number="ORD-3")
    printed = await services.printing.packing_slips([order_id, cancelled, early])
    assert [each.sentence for each in printed.left_out] == [
        "It is cancelled: put its goods back.",
        "It has no parcel yet: it gets one when its stock is reserved.",
    ]
    [page] = texts(body_of(printed))
    assert "Order ORD-1" in page
    assert "2 units in this parcel" in page
    assert "7 Quay Street" in page
    assert "王小明" in page
    assert "31.77" not in page
    # No font of this test's machine need know Thai: what is not drawn is said, on the slip and in the result.
    assert "Thai" in page
    assert "No font here draws" in printed.sentence
    assert printed.sentence.count("ที่นี่") == 0
    [again] = texts(body_of(await services.printing.packing_slips(package_ids=[package_id])))
    assert "Reprint" in again


async def test_labels_become_one_document_in_the_order_of_the_bins(services: Services, factory: Factory) -> None:
    orders = {}
    for number, bin_code in (("ORD-C", "B-1"), ("ORD-B", "A-10"), ("ORD-A", "A-2")):
        order_id = orders[number] = await factory.order(number=number)
        package_id = await factory.package(order_id, f"9400{number}")
        await to_pick(factory, order_id, bin_code)
        if number != "ORD-B":
            await keep_label(factory, package_id, pdf_label(f"label of {number}"))
        else:
            await keep_label(factory, package_id, png_label(), "image/png")
    unbought = await factory.order(number="ORD-D")
    await factory.package(unbought, "", state="planned")
    damaged = await factory.order(number="ORD-E")
    await keep_label(factory, await factory.package(damaged, "9400E"), b"%PDF-1.4 torn")
    gone = await factory.order(number="ORD-F")
    await factory.package(gone, "9400F", handed_over_at=NOON)
    raw = await factory.order(number="ORD-Z")
    await keep_label(factory, await factory.package(raw, "9400Z"), b"^XA^FDZ^FS^XZ", "application/zpl")

    moved = await factory.order(number="ORD-M")
    elsewhere = orjson.dumps(replace(SOMEWHERE, line1="1 Old Lane")).decode()
    vault = factory.database.vault
    then = vault.seal_text(DEFAULT_CREATOR, "orders.shipping_address", moved, elsewhere)
    await keep_label(factory, await factory.package(moved, "9400M", label_address=then), pdf_label("label of ORD-M"))

    everything = [*orders.values(), unbought, damaged, gone, raw, moved]
    printed = await services.printing.labels(everything)
    assert printed.documents == 4
    assert {each.order_number: each.sentence for each in printed.left_out} == {
        "ORD-D": "No label is bought yet.",
        "ORD-E": "Its label (9400E) is damaged and cannot be put on a sheet: void it and buy another.",
        "ORD-F": "Parcel 9400F left the house.",
        "ORD-M": "Its address changed after its label was bought: void it and buy another.",
    }
    pdf, zpl = (Path(path).read_bytes() for path in printed.paths)
    assert zpl == b"^XA^FDZ^FS^XZ\n"
    cover, first, second, third = texts(pdf)
    assert "No label: 4" in cover
    assert "ORD-D No label is bought yet." in cover
    assert (first, second, third) == ("label of ORD-A", "", "label of ORD-C")

    again = await services.printing.labels(everything)
    assert again.reprints == 4
    assert "Printed before: 4" in texts(Path(again.paths[0]).read_bytes())[0]
    new = await factory.order(number="ORD-G")
    await keep_label(factory, await factory.package(new, "9400G"), pdf_label("label of ORD-G"))
    only_new = await services.printing.labels([*everything, new], only_new=True)
    assert (only_new.documents, only_new.reprints) == (1, 0)
    assert texts(body_of(only_new))[-1] == "label of ORD-G"
    given = await services.printing.labels([orders["ORD-C"], orders["ORD-A"]], order=LabelOrder.GIVEN)
    assert texts(body_of(given))[1:] == ["label of ORD-C", "label of ORD-A"]
    assert (await services.printing.record())[0].reprints == 2


# ------------------------------------------------------------------ printers


def a_printer(folder: Path, *, script: str) -> tuple[str, ...]:
    program = folder / f"lp-{len(list(folder.iterdir()))}.py"
    program.write_text(script)
    return (sys.executable, str(program), "-d", "{printer}", "-o", "raw={raw}", "{file}")


TAKES_IT = """
import pathlib, sys
here = pathlib.Path(__file__).parent
(here / "taken").write_bytes(pathlib.Path(sys.argv[-1]).read_bytes())
(here / "asked").write_text(" ".join(sys.argv[1:-1]))
"""


async def test_a_station_s_printer_is_asked_and_what_it_gets_wrong_is_one_sentence(
    services: Services, factory: Factory, folder: Path, tmp_path: Path
) -> None:
    order_id = await factory.order(number="ORD-1")
    await keep_label(factory, await factory.package(order_id, "9400"), pdf_label("label"))
    printing = services.printing
    with pytest.raises(Refused):
        await printing.put_station("pack 1")
    with pytest.raises(Refused):
        await printing.put_station("PACK-1", printers={PaperKind.LABEL: "-o evil"})
    assert await printing.stations() == []
    await printing.put_station("PACK-1", name="Packing one", location="MAIN", printers={PaperKind.LABEL: "ZEBRA"})
    await printing.put_station("PACK-2", printers={PaperKind.LABEL: str(tmp_path / "kept")})
    with pytest.raises(NotFound):
        await printing.labels([order_id], where=Where(station="PACK-9"))

    at_one = Where(station="PACK-1")
    without = await printing.labels([order_id], where=at_one)
    assert "No print command is set (printing.command), so ZEBRA printed nothing." in without.sentence
    kept = await printing.labels([order_id], where=Where(station="PACK-2"))
    assert Path(kept.paths[0]).parent == tmp_path / "kept"

    before = set(folder.iterdir())
    printing.settings = PrintSettings(a_printer(tmp_path, script=TAKES_IT), folder=folder)
    done = await printing.labels([order_id], where=at_one)
    assert (done.printer, done.paths, done.failed) == ("ZEBRA", (), False)
    assert done.sentence.startswith("1 label printed on ZEBRA. It was printed before, at ")
    assert (tmp_path / "asked").read_text() == "-d ZEBRA -o raw=false"
    assert texts((tmp_path / "taken").read_bytes())[-1] == "label"
    assert set(folder.iterdir()) == before

    wrong = {
        "ZEBRA did not take it: no paper.": a_printer(tmp_path, script="import sys; sys.exit('no paper.')"),
        "cannot be run (No such file or directory)": (str(tmp_path / "nothing"), "{file}"),
        "did not end within 0.2 s": a_printer(tmp_path, script="import time; time.sleep(60)"),
    }
    for sentence, command in wrong.items():
        printing.settings = PrintSettings(command, timeout_seconds=0.2 if "0.2" in sentence else 20, folder=folder)
        failed = await printing.labels([order_id], where=at_one)
        assert failed.failed, sentence
        assert sentence in failed.sentence
        [path] = set(folder.iterdir()) - before
        assert str(path) in failed.sentence
        path.unlink()
    records = await printing.record()
    assert [(record.state, record.destination) for record in records] == [
        *([(PrintState.FAILED, "ZEBRA")] * 3),
        (PrintState.PRINTED, "ZEBRA"),
        (PrintState.SAVED, str(tmp_path / "kept")),
        (PrintState.SAVED, str(folder)),
    ]
    assert (records[0].actor, records[0].station) == ("mira", "PACK-1")
    await printing.delete_station("PACK-2")
    assert [(station.code, station.location) for station in await printing.stations()] == [("PACK-1", "MAIN")]


WIDE = Line("SKU-" + "9" * 12, "A very long name of a product that wraps over several lines " * 3)


async def test_a_long_list_goes_on_over_pages_and_no_line_is_lost(services: Services, factory: Factory) -> None:
    order_ids = []
    for number in range(45):
        order_id = await factory.order(number=f"ORD-{number:03d}", lines=(replace(WIDE, sku=f"LONG-{number:03d}"),))
        await to_pick(factory, order_id, f"C-{number}")
        order_ids.append(order_id)
    pages = texts(body_of(await services.printing.pick_list(order_ids)))
    assert len(pages) > 2
    found = [f"LONG-{number:03d}" for number in range(45) if f"LONG-{number:03d}" in "".join(pages)]
    assert len(found) == 45
    assert all(f"page {number}" in page for number, page in enumerate(pages, 1))
