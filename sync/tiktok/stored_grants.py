"""One grant's tokens in the database: every daemon sees a refresh, and only one of them makes it."""

from __future__ import annotations

import structlog

from engine.actors import CHANNEL
from engine.database.connection import Database
from engine.errors import OrdersError
from engine.identifiers import GrantId
from engine.shops import ending, grants, refreshing
from engine.shops.grants import GrantState, GrantTokens
from engine.shops.refreshing import Busy, Ended, RefreshClaim
from sync.tiktok.token_calls import Issued
from sync.tiktok.tokens import NotConnected

CLAIM_SECONDS = 20.0
"""A refresh takes less. What a daemon leaves that dies in the middle is tried again after it, and one that is only slow finds that another
has refreshed instead: TikTok gives the same successor until it is used."""

_AGAIN_SECONDS = 300.0
_log = structlog.get_logger(__name__)


class StoredGrant:
    """`sync.tiktok.tokens.TokenStore` over `engine.shops`."""

    def __init__(self, database: Database, grant_id: GrantId) -> None:
        self._database = database
        self._grant_id = grant_id

    async def load(self) -> GrantTokens:
        state, tokens = await grants.read_tokens(self._database, self._grant_id)
        if state is not GrantState.ACTIVE:
            raise NotConnected(f"The shop's authorisation is {state}: connect it again (orders-tui shop connect).")
        if tokens is None:
            raise NotConnected("The shop has no tokens that can be read: connect it again, or give the master key.")
        return tokens

    async def claim(self, refused: str) -> RefreshClaim | GrantTokens | Busy | Ended:
        found = await refreshing.claim_refresh(self._database, self._grant_id, refused, CLAIM_SECONDS)
        if isinstance(found, Ended) and found.state is GrantState.EXPIRED:
            await ending.expire_grants(self._database, actor=CHANNEL)
        return found

    async def save(self, claim: RefreshClaim, issued: Issued) -> bool:
        stored = await refreshing.store(self._database, claim, issued.tokens, issued.seller.scopes)
        _log.info("tokens_refreshed", grant_id=str(self._grant_id), stored=stored)
        return stored

    async def give_back(self, claim: RefreshClaim, error: OrdersError) -> None:
        _log.warning("refresh_failed", grant_id=str(self._grant_id), code=error.code, sentence=error.sentence)
        await refreshing.give_back(self._database, claim.grant_id, claim.number, error.sentence, _AGAIN_SECONDS)

    async def end(self, claim: RefreshClaim, sentence: str) -> None:
        _log.error("grant_ended", grant_id=str(self._grant_id), sentence=sentence)
        await ending.end_grant(
            self._database, self._grant_id, GrantState.REVOKED, sentence, actor=CHANNEL, claim=claim.number
        )
