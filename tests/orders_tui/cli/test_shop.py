"""Shops by command: the consent link, the code, what is connected, how it stands, and what is refused."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from engine.database.connection import Database
from engine.inventory.ledger import receive
from engine.inventory.products import ProductEntry, put_products
from engine.shops import grants, shops
from sync.simulator.scenario import Scenario
from sync.simulator.server import serve
from tests.engine.house import MIRA
from tests.orders_tui.cli.programs import PROJECT
from tests.orders_tui.cli.saying import Command


@dataclass(frozen=True, slots=True)
class TikTok:
    """The simulator, and the seller's browser."""

    http: httpx.AsyncClient
    keys: dict[str, Any]

    async def admin(self, call: str, **body: Any) -> dict[str, Any]:
        return dict((await self.http.post(f"/admin/{call}", json=body)).json())

    @property
    def link(self) -> str:
        """The app's own installation link, which carries no state."""
        return f"?service_id={self.keys['service_id']}"

    async def consent(self, link: str, **more: str) -> str:
        """Where the seller is sent."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        response = await self.http.get("/open/authorize", params=query | more, follow_redirects=False)
        return response.headers["location"]

    async def code(self, **more: str) -> str:
        address = await self.consent(self.link, **more)
        return parse_qs(urlsplit(address).query)["code"][0]


@pytest.fixture
async def tiktok(configured: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TikTok]:
    async with (
        serve(Scenario(seed=11, orders=1), faults="none") as simulator,
        httpx.AsyncClient(base_url=simulator.url) as http,
    ):
        keys = (await http.get("/admin/credentials")).json()
        configured.write_text(
            f"""
                [tiktok]
                base_url = "{simulator.url}"
                auth_url = "{simulator.url}"
                consent_url = "{simulator.url}"
                app_key = "{keys["app_key"]}"
                service_id = "{keys["service_id"]}"
                """
        )
        monkeypatch.setenv("ORDERS_TUI_TIKTOK_APP_SECRET", keys["app_secret"])
        yield TikTok(http, keys)


async def test_a_seller_consents_and_the_shop_is_connected_observed_only(
    tiktok: TikTok, store: Database, command: Command
) -> None:
    async with asking("--json") as asked:
        link = orjson.loads(await asked.line())["consent_link"]
        said = await asked.answer(await tiktok.consent(link))
    (document,) = [orjson.loads(line) for line in said.splitlines()]
    assert (document["name"], document["state"], document["new"]) == ("Harbor Lane Goods", "connected", True)
    assert (document["region"], document["seller_type"], document["timezone"]) == ("US", "LOCAL", "America/Los_Angeles")
    assert document["policies"]["import_mode"] == "observe"
    assert document["missing_scopes"] == {}
    (shop,) = await shops.list_shops(store)
    assert (shop.tiktok_shop_id, shop.cipher) == (tiktok.keys["shop_id"], tiktok.keys["shop_cipher"])
    assert (await command("shop", "list")).lines == [
        f"{tiktok.keys['shop_id']:<20} observe      US local         America/Los_Angeles  Harbor Lane Goods"
    ]


@pytest.mark.usefixtures("command")
async def test_a_seller_who_refuses_connects_nothing(tiktok: TikTok, store: Database) -> None:
    async with asking() as asked:
        assert await asked.answer(await tiktok.consent(await asked.line(), answer="deny")) == ""
    assert asked.code == 1
    assert "The seller refused the app access, so nothing was connected." in asked.errors
    assert await grants.list_grants(store) == []


async def test_what_is_no_consent_connects_nothing(
    tiktok: TikTok, store: Database, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = await tiktok.consent(tiktok.link, state="of-another-link")
    for pasted, sentence in (
        (forged, "The address answers another link than the one given here"),
        ("", "No code was given: open the link as the seller"),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{pasted}\n"))
        said = await command("shop", "connect")
        assert said.code == 1
        assert sentence in said.err
        (link,) = said.lines
        assert tiktok.keys["service_id"] in link
        assert await grants.list_grants(store) == []


@pytest.mark.usefixtures("store")
async def test_an_installation_without_a_state_is_taken_with_a_note(
    tiktok: TikTok, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{await tiktok.consent(tiktok.link)}\n"))
    said = await command("shop", "connect")
    assert "Harbor Lane Goods" in said.out
    assert "carries no state" in said.err
    assert (await command("shop", "status", "--offline")).code == 0


async def test_a_code_works_once_and_says_so(tiktok: TikTok, store: Database, command: Command) -> None:
    code = await tiktok.code()
    assert (await command("shop", "connect", "--code", code)).code == 0
    said = await command("shop", "connect", "--code", code)
    assert said.code == 1
    assert "it works once and for 30 minutes; open the consent link again" in said.err
    assert code not in said.err + said.out
    assert len(await shops.list_shops(store)) == 1


async def test_all_shops_of_a_seller_are_connected_and_connecting_again_keeps_how_they_are_worked(
    tiktok: TikTok, store: Database, command: Command
) -> None:
    await tiktok.admin("shops", grant=0, name="Harbor Lane UK", region="GB", seller_type="CROSS_BORDER")
    await tiktok.admin("shops", grant=0, name="Harbor Lane MX", region="", seller_type="CROSS_BORDER")
    first = await command("shop", "connect", "--code", await tiktok.code(), "--json")
    assert [(shop["name"], shop["timezone"]) for shop in first.documents] == [
        ("Harbor Lane Goods", "America/Los_Angeles"),
        ("Harbor Lane UK", "Europe/London"),
        ("Harbor Lane MX", "UTC"),
    ]
    assert len({shop.grant_id for shop in await shops.list_shops(store)}) == 1
    assert (await command("shop", "set", "Harbor Lane UK", "label_on=pick", "pick=scan")).code == 0
    assert (await command("shop", "work", "Harbor Lane UK", "--anyway")).code == 0
    again = await command("shop", "connect", "--code", await tiktok.code(), "--timezone", "Europe/Dublin", "--json")
    uk = again.documents[1]
    assert (uk["new"], uk["timezone"]) == (False, "Europe/Dublin")
    assert uk["policies"] == first.documents[1]["policies"] | {
        "label_on": "pick",
        "pick": "scan",
        "import_mode": "work",
    }
    assert len(await grants.list_grants(store)) == 1


async def test_a_shop_that_was_added_later_needs_no_new_consent(
    tiktok: TikTok, store: Database, command: Command
) -> None:
    assert "No seller has authorised the app yet" in (await command("shop", "connect", "--again")).err
    await command("shop", "connect", "--code", await tiktok.code())
    await tiktok.admin("shops", grant=0, name="Harbor Lane UK", region="GB")
    assert (await command("shop", "connect", "--again")).code == 0
    assert [shop.name for shop in await shops.list_shops(store)] == ["Harbor Lane Goods", "Harbor Lane UK"]


async def test_what_the_seller_did_not_grant_is_told_with_what_it_is_for(tiktok: TikTok, command: Command) -> None:
    await tiktok.admin("grant", grant=0, withhold=["seller.product.write"])
    said = await command("shop", "connect", "--code", await tiktok.code())
    assert said.lines[-1] == "  ! The permission seller.product.write is missing, to write stock to TikTok."
    assert (await command("shop", "status", "--offline")).code == 1


@pytest.mark.usefixtures("command")
async def test_who_is_no_seller_connects_nothing(tiktok: TikTok, store: Database, command: Command) -> None:
    await tiktok.admin("grant", grant=0, user_type=1)
    said = await command("shop", "connect", "--code", await tiktok.code())
    assert (said.code, said.err.startswith("Whoever consented is no seller")) == (1, True)
    assert await grants.list_grants(store) == []


async def test_a_shop_is_worked_once_there_is_stock(tiktok: TikTok, store: Database, command: Command) -> None:
    await command("shop", "connect", "--code", await tiktok.code())
    refused = await command("shop", "work", "Harbor Lane Goods")
    assert (refused.code, refused.err.startswith("No stock is loaded for any product")) == (1, True)
    assert (await shops.list_shops(store))[0].policies.import_mode == "observe"
    await put_products(store, [ProductEntry("MUG-BLU", "Stoneware mug", "123", 400, "A-1")])
    await receive(store, "MUG-BLU", 5, actor=MIRA, reason="opening stock", idempotency_key="t")
    assert (await command("shop", "work", tiktok.keys["shop_id"])).code == 0
    assert (await shops.list_shops(store))[0].policies.import_mode == "work"
    assert (await command("shop", "observe", "harbor lane goods")).code == 0
    assert (await shops.list_shops(store))[0].policies.import_mode == "observe"
    actions = await store.pool.fetch("SELECT action FROM audit_log WHERE action LIKE 'shop.%' ORDER BY sequence")
    assert [row["action"] for row in actions] == ["shop.connected", "shop.work", "shop.observe"]


NO_POLICIES = {
    "label_on=never": "label_on is one of reserve, pick, not 'never'.",
    "label_format=GIF": "label_format is one of nothing, PDF, PNG, ZPL, EPL2, not 'GIF'.",
    "rate_rule=nicest": "rate_rule is cheapest, fastest, in_time, default, service:<name> or carrier:<name>, not 'nicest'",
    "colour=red": "There is no policy 'colour': set backorder, cancel_notice, inventory, label_format, label_on",
    "import_mode=work": "There is no policy 'import_mode'",
    "workflow=none": "There is no workflow none: orders-tui workflow list names those there are.",
}


async def test_a_policy_that_is_none_changes_nothing(tiktok: TikTok, store: Database, command: Command) -> None:
    await command("shop", "connect", "--code", await tiktok.code())
    before = (await shops.list_shops(store))[0].policies
    for policy, sentence in NO_POLICIES.items():
        said = await command("shop", "set", "Harbor Lane Goods", "pick=scan", policy)
        assert (policy, said.code) == (policy, 1)
        assert sentence in said.err
        assert (await shops.list_shops(store))[0].policies == before


async def test_a_disconnected_shop_keeps_no_tokens(tiktok: TikTok, store: Database, command: Command) -> None:
    await command("shop", "connect", "--code", await tiktok.code())
    assert (await command("shop", "disconnect", "Harbor Lane Goods")).code == 0
    assert (await shops.list_shops(store))[0].state == "disconnected"
    assert await store.pool.fetchval("SELECT count(*) FROM grants WHERE access_token IS NOT NULL") == 0
    told = await command("shop", "status", "--offline", "--json")
    assert (told.code, told.documents[0]["troubles"]) == (1, ["It is disconnected: A person disconnected it."])
    assert (await command("shop", "disconnect", "Elm Goods")).err.startswith("There is no shop 'Elm Goods'; connected:")


async def test_the_status_tells_the_ends_and_the_clock(tiktok: TikTok, command: Command) -> None:
    await tiktok.admin("grant", grant=0, ends_in_seconds=9.5 * 86_400)
    await command("shop", "connect", "--code", await tiktok.code())
    said = await command("shop", "status")
    assert said.code == 1
    assert said.lines[-1] == "  ! Its authorisation ends in 9 days: connect it again (orders-tui shop connect)."
    doctor = await command("doctor")
    told = "Harbor Lane Goods: Its authorisation ends in 9 days: connect it again (orders-tui shop connect)."
    assert any(line.endswith(told) and line.startswith("MEND  - shop") for line in doctor.lines)
    assert not any("clock" in line for line in doctor.lines)
    (document,) = (await command("shop", "status", "--json")).documents
    assert abs(document["clock_skew_seconds"]) < 5
    assert (document["grant_state"], document["grant_days_left"]) == ("active", 9)


async def test_a_clock_that_is_wrong_is_named(tiktok: TikTok, command: Command) -> None:
    await command("shop", "connect", "--code", await tiktok.code())
    await tiktok.admin("clock", skew_seconds=-40)
    said = await command("shop", "status")
    assert said.code == 1
    assert said.lines[-1].startswith("! The clock that signs is ")
    assert said.lines[-1].endswith(" s ahead of TikTok's; set it by the network.")
    assert any(line.startswith("MEND  clock") for line in (await command("doctor")).lines)


async def test_without_the_apps_number_there_is_no_link(configured: Path, command: Command) -> None:
    configured.write_text('[tiktok]\napp_key = "6abc"\n')
    said = await command("shop", "connect")
    assert (
        said.code,
        said.err.startswith("There is no consent link without the app's number: set tiktok.service_id"),
    ) == (2, True)


@dataclass(slots=True)
class Asked:
    """`orders-tui shop connect` as it waits for what the seller was sent to."""

    process: asyncio.subprocess.Process
    errors: str = ""

    @property
    def code(self) -> int | None:
        return self.process.returncode

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().strip()

    async def answer(self, pasted: str) -> str:
        out, errors = await asyncio.wait_for(self.process.communicate(f"{pasted}\n".encode()), 60)
        self.errors = errors.decode()
        return out.decode()


@asynccontextmanager
async def asking(*options: str) -> AsyncIterator[Asked]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "orders_tui",
        "shop",
        "connect",
        *options,
        cwd=PROJECT,
        env=os.environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Asked(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
