"""An inventory service over HTTP, as `docs/inventory-service.md` describes it: reservations, adjustments, levels.

Every call may be repeated: a reservation is named by its order and says what is to be kept, an adjustment by its movement. So after a
lost answer the same is asked again, and what was done is found done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from engine.inventory.availability import Availability, AvailabilityResult, AvailableItem
from engine.ports.facts import ServiceLevel
from engine.ports.requests import StockItem
from engine.words import StockReason
from sync.http_client import encode_json, never_left, retry_after_seconds
from sync.resilience import Guard, TurnedAway
from sync.tiktok.reading import objects, text, whole

_PAGE = 500


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Where the service is; `api_key` prints nowhere."""

    url: str
    api_key: str


class Insufficient(Terminal):
    """The service does not have it all; `levels` says what it has of what was asked for."""

    def __init__(self, levels: tuple[ServiceLevel, ...]) -> None:
        short = ", ".join(f"{level.sku} ({level.available} at {level.location})" for level in levels) or "something"
        super().__init__("out_of_stock", f"The inventory service does not have it all: {short}.")
        self.levels = levels


class InventoryService:
    """The port to an inventory service: check, reserve, release, adjust, and what it has."""

    def __init__(self, http: httpx.AsyncClient, settings: ServiceSettings, guard: Guard) -> None:
        self._http = http
        self._settings = settings
        self._guard = guard

    async def check(self, items: Sequence[StockItem]) -> AvailabilityResult:
        """How it stands with these items there: advisory."""
        body = {"items": [{"sku": i.sku, "location": i.location, "quantity": i.quantity} for i in items]}
        answer = await self._guard.read(lambda: self._send("POST", "/v1/availability", "ask what is there", body))
        found = tuple(
            AvailableItem(
                text(item, "sku"),
                whole(item, "requested_quantity"),
                whole(item, "available_quantity"),
                Availability.of(whole(item, "requested_quantity"), whole(item, "available_quantity")),
            )
            for item in objects(answer, "items")
        )
        return AvailabilityResult(all(item.status is Availability.AVAILABLE for item in found), found)

    async def reserve(self, order: str, items: Sequence[StockItem]) -> None:
        """Have exactly this kept for the order, all or nothing, whatever was kept before. Raises Insufficient."""
        body = {"items": [{"sku": i.sku, "location": i.location, "quantity": i.quantity} for i in items]}
        await self._write("PUT", f"/v1/reservations/{quote(order, safe='')}", f"reserve stock for {order}", body)

    async def release(self, order: str) -> None:
        """Have nothing kept for the order; one it never heard of is well, too."""
        await self._write("DELETE", f"/v1/reservations/{quote(order, safe='')}", f"release the stock of {order}")

    async def adjust(self, items: Sequence[StockItem], reason: StockReason | str, *, order: str = "") -> None:
        """Have these units taken off the shelf, each movement once by its key, and off what is kept for the order."""
        body = {
            "reason": str(reason),
            "order": order,
            "items": [{"key": i.key, "sku": i.sku, "location": i.location, "delta": -i.quantity} for i in items],
        }
        await self._write("POST", "/v1/adjustments", "tell what left the shelf", body)

    async def levels(self) -> AsyncIterator[list[ServiceLevel]]:
        """What it has free, page by page. Raises Retryable for a page that comes again."""
        cursor, seen = "", set[str]()
        while True:
            query = {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
            answer = await self._guard.read(
                lambda query=query: self._send("GET", "/v1/levels", "read its levels", query=query)  # type: ignore[misc]
            )
            yield _levels(answer, "levels")
            cursor = text(answer, "next_cursor")
            if not cursor:
                return
            if cursor in seen:
                raise Retryable("inventory.repeated_page", "The inventory service repeats a page of its levels.")
            seen.add(cursor)

    async def _write(self, method: str, path: str, doing: str, body: Mapping[str, object] | None = None) -> None:
        await self._guard.write(lambda: self._send(method, path, doing, body, writes=True))

    async def _send(
        self,
        method: str,
        path: str,
        doing: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        writes: bool = False,
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._settings.api_key}", "content-type": "application/json"}
        content = encode_json(body) if body is not None else None
        try:
            response = await self._http.request(method, path, params=query, content=content, headers=headers)
        except httpx.HTTPError as error:
            failure = _lost(error, doing, writes=writes)
        else:
            return _open(response, doing, writes=writes)
        raise failure  # outside the `except`, so that the request with its key is not carried along


def _open(response: httpx.Response, doing: str, *, writes: bool) -> dict[str, Any]:
    status = response.status_code
    try:
        answer = orjson.loads(response.content) if response.content else {}
    except orjson.JSONDecodeError:
        answer = None
    if status < 300 and isinstance(answer, dict):
        return answer
    error = answer.get("error") if isinstance(answer, dict) else None
    problem: dict[str, Any] = error if isinstance(error, dict) else {}
    where = f"(HTTP {status})"
    match status:
        case 422 if text(problem, "code") == "insufficient":
            raise Insufficient(tuple(_levels(problem, "items")))
        case 401 | 403:
            raise TurnedAway(
                "inventory.credentials",
                f"The inventory service refuses the key {where}; give it again (inventory_api_key).",
            )
        case 429:
            raise Retryable(
                "inventory.too_many_requests",
                f"The inventory service asks for fewer calls {where}.",
                retry_after_seconds=retry_after_seconds(response),
                postponed=True,
            )
        case 404 if response.request.method == "DELETE":
            return {}
    if status < 300 or status == 408 or status >= 500:
        raise _unclear(doing, where, writes=writes)
    said = "".join(each if each.isprintable() else " " for each in text(problem, "message"))[:200]
    raise Terminal(
        "inventory.refused", f"The inventory service refused to {doing}: {said or 'no reason given'} {where}."
    )


def _lost(error: httpx.HTTPError, doing: str, *, writes: bool) -> OrdersError:
    what = type(error).__name__
    if never_left(error):
        return Retryable(
            "inventory.unreachable",
            f"The inventory service could not be reached to {doing} ({what}); check inventory.url.",
        )
    return _unclear(doing, f"({what})", writes=writes)


def _unclear(doing: str, where: str, *, writes: bool) -> OrdersError:
    sentence = f"The inventory service gave no clear answer to the request to {doing} {where}"
    if writes:
        return Ambiguous("inventory.no_answer", f"{sentence}; the same is asked again.")
    return Retryable("inventory.no_answer", f"{sentence}.")


def _levels(answer: dict[str, Any], name: str) -> list[ServiceLevel]:
    return [
        ServiceLevel(text(row, "sku"), text(row, "location"), max(0, whole(row, "available")))
        for row in objects(answer, name)
    ]
