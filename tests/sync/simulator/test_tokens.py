"""Exchange, refresh and expiry of tokens."""

from sync.simulator.scenario import Scenario
from sync.simulator.server import serve
from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at

SHOPS = "/authorization/202309/shops"


async def ask(seller: Seller, which: str, grant_type: str, **values: str) -> Json:
    keys = {name: seller.keys[name] for name in ("app_key", "app_secret")}
    query = keys | {"grant_type": grant_type} | values
    return dict((await seller.http.get(f"/api/v2/token/{which}", params=query)).json())


async def refresh(seller: Seller, token: str) -> Json:
    return await ask(seller, "refresh", "refresh_token", refresh_token=token)


async def test_an_authorization_code_is_exchanged_for_tokens_once(seller: Seller) -> None:
    code = seller.keys["auth_code"]
    assert (await ask(seller, "get", "refresh_token", auth_code=code))["code"] == 36009004
    tokens = (await ask(seller, "get", "authorized_code", auth_code=code))["data"]
    assert tokens["user_type"] == 0
    seller.access_token = tokens["access_token"]
    assert (await seller.tiktok("GET", SHOPS, cipher=False)).json()["code"] == 0
    assert (await ask(seller, "get", "authorized_code", auth_code=code))["code"] == 36009004
    wrong = {"app_secret": "no", "auth_code": code}
    assert (await ask(seller, "get", "authorized_code", **wrong))["code"] == 36009004


async def test_an_expired_access_token_is_refused_until_it_is_refreshed(clock: MovableClock) -> None:
    scenario = Scenario(orders=0)
    running = serve(scenario, faults="none", clock=clock, token_seconds=100)
    async with running as simulator, seller_at(simulator.url) as seller:
        assert seller.keys["access_token_expire_in"] == int(clock.now) + 100
        clock.now += 101
        expired = await seller.tiktok("GET", SHOPS, cipher=False)
        assert (expired.status_code, expired.json()["code"]) == (401, 105002)
        tokens = (await refresh(seller, seller.keys["refresh_token"]))["data"]
        assert tokens["access_token_expire_in"] == int(clock.now) + 100
        seller.access_token = tokens["access_token"]
        assert (await seller.tiktok("GET", SHOPS, cipher=False)).json()["code"] == 0


async def test_a_refresh_whose_reply_was_lost_can_be_repeated_until_its_tokens_are_used(seller: Seller) -> None:
    old = seller.keys["refresh_token"]
    first = (await refresh(seller, old))["data"]
    assert (await refresh(seller, old))["data"] == first
    assert first["refresh_token"] != old
    seller.access_token = first["access_token"]
    assert (await seller.tiktok("GET", SHOPS, cipher=False)).json()["code"] == 0
    assert (await refresh(seller, old))["code"] == 36009004
    assert (await refresh(seller, first["refresh_token"]))["code"] == 0
    assert (await refresh(seller, "SIMR_of_somebody_else"))["code"] == 36009004
