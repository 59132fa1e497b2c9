"""Turns what changes in the world into messages for those who asked to be told."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sync.simulator.credentials import digits
from sync.simulator.easypost.tracker_payload import tracker_payload
from sync.simulator.easypost.trackers import Tracker
from sync.simulator.shop.cancel_requests import CancelRequest
from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.packages import Package
from sync.simulator.shop.returns import Return
from sync.simulator.tiktok.cancellations import cancel_id
from sync.simulator.tiktok.order_payload import cancelled_by
from sync.simulator.webhooks import carrier_events, happenings
from sync.simulator.webhooks.happenings import OF_THE_SELLER, WITHOUT_NOTIFICATION_ID, Happening
from sync.simulator.webhooks.outbox import Message, Outbox
from sync.simulator.webhooks.registrations import Hook
from sync.simulator.webhooks.signing import easypost_signature, tiktok_signature
from sync.simulator.world import World

STRANGERS_SECRET = "not the secret"  # noqa: S105 - what a forged message is signed with


class Announcer:
    """Listens to the world, and puts messages into the outbox; with nobody registered it does nothing."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        """Listen from now on: what a journal brought back was announced by the process that died."""
        self._world = world
        self._outbox = outbox
        self._told = 0
        self._events = 0
        world.announce = self.tell
        world.orders.on_move = self._order_moved
        world.orders.on_new_address = self._address_changed
        world.packages.on_stage = self._parcel_moved
        world.cancel_requests.on_change = self._request_changed
        world.packages.on_regrouped = self._regrouped
        world.returns.on_change = self._return_changed
        world.trackers.on_created = self._tracker_created
        world.shipments.on_refunded = self._label_refunded

    def tell(self, happening: Happening) -> None:
        """Tell one thing to whoever registered for its topic."""
        world = self._world
        shop_id = happening.shop_id or world.credentials.shop_id
        address = world.registrations.address(shop_id, happening.topic)
        if address is None:
            return
        self._told += 1
        identity = f"7590{digits(6, world.scenario.seed, 'notifications')}{self._told:09d}"
        envelope: dict[str, Any] = {"type": happening.type}
        if happening.type not in WITHOUT_NOTIFICATION_ID:
            envelope["tts_notification_id"] = identity
        if happening.type in OF_THE_SELLER:
            envelope["seller_open_id"] = f"sim{shop_id}"
        else:
            envelope["shop_id"] = shop_id
        envelope |= {"timestamp": int(world.now), "data": happening.data}
        self._outbox.put(
            self._signed(address, identity, envelope, world.credentials.app_secret),
            happening.at,
            self._forgery(address, identity, envelope),
        )

    def _signed(self, address: str, identity: str, envelope: Mapping[str, Any], secret: str) -> Message:
        body = orjson.dumps(envelope)
        headers = {
            "content-type": "application/json",
            "authorization": tiktok_signature(self._world.credentials.app_key, secret, body),
        }
        return Message("tiktok", address, identity, body, headers)

    def _forgery(self, address: str, identity: str, envelope: Mapping[str, Any]) -> Message | None:
        if not self._world.faults.rates.webhook_forged:
            return None
        data = {**envelope["data"], "order_status": "CANCEL"}
        return self._signed(address, identity, {**envelope, "data": data}, STRANGERS_SECRET)

    def _order_moved(self, order: Order, at: float) -> None:
        if not self._world.registrations.any or order.status is OrderStatus.PARTIALLY_SHIPPING:
            return  # TikTok's list of statuses in this event does not have that one
        on_hold = self._world.orders.hold_seconds(order) > 0
        self.tell(
            happenings.order_status(order.id, order.status.value, on_hold=on_hold, at=at, shop_id=self._shop(order))
        )
        if order.status is not OrderStatus.CANCELLED or cancelled_by(order) == "SYSTEM":
            return
        if not any(request.order is order for request in self._world.cancel_requests.all):
            status = "CANCELLATION_REQUEST_COMPLETE"
            self.tell(
                happenings.cancellation_status(
                    order.id,
                    cancel_id(order),
                    cancelled_by(order),
                    status,
                    created_at=at,
                    at=at,
                    shop_id=self._shop(order),
                )
            )

    def _request_changed(self, request: CancelRequest, at: float) -> None:
        self.tell(
            happenings.cancellation_status(
                request.order.id,
                request.id,
                request.by,
                request.status,
                created_at=request.created_at,
                at=at,
                shop_id=self._shop(request.order),
            )
        )

    def _shop(self, order: Order) -> str:
        return self._world.grants.with_orders[self._world.scenario.shop(order.index)].id

    def _address_changed(self, order: Order, at: float) -> None:
        self.tell(happenings.address_update(order.id, at=at, shop_id=self._shop(order)))

    def _regrouped(self, how: str, role: str, packages: Sequence[Package], at: float) -> None:
        rows = [(package.id, [part.order.id for part in package.parts]) for package in packages]
        self.tell(happenings.package_update(how, role, rows, at=at, shop_id=self._shop(packages[0].order)))

    def _return_changed(self, made: Return, at: float) -> None:
        self.tell(
            happenings.return_status(
                made.order.id, made.id, made.role, made.kind, made.status, created_at=made.created_at, at=at
            )
        )

    def _parcel_moved(self, package: Package, at: float) -> None:
        if not self._world.registrations.hooks:
            return
        for tracker in self._world.trackers.all_of_code(package.tracking_number):
            self._tell_hooks("tracker.updated", tracker_payload(self._world, tracker, now=at), at)

    def _tracker_created(self, tracker: Tracker, at: float) -> None:
        if self._world.registrations.hooks:
            self._tell_hooks("tracker.created", tracker_payload(self._world, tracker, now=at), at)

    def _label_refunded(self, shipment_id: str, tracking_code: str, carrier: str, at: float) -> None:
        if not self._world.registrations.hooks:
            return
        refund = {
            "id": f"rfnd_{shipment_id.removeprefix('shp_')}",
            "object": "Refund",
            "status": "refunded",
            "tracking_code": tracking_code,
            "carrier": carrier,
            "shipment_id": shipment_id,
            "confirmation_number": None,
        }
        self._tell_hooks("refund.successful", refund, at)

    def _tell_hooks(self, description: str, result: dict[str, Any], at: float) -> None:
        hooks = [hook for hook in self._world.registrations.hooks.values() if hook.disabled_at is None]
        if not hooks:
            return
        number, self._events = self._events, self._events + 1
        told = carrier_events.event(
            self._world.scenario.seed, number, description, result, at=at, hook_ids=[hook.id for hook in hooks]
        )
        for hook in hooks:
            secret = hook.secret
            forged = (
                self._event(hook, {**told, "result": {**result, "status": "delivered"}}, STRANGERS_SECRET)
                if self._world.faults.rates.webhook_forged
                else None
            )
            self._outbox.put(self._event(hook, told, secret), at, forged)

    def _event(self, hook: Hook, told: Mapping[str, Any], secret: str | None) -> Message:
        body = orjson.dumps(told)
        headers = {"content-type": "application/json", "user-agent": "EasyPost/2.0", **hook.headers}
        if secret:
            headers["x-hmac-signature"] = easypost_signature(secret, body)
        return Message("easypost", hook.url, f"{told['id']}/{hook.id}", body, headers, hook=hook.id)
