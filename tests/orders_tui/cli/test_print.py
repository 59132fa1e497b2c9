"""Paper from the command line: stations, what is printed and kept, what is said of what cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.factories import Factory
from tests.orders_tui.cli.saying import Command
from tests.orders_tui.printing.conftest import texts
from tests.orders_tui.printing.papers import a_wave, keep_label, pdf_label, to_pick


async def test_paper_is_printed_kept_shown_and_on_record(
    command: Command, configured: Path, factory: Factory, tmp_path: Path
) -> None:
    wave = await a_wave(factory, "Noon")
    for number, bin_code in (("ORD-1", "B-7"), ("ORD-2", "A-1")):
        order_id = await factory.order(number=number)
        await to_pick(factory, order_id, bin_code, wave)
        await keep_label(factory, await factory.package(order_id, f"94-{number}"), pdf_label(f"for {number}"))
    await factory.order(number="ORD-3")

    configured.write_text('[printing]\ncommand = ["lp", "{printr}", "{file}"]\n')
    wrong = await command("print", "labels", "ORD-1")
    assert (wrong.code, "there is no {printr}; known are {printer}, {file}, {title}, {raw}" in wrong.err) == (2, True)
    taker = tmp_path / "lp.py"
    taker.write_text("import shutil, sys; shutil.copy(sys.argv[2], sys.argv[1] + '.pdf')")
    configured.write_text(
        f'[printing]\nfolder = "{tmp_path / "paper"}"\n'
        f'command = ["{sys.executable}", "{taker}", "{tmp_path}/{{printer}}", "{{file}}"]\n'
    )

    assert (await command("station", "list")).lines == []
    assert (await command("station", "set", "pack")).code == 1
    said = await command("station", "set", "PACK-1", "--name", "By the door", "--label", "ZEBRA", "--slip", "LASER")
    assert said.lines == ["PACK-1       MAIN       label: ZEBRA  slip: LASER  By the door"]
    assert (await command("station", "set", "PACK-1", "--slip", "", "--json")).documents[0]["printers"] == {
        "label": "ZEBRA"
    }

    shown = await command("print", "labels", "--wave", "Noon", "--show")
    assert shown.err == ""
    assert shown.lines == ["2 labels", "   1  A-1  ORD-2  USPS 94-ORD-2", "   2  B-7  ORD-1  USPS 94-ORD-1"]
    assert (await command("print", "record")).lines == []
    printed = await command("print", "labels", "--wave", "Noon")
    assert (printed.code, printed.lines) == (0, ["2 labels printed on ZEBRA."])
    assert texts((tmp_path / "ZEBRA.pdf").read_bytes()) == ["for ORD-2", "for ORD-1"]
    partly = await command("print", "labels", "ORD-1", "ORD-3", "--json", "--only-new")
    assert (partly.code, partly.out) == (1, "")
    assert "There is no label to print: ORD-3" in partly.err
    listed = await command("print", "pick-list", "ORD-1", "ORD-3", "--json")
    [document] = listed.documents
    assert (listed.code, document["printer"], document["left_out"][0]["order_number"]) == (1, "", "ORD-3")
    assert Path(document["paths"][0]).parent == tmp_path / "paper"
    slip = tmp_path / "slip.pdf"
    assert (await command("print", "packing-slip", "ORD-2", "--output", str(slip))).code == 0
    assert "Order ORD-2" in texts(slip.read_bytes())[0]
    assert (await command("print", "packing-slip", "ORD-2", "--show")).lines[-1] == "1 unit in this parcel"
    assert len((await command("print", "packing-slip", "--wave", "1", "--show", "--json")).documents[0]["slips"]) == 2
    assert (await command("print", "pick-list")).code == 2
    assert (await command("print", "pick-list", "--wave", "Dusk")).code == 1
    assert (await command("print", "labels", "ORD-1", "--output", str(tmp_path / "no" / "x.pdf"))).code == 2

    record = await command("print", "record", "ORD-2", "--json")
    assert [(line["kind"], line["state"]) for line in record.documents] == [("slip", "saved"), ("label", "printed")]
    assert len((await command("print", "record")).lines) == 4
    assert (await command("station", "delete", "PACK-1")).lines == ["PACK-1  deleted"]
    assert (await command("station", "delete", "PACK-1")).code == 1
