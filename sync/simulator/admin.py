"""`/admin/*`: what a test or a demo may ask and do behind the services' backs; not signed, never failing on purpose."""

from typing import Any

import orjson

from sync.simulator.easypost import envelope as easypost_envelope
from sync.simulator.faults import Answer, UnknownFaultsError, preset
from sync.simulator.scenario import Fate
from sync.simulator.shop.catalogue import Sku, catalogue, stock_of
from sync.simulator.tiktok import envelope as tiktok_envelope
from sync.simulator.tiktok.order_payload import money
from sync.simulator.wire import Call, Dialect, Operation, RefusedError, Reply
from sync.simulator.world import World, rates_as_json


def admin_reply(data: object, status: int = 200) -> Reply:
    """Return any data as JSON."""
    return Reply(status, orjson.dumps(data))


def admin_error(sentence: str, status: int) -> RefusedError:
    """Return a refusal in one sentence, to raise."""
    return RefusedError(admin_reply({"error": sentence}, status))


ADMIN = Dialect(
    bad_body=lambda: admin_reply({"error": "The request body is not a JSON object; send one."}, 400),
    throttled=lambda: admin_reply({}, 429),
    failed=lambda: admin_reply({}, 500),
)


def let_in(_call: Call) -> None:
    """A gate that is always open: the server listens on loopback only."""


