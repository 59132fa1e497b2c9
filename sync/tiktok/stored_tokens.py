"""The token store over the database: every daemon sees a refresh, and only one of two refreshes wins."""

from __future__ import annotations

from engine.database.connection import Database
from engine.errors import Conflict
from engine.identifiers import ShopId
from engine.orders import shops
from sync.tiktok.tokens import Tokens


class StoredTokens:
    """`sync.tiktok.tokens.TokenStore` over `engine.orders.shops`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, shop_id: ShopId) -> Tokens:
        stored = await shops.read_tokens(self._database, shop_id)
        return Tokens(
            access=stored.access,
            access_expires_at=stored.access_expires_at,
            refresh=stored.refresh,
            refresh_expires_at=stored.refresh_expires_at,
            open_id="",
            seller_name="",
            scopes=(),
        )

    async def save(self, shop_id: ShopId, tokens: Tokens, previous_refresh: str) -> None:
        stored = shops.StoredTokens(tokens.access, tokens.access_expires_at, tokens.refresh, tokens.refresh_expires_at)
        if not await shops.save_tokens(self._database, shop_id, stored, replacing=previous_refresh):
            raise Conflict("tiktok.refreshed_elsewhere", "Another daemon refreshed the shop's tokens first.")
