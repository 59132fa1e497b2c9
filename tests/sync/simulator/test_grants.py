"""Consent, several sellers and shops, revocation, withheld scopes, inactive shops: by a client that follows TikTok's rules by itself."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sync.simulator.scenario import Scenario
from sync.simulator.server import serve
from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at

SHOPS = "/authorization/202309/shops"
WAREHOUSES = "/logistics/202309/warehouses"
SEARCH = "/order/202309/orders/search"


async def consent(seller: Seller, **values: str) -> tuple[int, dict[str, str]]:
    query = {"service_id": seller.keys["service_id"]} | values
    response = await seller.http.get("/open/authorize", params=query, follow_redirects=False)
    answer = parse_qs(urlsplit(response.headers.get("location", "")).query)
    return response.status_code, {name: each[0] for name, each in answer.items()}


async def token(seller: Seller, which: str, **values: str) -> Json:
    keys = {name: seller.keys[name] for name in ("app_key", "app_secret")}
    grant_type = "authorized_code" if which == "get" else "refresh_token"
    query = keys | {"grant_type": grant_type} | values
    return dict((await seller.http.get(f"/api/v2/token/{which}", params=query)).json())


async def admin(seller: Seller, call: str, **body: Any) -> Json:
    response: httpx.Response = await seller.http.post(f"/admin/{call}", json=body)
    return dict(response.json())


async def code_of(seller: Seller, path: str, cipher: str = "") -> int:
    query = {"shop_cipher": cipher} if cipher else {}
    return int((await seller.tiktok("GET", path, query, cipher=False)).json()["code"])


async def test_a_seller_who_consents_is_sent_back_with_a_code_and_the_state(seller: Seller) -> None:
    status, answer = await consent(seller, state="s/7+=")
    assert (status, answer["state"]) == (302, "s/7+=")
    tokens = (await token(seller, "get", auth_code=answer["code"]))["data"]
    assert tokens["seller_name"] == seller.keys["shop_name"]
    assert (await token(seller, "get", auth_code=answer["code"]))[
        "data"
    ] == tokens  # not used yet: the reply may be lost
    seller.access_token = tokens["access_token"]
    assert await code_of(seller, SHOPS) == 0
    assert (await token(seller, "get", auth_code=answer["code"]))["code"] == 36009004


async def test_a_seller_who_refuses_or_came_from_the_store(seller: Seller) -> None:
    _, refused = await consent(seller, state="s", answer="deny")
    assert (refused["code"], refused["error"], refused["state"]) == ("null", "auth_denied", "s")
    _, from_store = await consent(seller)
    assert "state" not in from_store
    assert (await consent(seller, service_id="1"))[0] == 400


async def test_a_code_lives_half_an_hour(clock: MovableClock) -> None:
    async with serve(Scenario(orders=0), faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        _, answer = await consent(seller, state="s")
        clock.now += 1801
        assert (await token(seller, "get", auth_code=answer["code"]))["code"] == 36009004
        _, again = await consent(seller, state="s")
        assert (await token(seller, "get", auth_code=again["code"]))["code"] == 0


async def test_a_grant_covers_several_shops_each_with_its_own_cipher(seller: Seller) -> None:
    await admin(seller, "shops", grant=0, name="Harbor Lane UK", region="GB", seller_type="CROSS_BORDER")
    other = await admin(seller, "shops", name="Alder Goods")
    shops = (await seller.tiktok("GET", SHOPS, cipher=False)).json()["data"]["shops"]
    assert [(shop["region"], shop["seller_type"]) for shop in shops] == [("US", "LOCAL"), ("GB", "CROSS_BORDER")]
    assert len({shop["cipher"] for shop in shops}) == len({shop["id"] for shop in shops}) == 2
    assert [await code_of(seller, WAREHOUSES, shop["cipher"]) for shop in shops] == [0, 0]
    # A cipher of another seller does not go with this token, and theirs goes with their own.
    assert await code_of(seller, WAREHOUSES, other["shops"][0]["cipher"]) == 101000
    seller.access_token = other["access_token"]
    assert await code_of(seller, WAREHOUSES, other["shops"][0]["cipher"]) == 0
    assert await code_of(seller, WAREHOUSES, shops[0]["cipher"]) == 101000


async def test_orders_belong_to_the_first_shop_alone(seller: Seller) -> None:
    added = await admin(seller, "shops", grant=0, name="Harbor Lane UK", region="GB")
    cipher = added["shops"][1]["cipher"]
    orders = await seller.orders()
    query = {"page_size": "100", "shop_cipher": cipher}
    mine = (await seller.tiktok("POST", SEARCH, query, {}, cipher=False)).json()["data"]
    assert (len(orders) > 0, mine["orders"], mine["total_count"]) == (True, [], 0)
    detail = {"ids": orders[0]["id"], "shop_cipher": cipher}
    assert (await seller.tiktok("GET", "/order/202309/orders", detail, cipher=False)).json()["code"] == 21008111


async def test_a_revoked_grant_is_good_for_nothing_until_it_is_given_anew(seller: Seller) -> None:
    refresh_token = seller.keys["refresh_token"]
    await admin(seller, "revoke", grant=0)
    assert await code_of(seller, SHOPS) == 36009004
    assert (await token(seller, "refresh", refresh_token=refresh_token))["code"] == 36004005
    _, answer = await consent(seller, state="s")
    seller.access_token = (await token(seller, "get", auth_code=answer["code"]))["data"]["access_token"]
    assert await code_of(seller, SHOPS) == 0
    assert (await token(seller, "refresh", refresh_token=refresh_token))["code"] == 36004005


async def test_a_grant_that_has_run_out_is_not_refreshed(clock: MovableClock) -> None:
    async with serve(Scenario(orders=0), faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        changed = await admin(seller, "grant", grant=0, ends_in_seconds=60)
        assert changed["refresh_token_expire_in"] == int(clock.now) + 60
        clock.now += 61
        refused = await token(seller, "refresh", refresh_token=seller.keys["refresh_token"])
        assert (refused["code"], refused["message"]) == (36004001, "rt has expired")


async def test_a_scope_that_was_withheld_is_missing(seller: Seller) -> None:
    changed = await admin(seller, "grant", grant=0, withhold=["seller.logistics"])
    assert "seller.logistics" not in changed["scopes"]
    assert await code_of(seller, WAREHOUSES, seller.keys["shop_cipher"]) == 105005
    assert await code_of(seller, SHOPS) == 0
    await admin(seller, "grant", grant=0, withhold=[])
    assert await code_of(seller, WAREHOUSES, seller.keys["shop_cipher"]) == 0


@pytest.mark.parametrize(("what", "code"), [("shop", 36009043), ("seller", 36009044)])
async def test_what_is_inactive_answers_nothing_about_its_shop(seller: Seller, what: str, code: int) -> None:
    def state(*, active: bool) -> Json:
        return {"active": active} if what == "seller" else {"shops": {seller.keys["shop_id"]: active}}

    await admin(seller, "grant", grant=0, **state(active=False))
    assert await code_of(seller, WAREHOUSES, seller.keys["shop_cipher"]) == code
    await admin(seller, "grant", grant=0, **state(active=True))
    assert await code_of(seller, WAREHOUSES, seller.keys["shop_cipher"]) == 0


async def test_what_was_granted_outlives_a_kill(tmp_path: Any) -> None:
    journal = tmp_path / "journal"
    async with serve(Scenario(orders=0), journal=journal) as simulator, seller_at(simulator.url) as seller:
        added = await admin(seller, "shops", name="Alder Goods")
        await admin(seller, "revoke", grant=0, silent=True)
        before = (await seller.http.get("/admin/grants")).json()
    async with serve(Scenario(orders=0), journal=journal) as simulator, seller_at(simulator.url) as seller:
        assert (await seller.http.get("/admin/grants")).json() == before
        assert before["grants"][1] == added
        assert before["grants"][0]["revoked"]