class AdminCalls:
    """The simulator's own calls."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the admin operations."""
        calls: list[tuple[str, str, Any]] = [
            ("GET", "catalogue", self.catalogue),
            ("GET", "state", self.state),
            ("GET", "credentials", self.credentials),
            ("POST", "mend", self.mend),
            ("POST", "faults", self.faults),
            ("POST", "aim", self.aim),
        ]
        return [
            Operation(f"admin.{name}", method, f"/admin/{name}", handle, ADMIN, let_in, suffers_faults=False)
            for method, name, handle in calls
        ]

    def catalogue(self, call: Call) -> Reply:
        """Return what the warehouse knows about its products."""
        return admin_reply({"products": [self._product(sku) for sku in catalogue().listed]})

    def state(self, call: Call) -> Reply:
        """Return the numbers of the world."""
        world = self._world
        orders, shipments, packages = world.orders, world.shipments, world.packages
        labelled = {order for order, labels in shipments.live_labels.items() if labels > 0}
        return admin_reply(
            {
                "seed": world.scenario.seed,
                "now": world.now,
                "started_at": orders.started_at,
                "orders_total": world.scenario.orders,
                "arrived": len(orders.arrived),
                "orders": {status.value: number for status, number in sorted(orders.count_by_status.items())},
                "foretold": world.scenario.foretold(),
                "shipments": len(shipments.all),
                "labels_bought": shipments.bought,
                "labels_voided": shipments.refunded,
                "orders_with_two_labels": shipments.orders_with_two_labels(),
                "double_buys_refused": world.tallies.refusals["double_buy"],
                "scan_forms": len(world.scan_forms.all),
                "double_forms_refused": world.tallies.refusals["double_form"],
                "carrier_refusals": world.tallies.refusals["carrier"],
                "shipped": len(packages.shipped_orders()),
                "packages": packages.by_state()["shipped"],
                "packages_by_state": packages.by_state(),
                "cancel_requests": world.cancel_requests.by_status(),
                "returns": world.returns.by_status(),
                "double_ships_refused": world.tallies.refusals["double_ship"],
                "packages_needing_label": len(labelled | packages.shipped_orders()),
                "tiktok_labels_bought": packages.labels_bought(),
                "tiktok_double_buys_refused": world.tallies.refusals["tiktok_double_buy"],
                "mended": len(world.mended),
                "http_calls": dict(sorted(world.tallies.calls.items())),
                "faults": dict(sorted(world.tallies.faults.items())),
                "fault_rates": rates_as_json(world.faults.rates),
                "webhooks": world.outbox.as_json(),
                "stock_calls": world.stock.calls,
            }
        )

    def credentials(self, call: Call) -> Reply:
        """Return every key a client needs."""
        keys, tokens = self._world.credentials, self._world.tokens
        return admin_reply(
            {
                "app_key": keys.app_key,
                "app_secret": keys.app_secret,
                "service_id": keys.service_id,
                "auth_code": tokens.auth_code,
                "access_token": tokens.current.access_token,
                "access_token_expire_in": int(tokens.current.access_expires_at),
                "refresh_token": tokens.current.refresh_token,
                "refresh_token_expire_in": int(tokens.current.refresh_expires_at),
                "open_id": self._world.grants.first.open_id,
                "scopes": self._world.grants.first.scopes(),
                "shop_id": keys.shop_id,
                "shop_name": keys.shop_name,
                "shop_cipher": keys.shop_cipher,
                "easypost_api_key": keys.easypost_api_key,
                "inventory_api_key": keys.inventory_api_key,
            }
        )

    def mend(self, call: Call) -> Reply:
        """Make the carrier sell postage again, for one order or for all it refuses."""
        world, body = self._world, call.json()
        refused = [index for index, t in world.scenario.troubles().items() if t.fate is Fate.CARRIER_REFUSED]
        if body.get("all") is True:
            chosen = sorted(index for index in refused if index not in world.mended)
        else:
            index = world.orders.index_of(str(body.get("order_id") or ""))
            if index not in refused:
                raise admin_error('Give {"all": true} or {"order_id": …} of an order the carrier refuses.', 404)
            chosen = [index]
        world.record("mended", orders=chosen)
        return admin_reply({"mended": [world.orders.order_id(index) for index in chosen]})

    def faults(self, call: Call) -> Reply:
        """Take a preset, single rates, or both, and return the rates in force."""
        body = call.json()
        try:
            rates = preset(str(body["preset"])) if "preset" in body else self._world.faults.rates
            rates = rates.altered({name: rate for name, rate in body.items() if name != "preset"})
        except UnknownFaultsError as unknown:
            raise admin_error(str(unknown), 400) from None
        self._world.record("fault_rates", rates=rates_as_json(rates))
        return admin_reply({"fault_rates": rates_as_json(rates)})

    def aim(self, call: Call) -> Reply:
        """Strike single calls: of `operation`, those named by `calls` (1 is the next), with `failure` and a delay.

        Or answer them with a documented `code` (and another `message`, `status`), or with code 0 around `data`;
        `carried_out` does the work first. What is aimed is forgotten when the simulator ends.
        """
        body = call.json()
        calls = [int(number) for number in body.get("calls") or [1]]
        answer = None
        if "code" in body or "data" in body:
            parts = {name: body.get(name) for name in ("code", "message", "status", "data")}
            answer = Answer(**parts, carried_out=body.get("carried_out") is True)
        try:
            operation = str(body["operation"])
            if answer is not None:
                _check_documented(operation, answer)
            self._world.faults.aim(operation, body.get("failure"), float(body.get("delay_seconds") or 0), calls, answer)
        except KeyError:
            raise admin_error('Name the operation, as {"operation": "easypost.shipments.buy"}.', 400) from None
        except UnknownFaultsError as unknown:
            raise admin_error(str(unknown), 400) from None
        return admin_reply({"aimed": calls})

    def _product(self, sku: Sku) -> dict[str, Any]:
        return {
            "sku": sku.seller_sku,
            "name": f"{sku.product_title}, {sku.option}" if sku.option != "Default" else sku.product_title,
            "barcode": sku.barcode,
            "weight_grams": sku.weight_grams,
            "stock": stock_of(sku, self._world.scenario.orders),
            "unit_price": money(sku.price_cents),
            "currency": "USD",
            "bin": sku.bin,
            "product_id": sku.product_id,
            "sku_id": sku.sku_id,
        }


def _check_documented(operation: str, answer: Answer) -> None:
    made = {"tiktok": tiktok_envelope.documented, "easypost": easypost_envelope.documented}.get(
        operation.partition(".")[0]
    )
    if answer.code is None or made is None:
        return
    try:
        made(answer.code, answer.message, answer.status)
    except (KeyError, ValueError):
        raise admin_error(
            f"{answer.code} is not a documented code; give its message and status with it.", 400
        ) from None
