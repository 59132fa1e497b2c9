"""The end of a grant: revoked by the seller, refused by TikTok, or run out; and the warnings before it runs out.

Its shops are told apart from all others at once: they are polled no more and their effects wait, whatever order they belong to, until the
shop is connected again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.identifiers import GrantId, ShopId, UserId, new_id
from engine.shops.grants import WARNED_DAYS, GrantState
from engine.words import EffectKind
from engine.workflow.plan import NewEffect

if TYPE_CHECKING:
    from engine.database.connection import Database

_END = """
UPDATE grants SET state = $2, error = $3, claim = NULL, claim_until = NULL, refresh_due_at = NULL, updated_at = now()
WHERE id = $1
"""

_STOP = """
UPDATE shops SET state = 'revoked', state_reason = $2 WHERE id = ANY(ARRAY(
    SELECT id FROM shops WHERE grant_id = $1 AND state IN ('connected', 'paused') ORDER BY id FOR NO KEY UPDATE))
RETURNING id, user_id, name
"""

_WARN = """
UPDATE grants SET warned_at = now()
WHERE id = ANY(ARRAY(
    SELECT id FROM grants g
    WHERE state = 'active' AND refresh_expires_at <= now() + make_interval(days => $1)
      AND (warned_at IS NULL OR warned_at <= now() - interval '1 day')
      AND EXISTS (SELECT FROM shops s WHERE s.grant_id = g.id AND s.state IN ('connected', 'paused'))
    ORDER BY id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED))
RETURNING id, seller_name, refresh_expires_at, now() AS now
"""

_OVER = "SELECT id FROM grants WHERE state = 'active' AND refresh_expires_at <= now() ORDER BY id LIMIT 100"

_GRANT_OF = """
SELECT s.grant_id FROM shops s JOIN grants g ON g.id = s.grant_id
WHERE s.platform = 'tiktok_shop' AND s.tiktok_shop_id = $1 AND g.state = 'active'
"""


async def end_grant(
    database: Database,
    grant_id: GrantId,
    state: GrantState,
    sentence: str,
    *,
    actor: Actor,
    happened_at: datetime | None = None,
    claim: int | None = None,
) -> bool:
    """Take note that a grant holds no more; its shops stop. False when it had ended before.

    With the `claim` of a refresh, only while that is held: what TikTok refuses of an earlier grant does not end the one granted anew.
    Word of an end at `happened_at` that arrives after the seller has granted access anew is about the earlier grant, and changes nothing.
    """

    async def write(connection: Any) -> bool:
        row = await connection.fetchrow(
            """
            SELECT user_id, seller_name, state, now() AS now,
                   connected_at > coalesce($2, connected_at) OR claim IS DISTINCT FROM coalesce($3, claim) AS renewed
            FROM grants WHERE id = $1 FOR NO KEY UPDATE
            """,
            grant_id,
            happened_at,
            claim,
        )
        if row is None or row["state"] != GrantState.ACTIVE or row["renewed"]:
            return False
        await database.vault.ensure(connection, row["user_id"])
        await connection.execute(_END, grant_id, state, sentence)
        stopped = await connection.fetch(_STOP, grant_id, sentence)
        before, after = {"state": GrantState.ACTIVE}, {"state": state, "why": sentence}
        owner, vault = UserId(row["user_id"]), database.vault
        await chain.append(connection, vault, owner, grant_id, f"grant.{state}", actor, before, after)
        for shop in stopped:
            await chain.append(
                connection, vault, shop["user_id"], shop["id"], "shop.revoked", actor, None, {"why": sentence}
            )
        if stopped:
            names = ", ".join(sorted(shop["name"] for shop in stopped))
            values = {"seller": row["seller_name"], "shops": names, "why": sentence}
            key = f"notice:grant_revoked:{grant_id}:{row['now'].timestamp():.6f}"
            await ledger.intend(connection, [_notice(key, "grant_revoked", ShopId(stopped[0]["id"]), values)])
        return True

    return await database.run(write)


async def revoke_grant(
    database: Database, tiktok_shop_id: str, *, actor: Actor, happened_at: datetime | None = None
) -> bool:
    """The seller took the app's access to this shop away. False when nothing changed: unknown, ended before, or granted anew since."""
    grant_id = await database.pool.fetchval(_GRANT_OF, tiktok_shop_id)
    if grant_id is None:
        return False
    sentence = "The seller took the app's authorisation back: connect the shop again (orders-tui shop connect)."
    return await end_grant(
        database, GrantId(grant_id), GrantState.REVOKED, sentence, actor=actor, happened_at=happened_at
    )


async def expire_grants(database: Database, *, actor: Actor) -> int:
    """End the grants whose time is over. Answers how many."""
    ended = 0
    for row in await database.pool.fetch(_OVER):
        sentence = "The seller's authorisation has run out: connect the shop again (orders-tui shop connect)."
        ended += await end_grant(database, GrantId(row["id"]), GrantState.EXPIRED, sentence, actor=actor)
    return ended


async def warn_of_ends(database: Database, days: int = WARNED_DAYS) -> int:
    """Tell support of grants that end within so many days, each once a day. Answers how many."""

    async def write(connection: Any) -> int:
        ending = await connection.fetch(_WARN, days)
        if not ending:
            return 0
        shops = await _shops_of(connection, [row["id"] for row in ending])
        notices = []
        for row in ending:
            of_grant = shops[row["id"]]
            left = max((row["refresh_expires_at"] - row["now"]).days, 0)
            values = {
                "seller": row["seller_name"],
                "shops": ", ".join(name for _, name in of_grant),
                "ends": f"{row['refresh_expires_at']:%Y-%m-%d %H:%M} UTC",
                "left": "1 day" if left == 1 else f"{left} days",
            }
            key = f"notice:grant_ending:{row['id']}:{row['now']:%Y-%m-%d %H:%M}"
            notices.append(_notice(key, "grant_ending", of_grant[0][0], values))
        await ledger.intend(connection, notices)
        return len(notices)

    return await database.run(write)


async def _shops_of(connection: Any, grant_ids: Sequence[UUID]) -> dict[UUID, list[tuple[ShopId, str]]]:
    rows = await connection.fetch(
        """
        SELECT grant_id, id, name FROM shops
        WHERE grant_id = ANY($1::uuid[]) AND state IN ('connected', 'paused') ORDER BY name, id
        """,
        grant_ids,
    )
    shops: dict[UUID, list[tuple[ShopId, str]]] = {}
    for row in rows:
        shops.setdefault(row["grant_id"], []).append((ShopId(row["id"]), row["name"]))
    return shops


def _notice(key: str, template: str, shop_id: ShopId, values: dict[str, str]) -> NewEffect:
    kind = EffectKind.NOTICE
    return NewEffect(
        effect_id=new_id(),
        key=key,
        kind=kind,
        dependency=DEPENDENCY_OF[kind],
        order_id=None,
        shop_id=shop_id,
        package_id=None,
        ahead=0,
        delay_seconds=0.0,
        provider_reference="",
        request={"template": template, "audience": "support", **values},
    )
