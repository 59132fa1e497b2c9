"""A shift picks and packs from the command line: waves, scans, a short pick, a parcel that stops, goods put back."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.orders.cancelling import cancel
from engine.words import CancelReason
from tests.engine.house import MIRA, House
from tests.engine.orders.picking.walking import BOWL_CODE, MUG_CODE, order, shelves
from tests.orders_tui.cli.saying import Command


@pytest.fixture
async def house(store: Database) -> House:
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    await shelves(house)
    return house


async def test_a_shift_picks_and_packs(command: Command, house: House) -> None:
    first = await order(house, "5771", "MUG-BLU", "BOWL-LG")
    second = await order(house, "5772", "MUG-BLU", "MUG-BLU")
    await order(house, "5773", "MUG-BLU", "MUG-BLU")
    await house.buy_labels()
    assert (await command("pick", "list")).lines == ["-     waiting  MAIN       3 orders    6 units"]
    assert (await command("pick", "wave", "5771", "--status", "processing")).code == 2
    said = await command("pick", "wave", "5771", "5772", "--picker", "Ines Falk", "--name", "Morning", "--json")
    [made] = said.documents
    number = str(made["wave"]["number"])
    assert (said.code, made["wave"]["orders"], made["wave"]["picker"]) == (0, 2, "Ines Falk")
    again = await command("pick", "wave", "5771", "5773")
    assert (again.code, again.lines[1]) == (1, f"  left out: Order 5771 is in wave {number} already.")
    other = again.lines[0].split()[0]
    assert (await command("pick", "close", other)).lines == [f"wave {other} is done, 1 orders free again"]
    assert (await command("pick", "give", number, "Juno", "--json")).documents[0]["picker"] == "Juno"
    shown = await command("pick", "show", number)
    assert [line.split()[:3] for line in shown.lines if not line.startswith("  ")] == [
        ["A-2", "BOWL-LG", "0/1"],
        ["A-10", "MUG-BLU", "0/3"],
    ]
    wrong = await command("pick", "scan", number, MUG_CODE, "4711")
    assert (wrong.code, len(wrong.lines)) == (1, 1)
    assert wrong.err == "'4711' is no SKU and no barcode that is known here: put it aside and ask.\n"
    assert (await command("pick", "undo", number, "MUG-BLU")).lines == ["MUG-BLU  1 taken back from 5771"]
    assert (await command("pick", "take", number, BOWL_CODE)).code == 0
    done = await command("pick", "scan", number, BOWL_CODE, MUG_CODE, "--json")
    assert [each["finished"] for each in done.documents] == [[], ["5771"]]
    assert (await command("pick", "confirm", number, "MUG-BLU", "--units", "9")).code == 1
    # One of two is there for 5772, which ships it; the ledger has ten, and knows better now.
    short = await command("pick", "short", number, "MUG-BLU", "1")
    assert short.lines == [
        "MUG-BLU  1 there, 1 missing and written off",
        "  Order 5772 keeps what is promised to it: the ledger has more of it here, in another bin.",
        "  the ledger has 4 more of it free here: look in other bins, or count it (stock count open)",
    ]
    assert (await command("pick", "confirm", "5772", "MUG-BLU", "--json")).documents[0]["units"] == 1
    packed = await command("pick", "pack", "5771", "--station", "BENCH-2")
    assert packed.code == 0
    assert packed.lines[0].endswith(f"packed by {packed.lines[0].split('packed by ')[1].split(' at ')[0]} at BENCH-2")
    assert (await command("pick", "pack", "5771")).code == 1
    assert (await command("pick", "unpack", "5771")).lines == ["5771  unpacked"]
    looked = await command("pick", "pack", "5771", "--look", "--json")
    assert (looked.code, looked.documents[0]["packed_by"]) == (0, "")
    await cancel(house.store, [second], because=CancelReason.OUT_OF_STOCK, actor=MIRA)
    stopped = await command("pick", "pack", "5772")
    assert (stopped.code, stopped.lines[0]) == (1, "STOP  Order 5772 is CANCELLED: do not ship it. Put its goods back.")
    assert stopped.lines[1].split()[:3] == ["A-10", "2", "MUG-BLU"]
    assert (await command("pick", "put-back")).lines == stopped.lines[1:]
    assert (await command("pick", "put-back", "5772", "--damaged", "MUG-BLU")).code == 2
    back = await command("pick", "put-back", "5772", "--damaged", "MUG-BLU=1", "--json")
    assert [(each["sku"], each["units"]) for each in back.documents] == [("MUG-BLU", 2)]
    assert (await command("pick", "put-back")).lines == []
    assert (await command("pick", "show", "no-such")).code == 1
    assert (await command("pick", "list", "--done", "--json")).documents[0]["state"] == "done"
    assert (await house.standing(first)).state == "ready_to_ship"
    assert await house.level() == (8, 3)
    await house.assert_balanced()
