"""Shops: connected, looked at, switched between observing and working, disconnected; by one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import Misconfigured, NotFound, Refused
from engine.identifiers import GrantId
from engine.shops import grants, policies, standing
from engine.shops.grants import Grant, GrantState
from engine.shops.views import Standing, read_standings
from engine.workflow.facts import ImportMode
from orders_tui.services.connecting import Connector
from orders_tui.services.door import Door, lost_is_unreachable
from sync.seller_center.markets import market_of
from sync.tiktok.scopes import missing

_FIRST_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class ShopStatus:
    """A shop as people see it, with what it lacks."""

    shop: Standing
    missing_scopes: Mapping[str, str]
    """The permissions that were not granted, each with what it is for."""

    @property
    def troubles(self) -> list[str]:
        """What somebody should look at, one sentence each."""
        shop, found = self.shop, []
        if shop.state not in {"connected", "offline"}:
            found.append(f"It is {shop.state}: {shop.state_reason}" if shop.state_reason else f"It is {shop.state}.")
        if shop.state == "connected" and shop.grant_ends_soon and shop.grant_ends_at is not None:
            days = max(shop.grant_days_left or 0, 0)
            found.append(
                f"Its authorisation ends in {days} {'day' if days == 1 else 'days'}: connect it again (orders-tui shop connect)."
            )
        if shop.state == "connected" and shop.refresh_error:
            found.append(f"Its tokens were not refreshed: {shop.refresh_error}")
        found += [f"Asking for its {poll.topic} failed: {poll.error}" for poll in shop.polls if poll.error]
        found += [f"The permission {scope} is missing, {why}." for scope, why in self.missing_scopes.items()]
        return found


@dataclass(frozen=True, slots=True)
class Connected:
    """What connecting one shop came to."""

    status: ShopStatus
    new: bool


class Shops:
    """The connected shops, changed by one person."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def all(self) -> Sequence[ShopStatus]:
        """Every shop that was ever connected, by name."""
        with lost_is_unreachable():
            standings = await read_standings(self._database)
        return [ShopStatus(each, missing(each.scopes)) for each in standings]

    async def find(self, named: str) -> ShopStatus:
        """The shop of this name, TikTok id or id. Raises NotFound, or Refused where several are called so."""
        known = await self.all()
        exact = [each for each in known if named in {each.shop.tiktok_shop_id, str(each.shop.shop_id)}]
        found = exact or [each for each in known if each.shop.name.casefold() == named.casefold()]
        if len(found) > 1:
            raise Refused(
                "shop.ambiguous", f"Several shops are called {named!r}: give the id of the one that is meant."
            )
        if not found:
            names = ", ".join(each.shop.name for each in known) or "none"
            raise NotFound("shop.unknown", f"There is no shop {named!r}; connected: {names}.")
        return found[0]

    async def connect(self, connector: Connector, code: str, *, timezone: str = "") -> list[Connected]:
        """Connect every shop that the code stands for. Raises Refused, Terminal, Retryable; the grant is kept once it was given."""
        check_zone(timezone)
        grant_id = await self._door.write(connector.exchange(code))
        return await self._connect(connector, grant_id, timezone)

    async def reconnect(self, connector: Connector, *, timezone: str = "") -> list[Connected]:
        """Look again which shops the grants cover that are there already. Raises Refused when there is none."""
        check_zone(timezone)
        with lost_is_unreachable():
            known = await grants.list_grants(self._database)
        active = [grant for grant in known if grant.state is GrantState.ACTIVE and grant.access_expires_at is not None]
        if not active:
            raise Refused("shop.no_grant", "No seller has authorised the app yet: run orders-tui shop connect.")
        return [each for grant in active for each in await self._connect(connector, grant.grant_id, timezone)]

    async def grants(self) -> Sequence[Grant]:
        """Every grant, by seller."""
        with lost_is_unreachable():
            return await grants.list_grants(self._database)

    async def disconnect(self, named: str) -> ShopStatus:
        """Reach the shop no more; its orders stay. Raises NotFound."""
        shop = (await self.find(named)).shop
        await self._door.write(standing.disconnect_shop(self._database, shop.shop_id, actor=self._actor))
        return await self.find(str(shop.shop_id))

    async def set_mode(self, named: str, mode: ImportMode, *, anyway: bool = False) -> ShopStatus:
        """Work the shop's orders from now on, or only show them. Raises NotFound, Refused."""
        shop = (await self.find(named)).shop
        await self._door.write(
            policies.set_import_mode(self._database, shop.shop_id, mode, actor=self._actor, anyway=anyway)
        )
        return await self.find(str(shop.shop_id))

    async def set_policies(self, named: str, wanted: Mapping[str, str]) -> ShopStatus:
        """Change how the shop's orders are worked. Raises NotFound, Refused."""
        shop = (await self.find(named)).shop
        await self._door.write(policies.set_policies(self._database, shop.shop_id, wanted, actor=self._actor))
        return await self.find(str(shop.shop_id))

    async def _connect(self, connector: Connector, grant_id: GrantId, timezone: str) -> list[Connected]:
        connected = await self._door.write(connector.connect(grant_id, zone_of, timezone=timezone))
        return [Connected(await self.find(str(each.shop.shop_id)), not each.known) for each in connected]


def zone_of(region: str) -> str:
    """The time zone of a market's sellers, as far as one is likelier than others."""
    market = market_of(region)
    return market.zone if market else _FIRST_ZONE


def check_zone(timezone: str) -> None:
    """Raises Misconfigured for a zone that there is not."""
    try:
        if timezone:
            ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured(
            "usage.timezone", f"{timezone!r} is no time zone: give one such as Europe/Berlin."
        ) from None
