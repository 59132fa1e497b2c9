"""The simulator as a process: its ready line, its end, and what it remembers after a kill."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.sync.simulator.seller import Json, Seller, seller_at

QUIET = ("--seed", "7", "--orders", "40", "--arrival", "immediate", "--faults", "none", "--stdin-lifeline")
AT_ONCE = ("--unpaid-seconds", "0", "--hold-seconds", "0", "--scan-after-seconds", "3600")
LATE = ("--deliver-after-seconds", "3600", "--complete-after-seconds", "3600")


async def launch(*arguments: str) -> Process:
    command = (sys.executable, "-m", "sync.simulator", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[tuple[Process, Json]]:
    process = await launch(*QUIET, *AT_ONCE, *LATE, *arguments)
    try:
        assert process.stdout is not None
        yield process, json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def shippable(seller: Seller) -> list[Json]:
    orders = await seller.orders(order_status="AWAITING_SHIPMENT")
    return [order for order in orders if order["recipient_address"]["postal_code"] not in ("", "00000")]


async def until_nothing_moves_by_itself(seller: Seller) -> None:
    """Wait for the foretold cancellations, which come a second after arrival, so that two looks can be compared."""
    while (state := await seller.state())["orders"].get("CANCELLED", 0) < state["foretold"]["cancelled"]:
        await asyncio.sleep(0.05)


async def test_it_prints_one_line_when_it_listens_and_ends_with_its_parent() -> None:
    async with running() as (process, ready):
        assert ready == {"ready": True, "port": ready["port"], "url": f"http://127.0.0.1:{ready['port']}"}
        async with seller_at(ready["url"]) as seller:
            assert (await seller.state())["arrived"] == 40
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_it_ends_in_order_on_sigterm() -> None:
    async with running() as (process, _):
        process.terminate()
        out, err = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, out, err) == (0, b"", b"")


async def test_after_kill_minus_nine_the_world_goes_on_where_it_was(tmp_path: Path) -> None:
    journal = tmp_path / "world.journal"
    async with running("--journal", str(journal)) as (process, ready), seller_at(ready["url"]) as seller:
        await until_nothing_moves_by_itself(seller)
        orders = await shippable(seller)
        bought_only, shipped, voided, rated = orders[:4]
        label = await seller.label(bought_only)
        await seller.mark_shipped(shipped, shipped_label := await seller.label(shipped))
        await seller.carrier("POST", f"/v2/shipments/{(await seller.label(voided))['id']}/refund")
        open_shipment = (await seller.shipment(rated)).json()
        await seller.http.post("/admin/mend", json={"all": True})
        await seller.http.post("/admin/faults", json={"latency": 0.25})
        assert (await seller.buy(label)).status_code == 422
        keys = {name: seller.keys[name] for name in ("app_key", "app_secret", "refresh_token")}
        query = keys | {"grant_type": "refresh_token"}
        tokens = (await seller.http.get("/api/v2/token/refresh", params=query)).json()["data"]
        before = await seller.state()
        found = await seller.orders()
        process.kill()
        await process.wait()
    with journal.open("ab") as torn:
        torn.write(b'{"kind":"bought","at":1')
    async with running("--journal", str(journal)) as (process, ready), seller_at(ready["url"]) as seller:
        assert seller.keys["access_token"] == tokens["access_token"]
        assert await seller.orders() == found
        after = await seller.state()
        unsteady = {"now", "http_calls", "faults"}
        assert {k: v for k, v in after.items() if k not in unsteady} == {
            k: v for k, v in before.items() if k not in unsteady
        }
        assert (after["labels_bought"], after["labels_voided"], after["double_buys_refused"]) == (3, 1, 1)
        again = await seller.buy(shipped_label)
        assert again.json()["error"]["code"] == "SHIPMENT.POSTAGE.EXISTS"
        assert (await seller.mark_shipped(shipped, shipped_label))["code"] == 21011006
        adopted = (await seller.carrier("GET", f"/v2/shipments/{label['reference']}")).json()
        assert adopted["tracking_code"] == label["tracking_code"]
        assert (await seller.mark_shipped(bought_only, adopted))["code"] == 0
        assert (await seller.buy(open_shipment)).json()["tracking_code"] not in {None, label["tracking_code"]}
        process.kill()
        await process.wait()
    async with running("--journal", str(journal)) as (_, ready), seller_at(ready["url"]) as seller:
        third = await seller.state()
        assert (third["labels_bought"], third["shipped"], third["double_ships_refused"]) == (4, 2, 1)


async def test_a_journal_of_another_scenario_is_refused_in_one_sentence(tmp_path: Path) -> None:
    journal = tmp_path / "world.journal"
    async with running("--journal", str(journal)):
        pass
    process = await launch(*QUIET, "--seed", "8", "--journal", str(journal))
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode() == (
        f"The journal {journal} belongs to another scenario; start with the seed, orders, arrival and timings it was"
        " begun with, or give another file.\n"
    )


async def test_what_cannot_be_done_is_said_in_one_sentence(tmp_path: Path) -> None:
    async with running() as (_, ready):
        for arguments, sentence in (
            (("--port", str(ready["port"])), f"Port {ready['port']} cannot be listened on"),
            (("--journal", str(tmp_path / "no" / "where")), "cannot be opened (No such file or directory); give"),
            (("--orders", "-4"), "orders is -4; give a number from 0 to 1000000."),
            (("--scan-after-seconds", "99"), "must not decrease"),
        ):
            process = await launch(*QUIET, *arguments)
            _, err = await process.communicate()
            assert process.returncode == 2
            assert sentence in err.decode()
            assert err.count(b"\n") == 1
