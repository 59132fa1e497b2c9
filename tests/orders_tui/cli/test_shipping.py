"""What asks a carrier, from the command line: rates, addresses, labels in other formats, TikTok's documents, the form of the day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.database.embedded import EmbeddedServer
from tests.orders_tui.cli.saying import Command
from tests.sync.connected import Connected, connected
from tests.sync.test_parcels_over_the_wire import deliver


@asynccontextmanager
async def selling(
    database: EmbeddedServer, tmp_path: Path, configured: Path, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[Connected]:
    async with connected(database, tmp_path / "shop", **more) as shop:
        keys = await shop.world.ask("credentials")
        monkeypatch.setenv("ORDERS_TUI_TIKTOK_APP_SECRET", keys["app_secret"])
        monkeypatch.setenv("ORDERS_TUI_EASYPOST_API_KEY", keys["easypost_api_key"])
        configured.write_text(
            f'[tiktok]\nbase_url = "{shop.simulator.url}"\nauth_url = "{shop.simulator.url}"\napp_key = "{keys["app_key"]}"\n'
            f'[carrier]\nbase_url = "{shop.simulator.url}"\nconvertible_labels = true\n'
        )
        yield shop


@pytest.fixture
async def shop(
    database: EmbeddedServer, tmp_path: Path, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connected]:
    (tmp_path / "shop").mkdir()
    async with selling(database, tmp_path, configured, monkeypatch, orders=12) as shop:
        yield shop


async def number(shop: Connected, word: str) -> str:
    """An order with a parcel in that state, or of that provider."""
    found = await shop.database.pool.fetchval(
        "SELECT o.order_number FROM orders o JOIN package_items c ON c.order_id = o.id JOIN packages p ON p.id = c.package_id"
        " WHERE $1 IN (p.state, p.provider) ORDER BY o.order_number LIMIT 1",
        word,
    )
    assert found is not None
    return str(found)


async def test_rates_are_listed_and_the_one_to_be_bought_says_why(
    shop: Connected, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.worked()
    capsys.readouterr()  # what the test itself logged
    order = await number(shop, "planned")
    said = await command("orders", "rates", order, "--json")
    assert said.code == 0
    assert {offer["carrier"] for offer in said.documents} == {"USPS", "UPS", "FedEx"}
    [chosen] = [offer for offer in said.documents if offer["chosen"]]
    assert chosen["service"] == "GroundAdvantage"
    assert chosen["why"] == "the cheapest that arrives in time"
    await shop.database.pool.execute("UPDATE orders SET rate_rule = 'fastest' WHERE order_number = $1", order)
    [fastest] = [line for line in (await command("orders", "rates", order)).lines if line.startswith("→")]
    assert fastest.endswith("would be bought: the fastest")
    assert (await shop.state())["labels_bought"] == 0


async def test_an_address_is_checked_and_the_exit_code_tells(
    shop: Connected, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.worked()
    capsys.readouterr()  # what the test itself logged
    good = await number(shop, "planned")
    said = await command("orders", "check-address", good)
    assert (said.code, said.lines[0]) == (0, f"{good}  delivered to")
    missing = await command("orders", "check-address", "nothing")
    assert missing.code == 1
    assert (await command("orders", "check-address")).code == 2


async def test_a_label_is_printed_again_as_bought_and_converted_once(
    shop: Connected, command: Command, tmp_path: Path
) -> None:
    await deliver_with_png(shop)
    order = await number(shop, "easypost")
    picture, zebra = tmp_path / "label.png", tmp_path / "label.zpl"
    assert (await command("orders", "label", order, "--output", str(picture))).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    for _ in range(2):
        assert (await command("orders", "label", order, "--output", str(zebra), "--format", "ZPL")).code == 0
        assert zebra.read_bytes().startswith(b"^XA")
    assert (await shop.state())["http_calls"]["easypost.shipments.label"] == 1, "the second one is the stored one"
    refused = await command(
        "orders", "document", order, "--type", "packing_slip", "--output", str(tmp_path / "slip.pdf")
    )
    assert (refused.code, "does not ship it" in refused.err) == (1, True)


async def deliver_with_png(shop: Connected) -> None:
    """Labels as the settings of the command line want them: convertible."""
    policies = dict(await shop.database.pool.fetchval("SELECT policies FROM shops"))
    await shop.database.pool.execute("UPDATE shops SET policies = $1", policies | {"label_format": "PNG"})
    await deliver(shop, await shop.worked())


async def test_a_days_parcels_are_on_one_form_a_carrier_made_once_and_kept(
    shop: Connected, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await deliver(shop, await shop.worked())
    parcels = await shop.count("packages WHERE provider = 'easypost' AND state IN ('labelled', 'told')")
    lost = {"operation": "easypost.scan_forms.create", "failure": "lost_reply"}
    await shop.world.tell("aim", lost)
    today = datetime.now(UTC).date().isoformat()
    capsys.readouterr()
    first = await command("carrier", "manifest", "--date", today, "--output", str(tmp_path), "--json")
    again = await command("carrier", "manifest", "--date", today, "--output", str(tmp_path), "--json")
    assert again.code == 0
    assert sum(document["parcels"] for document in again.documents) == parcels
    assert all(
        document["made"] and Path(document["file"]).read_bytes().startswith(b"%PDF-") for document in again.documents
    )
    assert [document["manifest_id"] for document in first.documents] == [d["manifest_id"] for d in again.documents]
    assert (first.code, first.documents[0]["made"]) == (1, False), (
        "its answer was lost, and it is looked up the next time"
    )
    state = await shop.state()
    assert (state["scan_forms"], state["double_forms_refused"]) == (len(again.documents), 0)
    none = await command("carrier", "manifest", "--date", "2020-01-01")
    assert (none.code, none.lines) == (0, [])
    assert (await command("carrier", "manifest", "--date", "yesterday")).code == 2


async def test_what_tiktok_prints_is_fetched_once_and_kept(
    database: EmbeddedServer, tmp_path: Path, configured: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    (tmp_path / "shop").mkdir()
    async with selling(database, tmp_path, configured, monkeypatch, orders=6, tiktok_shipping_share=1.0) as shop:
        await deliver(shop, await shop.worked())
        order, slip = await number(shop, "tiktok"), tmp_path / "slip.pdf"
        before = (await shop.state())["http_calls"]["tiktok.shipping.documents"]
        for _ in range(2):
            said = await command(
                "orders", "document", order, "--type", "packing_slip", "--size", "A5", "--out", str(slip)
            )
            assert said.code == 0, said.err
            assert b"PACKING_SLIP A5" in slip.read_bytes()
        assert (await shop.state())["http_calls"]["tiktok.shipping.documents"] == before + 1
        kept = await shop.database.pool.fetchrow("SELECT kind, size, body FROM documents WHERE kind = 'packing_slip'")
        assert (kept["kind"], kept["size"], b"%PDF" in kept["body"]) == ("packing_slip", "A5", False), "it is sealed"
