"""The connected shops as this process reaches them: one client for each grant, shared by its shops, each shop with its own cipher.

What other programs change of them (connected anew, disconnected, paused, revoked) is learned by `refresh`, which costs one small query;
in between nothing is asked of the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.actors import CHANNEL
from engine.database.connection import Database
from engine.errors import NotFound, OrdersError, Terminal
from engine.identifiers import GrantId, ShopId
from engine.privacy.cipher import MASK
from engine.shops import shops, standing
from engine.shops.standing import Reach
from engine.words import Dependency
from sync.tiktok.client import TikTokClient
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.errors import ShopInactive
from sync.tiktok.tokens import NotConnected


@dataclass(frozen=True, slots=True)
class _Known:
    reach: Reach
    shop: ConnectedShop


class Directory:
    """Finds shops; `client_of` makes a grant's client."""

    def __init__(self, database: Database, client_of: Callable[[GrantId], TikTokClient]) -> None:
        self._database = database
        self._client_of = client_of
        self._clients: dict[GrantId, TikTokClient] = {}
        self._known: dict[ShopId, _Known] = {}
        self._stopped: dict[ShopId, str] = {}
        self._offline: set[ShopId] = set()
        self._back: set[ShopId] = set()
        self._looked = False
        self._granted: dict[ShopId, datetime | None] = {}

    async def refresh(self) -> None:
        """Learn which shops are reached, and how."""
        reaches = {reach.shop_id: reach for reach in await standing.read_reaches(self._database)}
        stopped = {shop_id: reach.stopped for shop_id, reach in reaches.items() if reach.stopped}
        # At first every shop counts as reached again: whoever put something off for it may have died before it was woken.
        before = self._stopped.keys() if self._looked else reaches.keys()
        # One that was stopped and granted anew between two looks is no different, but for the moment of its grant.
        granted = {shop_id: reach.granted_at for shop_id, reach in reaches.items()}
        anew = {shop_id for shop_id, moment in granted.items() if self._granted.get(shop_id, moment) != moment}
        self._back |= (before | anew) - stopped.keys()
        self._granted = granted
        self._looked = True
        self._stopped = stopped
        self._offline = {shop_id for shop_id, reach in reaches.items() if reach.offline}
        self._known = {shop_id: known for shop_id, known in self._known.items() if reaches.get(shop_id) == known.reach}

    def take_back(self) -> set[ShopId]:
        """The shops that are reached again since this was last asked."""
        back, self._back = self._back, set()
        return back

    def stopped(self, shop_id: ShopId, dependency: Dependency) -> str | None:
        """Why nothing is begun there for this shop, as far as this process knows; None while it is.

        What a shop that works from files needs of carriers goes on.
        """
        if dependency is not Dependency.TIKTOK and shop_id in self._offline:
            return None
        return self._stopped.get(shop_id)

    async def find(self, shop_id: ShopId) -> ConnectedShop:
        """The shop with its families of calls. Raises NotConnected while it is not reached, Terminal when there is no such shop."""
        if shop_id in self._stopped:
            await self.refresh()
        if why := self._stopped.get(shop_id):
            raise NotConnected(why)
        known = self._known.get(shop_id)
        if known is None:
            await self.refresh()
            known = self._known[shop_id] = await self._connect(shop_id)
        return known.shop

    async def _connect(self, shop_id: ShopId) -> _Known:
        try:
            row = await shops.find_shop(self._database, shop_id)
        except NotFound as error:
            raise Terminal(error.code, error.sentence) from error
        (reach,) = [each for each in await standing.read_reaches(self._database) if each.shop_id == shop_id]
        if reach.stopped or reach.grant_id is None:
            raise NotConnected(reach.stopped or f"{row.name} is not connected to TikTok (orders-tui shop connect).")
        if row.cipher in {"", MASK}:
            raise NotConnected(
                f"{row.name} cannot be reached without the master key: give it, or connect the shop again."
            )
        return _Known(reach, ConnectedShop(self.client(reach.grant_id), row.cipher, row.region))

    async def answers(self, shop_id: ShopId) -> bool:
        """Whether TikTok answers for a shop that is stopped here; what it says of it otherwise is no news."""
        shop = await shops.find_shop(self._database, shop_id)
        if shop.grant_id is None or shop.cipher in {"", MASK}:
            return False
        try:
            await self.client(shop.grant_id).call("logistics.warehouses", cipher=shop.cipher)
        except OrdersError:
            return False
        return True

    async def pause(self, grant_id: GrantId, cipher: str, error: ShopInactive) -> None:
        """TikTok calls the shop of this cipher inactive, or all of the grant's: they are left alone until they answer again."""
        if not cipher and not error.whole_seller:
            return
        for shop in await shops.list_shops(self._database):
            if shop.grant_id == grant_id and (error.whole_seller or shop.cipher == cipher):
                await standing.pause_shop(self._database, shop.shop_id, error.sentence, actor=CHANNEL)
        await self.refresh()

    def client(self, grant_id: GrantId) -> TikTokClient:
        """The grant's client."""
        known = self._clients.get(grant_id)
        if known is None:
            known = self._clients[grant_id] = self._client_of(grant_id)
        return known
