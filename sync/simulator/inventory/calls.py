"""The service's side of the protocol: availability, reservations, adjustments, levels."""

import hmac
from typing import Any

import orjson

from sync.simulator.admin import ADMIN, admin_reply, let_in
from sync.simulator.inventory.book import MAIN, Key
from sync.simulator.wire import Call, Dialect, Operation, RefusedError, Reply
from sync.simulator.world import World


def answer(data: object, status: int = 200) -> Reply:
    """Return an answer as JSON."""
    return Reply(status, orjson.dumps(data))


def refusal(status: int, code: str, message: str, items: list[dict[str, Any]] | None = None) -> RefusedError:
    """Return a refusal to raise."""
    return RefusedError(answer({"error": {"code": code, "message": message, "items": items or []}}, status))


DIALECT = Dialect(
    bad_body=lambda: refusal(400, "malformed", "The body is not a JSON object.").reply,
    throttled=lambda: Reply(429, b"{}", headers=((b"retry-after", b"1"),)),
    failed=lambda: answer({"error": {"code": "broken", "message": "Something broke."}}, 500),
)


class InventoryCalls:
    """The calls of the service, and the admin's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._book = world.inventory

    def operations(self) -> list[Operation]:
        """Return the calls."""

        def about(call: Call) -> str:
            return call.path_values.get("order", "")

        calls: list[tuple[str, str, str, Any]] = [
            ("availability", "POST", "/v1/availability", self.availability),
            ("reserve", "PUT", "/v1/reservations/{order}", self.reserve),
            ("reservation", "GET", "/v1/reservations/{order}", self.reservation),
            ("release", "DELETE", "/v1/reservations/{order}", self.release),
            ("adjust", "POST", "/v1/adjustments", self.adjust),
            ("levels", "GET", "/v1/levels", self.levels),
        ]
        service = [
            Operation(f"inventory.{name}", method, path, handle, DIALECT, self._gate, about)
            for name, method, path, handle in calls
        ]
        admin = [
            Operation(
                f"admin.inventory.{method.lower()}",
                method,
                "/admin/inventory",
                handle,
                ADMIN,
                let_in,
                suffers_faults=False,
            )
            for method, handle in (("GET", self.book), ("POST", self.find))
        ]
        return service + admin

    def availability(self, call: Call) -> Reply:
        """Return how it stands with each item; items that name the same are added up."""
        wanted: dict[Key, int] = {}
        for key, units in _items(call.json()):
            wanted[key] = wanted.get(key, 0) + units
        items = [
            {
                "sku": key[0],
                "location": key[1],
                "requested_quantity": units,
                "available_quantity": (free := max(0, self._book.available(key))),
                "status": "available" if free >= units else "partial" if free else "unavailable",
            }
            for key, units in wanted.items()
        ]
        return answer({"available": all(item["status"] == "available" for item in items), "items": items})

    def reserve(self, call: Call) -> Reply:
        """Keep exactly this for the order, all of it or nothing; the same again changes nothing."""
        order = call.path_values["order"]
        items = _items(call.json())
        short = [
            {
                "sku": key[0],
                "location": key[1],
                "requested": units,
                "available": max(0, self._book.available(key, but=order)),
            }
            for key, units in items
            if self._book.available(key, but=order) < units
        ]
        if short:
            raise refusal(422, "insufficient", "Not all of it is there.", short)
        kept = self._book.kept.get(order)
        if kept is None or kept.state != "active" or dict(kept.items) != dict(items):
            self._world.record("stock_kept", order=order, items=[[*key, units] for key, units in items])
        return self.reservation(call)

    def reservation(self, call: Call) -> Reply:
        """Return what is kept for an order."""
        kept = self._book.kept.get(call.path_values["order"])
        if kept is None:
            raise refusal(404, "unknown", "There is no such reservation.")
        items = [{"sku": sku, "location": place, "quantity": units} for (sku, place), units in kept.items.items()]
        return answer({"order": call.path_values["order"], "state": kept.state, "items": items})

    def release(self, call: Call) -> Reply:
        """Keep nothing for the order any more; the same again changes nothing."""
        order = call.path_values["order"]
        kept = self._book.kept.get(order)
        if kept is None:
            raise refusal(404, "unknown", "There is no such reservation.")
        if kept.state == "active":
            self._world.record("stock_released", order=order)
        return self.reservation(call)

    def adjust(self, call: Call) -> Reply:
        """Book movements, each once by its key; another movement under a used key is refused, and nothing is booked then."""
        body = call.json()
        fresh: list[dict[str, Any]] = []
        for item in body.get("items") or []:
            movement = {
                "key": str(item["key"]),
                "sku": str(item["sku"]),
                "location": str(item.get("location") or MAIN),
                "delta": int(item["delta"]),
            }
            known = self._book.booked.get(str(item["key"]))
            if known is not None and known != movement:
                raise refusal(409, "key_used", f"The key {movement['key']} stands for another movement.")
            if known is None:
                fresh.append(movement)
        if fresh:
            self._world.record(
                "stock_adjusted", order=str(body.get("order") or ""), reason=str(body.get("reason")), items=fresh
            )
        return answer({"booked": len(fresh)})

    def levels(self, call: Call) -> Reply:
        """Return a page of levels by SKU."""
        rows = self._book.as_json()["levels"]
        first, size = int(call.value("cursor") or 0), int(call.value("limit") or 100)
        end = first + size
        return answer({"levels": rows[first:end], "next_cursor": str(end) if end < len(rows) else ""})

    def book(self, call: Call) -> Reply:
        """Return everything."""
        return admin_reply(self._book.as_json())

    def find(self, call: Call) -> Reply:
        """Make what is on hand of a SKU another number, as a person there would."""
        body = call.json()
        self._world.record(
            "stock_found",
            sku=str(body["sku"]),
            location=str(body.get("location") or MAIN),
            on_hand=int(body["on_hand"]),
        )
        return self.book(call)

    def _gate(self, call: Call) -> None:
        given = call.headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, b"Bearer " + self._world.credentials.inventory_api_key.encode()):
            raise refusal(401, "unauthorized", "The key is not accepted.")


def _items(body: dict[str, Any]) -> list[tuple[Key, int]]:
    items = [
        ((str(item["sku"]), str(item.get("location") or MAIN)), int(item["quantity"]))
        for item in body.get("items") or []
    ]
    if not items or any(units < 1 for _, units in items):
        raise refusal(400, "malformed", "Give items with sku, location and a quantity from 1.")
    return items
