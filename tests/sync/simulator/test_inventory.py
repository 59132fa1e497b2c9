"""The inventory service of the simulator, as any client that reads its protocol finds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from sync.simulator.scenario import Scenario
from sync.simulator.server import serve

MUG = {"sku": "MUG-BLU", "location": "MAIN"}


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve(Scenario(seed=5, orders=0)) as simulator,
        httpx.AsyncClient(base_url=simulator.url, timeout=20) as http,
    ):
        key = (await http.get("/admin/credentials")).json()["inventory_api_key"]
        http.headers["authorization"] = f"Bearer {key}"
        yield http


async def level(http: httpx.AsyncClient) -> tuple[int, int, int]:
    levels = (await http.get("/v1/levels", params={"limit": 1000})).json()["levels"]
    [found] = [row for row in levels if row["sku"] == "MUG-BLU"]
    return found["on_hand"], found["reserved"], found["available"]


async def test_a_reservation_is_what_was_last_put_all_or_nothing() -> None:
    async with client() as http:
        for units in (3, 3, 5):
            answer = await http.put("/v1/reservations/1", json={"items": [MUG | {"quantity": units}]})
            assert (answer.status_code, answer.json()["state"]) == (200, "active")
        assert await level(http) == (500, 5, 495)
        refused = await http.put("/v1/reservations/2", json={"items": [MUG | {"quantity": 496}]})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "insufficient")
        assert refused.json()["error"]["items"] == [MUG | {"requested": 496, "available": 495}]
        assert (await http.get("/v1/reservations/2")).status_code == 404
        assert [(await http.delete("/v1/reservations/1")).json()["state"] for _ in range(2)] == ["released"] * 2
        assert (await http.delete("/v1/reservations/2")).status_code == 404
        assert await level(http) == (500, 0, 500)


async def test_a_movement_is_booked_once_by_its_key() -> None:
    async with client() as http:
        await http.put("/v1/reservations/1", json={"items": [MUG | {"quantity": 3}]})
        taken = {"reason": "shipped", "order": "1", "items": [MUG | {"key": "m-1", "delta": -2}]}
        booked = [(await http.post("/v1/adjustments", json=taken)).json()["booked"] for _ in range(2)]
        assert booked == [1, 0]
        assert await level(http) == (498, 1, 497)
        other = taken | {"items": [MUG | {"key": "m-2", "delta": -1}, MUG | {"key": "m-1", "delta": -9}]}
        assert (await http.post("/v1/adjustments", json=other)).status_code == 409
        assert await level(http) == (498, 1, 497)


async def test_levels_come_in_pages_and_only_with_the_key() -> None:
    async with client() as http:
        first = (await http.get("/v1/levels", params={"limit": 30})).json()
        second = (await http.get("/v1/levels", params={"limit": 30, "cursor": first["next_cursor"]})).json()
        assert (len(first["levels"]), second["next_cursor"]) == (30, "")
        assert not {row["sku"] for row in first["levels"]} & {row["sku"] for row in second["levels"]}
        await http.post("/admin/inventory", json={"sku": "MUG-BLU", "on_hand": 9})
        assert await level(http) == (9, 0, 9)
        answer = (await http.post("/v1/availability", json={"items": [MUG | {"quantity": 12}]})).json()
        assert (answer["available"], answer["items"][0]["status"]) == (False, "partial")
        http.headers["authorization"] = "Bearer wrong"
        assert (await http.get("/v1/levels")).status_code == 401
