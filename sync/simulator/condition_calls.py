"""`/admin/clock`, `outage`, `limits`, `expire_token`, `regroup`: what a test or a scenario does to the world."""

from dataclasses import asdict, fields
from typing import Any

from sync.simulator.admin import ADMIN, admin_error, admin_reply, let_in
from sync.simulator.conditions import SERVICES, Limits, Outage, RetryAfter
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class ConditionCalls:
    """The simulator's own calls about the conditions in its world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on conditions."""
        calls = (
            ("clock", self.clock),
            ("outage", self.outage),
            ("limits", self.limits),
            ("expire_token", self.expire_token),
            ("regroup", self.regroup),
        )
        return [
            Operation(f"admin.{name}", "POST", f"/admin/{name}", handle, ADMIN, let_in, suffers_faults=False)
            for name, handle in calls
        ]

    def clock(self, call: Call) -> Reply:
        """Put the world's clock forward by `advance_seconds`; let TikTok's own clock be `skew_seconds` fast."""
        world, body = self._world, call.json()
        if "advance_seconds" in body:
            seconds = _number(body, "advance_seconds")
            if seconds < 0:
                raise admin_error("advance_seconds is negative; the world's clock only goes forward.", 400)
            world.record("clock_advanced", seconds=seconds)
            world.advance()
        if "skew_seconds" in body:
            world.record("clock_skew", seconds=_number(body, "skew_seconds"))
        return admin_reply({"now": world.now, **world.conditions.as_json()})

    def outage(self, call: Call) -> Reply:
        """Take a service down for so many seconds of the world's clock; 0 brings it back."""
        body = call.json()
        service, how = str(body.get("service")), str(body.get("how", Outage.REFUSE))
        if service not in SERVICES:
            raise admin_error(f"There is no service {service!r}; choose one of {', '.join(SERVICES)}.", 400)
        if how not in tuple(Outage):
            raise admin_error(f"A service cannot be down by {how!r}; choose one of {', '.join(Outage)}.", 400)
        self._world.record("outage", service=service, seconds=_number(body, "seconds"), how=how)
        return admin_reply(self._world.conditions.as_json())

    def expire_token(self, call: Call) -> Reply:
        """Let the access token in use be good no more, and return how many pairs there have been."""
        self._world.record("token_expired")
        return admin_reply({"pairs": len(self._world.tokens.pairs)})

    def regroup(self, call: Call) -> Reply:
        """Let TikTok itself split an order's packages unit by unit (`split`), or combine those of several (`combine`)."""
        world, body = self._world, call.json()
        orders = [world.orders.find(str(order_id)) for order_id in body.get("combine") or [body.get("split")]]
        waiting = [order for order in orders if order is not None and world.packages.unshipped_of(order)]
        if len(waiting) < len(orders):
            raise admin_error("Name orders whose packages wait to be shipped, which in the US none has.", 404)
        if "combine" in body:
            numbers = [order.index for order in waiting]
            made = [world.record("packages_combined", orders=numbers, role="ROLE_SYSTEM")]
        else:
            groups = [[unit] for unit in world.orders.going_units(waiting[0])]
            made = world.record("order_split", order=waiting[0].index, groups=groups, role="ROLE_SYSTEM")
        return admin_reply({"packages": [package.id for package in made]})

    def limits(self, call: Call) -> Reply:
        """Put rate limits in force, and return them all."""
        body, known = call.json(), [field.name for field in fields(Limits)]
        limits = asdict(self._world.conditions.limits)
        for name in body:
            if name not in known:
                raise admin_error(f"There is no limit {name!r}; choose among {', '.join(known)}.", 400)
            limits[name] = str(body[name]) if name == "retry_after" else _number(body, name)
        if limits["retry_after"] not in tuple(RetryAfter):
            raise admin_error(f"retry_after must be one of {', '.join(RetryAfter)}.", 400)
        self._world.record("limits", limits=limits)
        return admin_reply({"limits": limits})


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise admin_error(f"{name} is {value!r}; give a number.", 400)
    return float(value)
