"""Who may refresh a grant's tokens: one at a time in the whole fleet, by a claim on its row, so that no lock is held over the network.

A claim names a token of its own; new tokens are only stored by the claim that asked for them. A claimant that died is waited for until its
claim ends, and then the same refresh token is tried again: TikTok answers it as long as its successor was never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.identifiers import GrantId
from engine.shops.grants import REFRESH_DUE, GrantState, GrantTokens, open_tokens

if TYPE_CHECKING:
    from engine.database.connection import Database

_TOKENS = "access_token, access_expires_at, refresh_token, refresh_expires_at"

_LOOK = f"""
SELECT state, claim_until IS NOT NULL AND claim_until > now() AS claimed, access_expires_at > now() AS lasts,
       refresh_expires_at <= now() AS ended, {_TOKENS}
FROM grants WHERE id = $1 FOR NO KEY UPDATE
"""  # noqa: S608

_CLAIM = """
UPDATE grants SET claim = nextval('claim_tokens'), claim_until = now() + make_interval(secs => $2) WHERE id = $1 RETURNING claim
"""

# Only what some shop is still reached with. The round looks at a handful of rows: grants are as many as sellers.
_CLAIM_DUE = f"""
UPDATE grants SET claim = nextval('claim_tokens'), claim_until = now() + make_interval(secs => $1)
WHERE id = (SELECT id FROM grants g
            WHERE state = 'active' AND refresh_due_at <= now() AND refresh_expires_at > now()
              AND (claim_until IS NULL OR claim_until <= now())
              AND EXISTS (SELECT FROM shops s WHERE s.grant_id = g.id AND s.state IN ('connected', 'paused'))
            ORDER BY refresh_due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, claim, {_TOKENS}
"""  # noqa: S608

_STORE = f"""
UPDATE grants
SET access_token = $3, access_expires_at = $4::timestamptz, refresh_token = $5, refresh_expires_at = $6,
    refresh_due_at = {REFRESH_DUE.format(until="$4::timestamptz")}, refreshed_at = now(), error = NULL, claim = NULL,
    claim_until = NULL, scopes = CASE WHEN $7::text[] = '{{}}' THEN scopes ELSE $7 END, updated_at = now(),
    warned_at = CASE WHEN refresh_expires_at IS DISTINCT FROM $6 THEN NULL ELSE warned_at END
WHERE id = $1 AND claim = $2 AND state = 'active'
RETURNING id
"""  # noqa: S608

_GIVE_BACK = """
UPDATE grants SET claim = NULL, claim_until = NULL, error = $3, refresh_due_at = now() + make_interval(secs => $4), updated_at = now()
WHERE id = $1 AND claim = $2
"""


@dataclass(frozen=True, slots=True)
class RefreshClaim:
    """The right to refresh one grant now; `number` is named in the write of the new tokens."""

    grant_id: GrantId
    number: int
    tokens: GrantTokens


@dataclass(frozen=True, slots=True)
class Busy:
    """Another one is refreshing it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The grant holds no more, or has no tokens that can be read."""

    state: GrantState


async def claim_refresh(
    database: Database, grant_id: GrantId, refused: str, seconds: float
) -> RefreshClaim | GrantTokens | Busy | Ended:
    """Claim the refresh of a grant whose access token is `refused` or near its end; tokens when somebody has refreshed it already."""

    async def write(connection: Any) -> RefreshClaim | GrantTokens | Busy | Ended:
        row = await connection.fetchrow(_LOOK, grant_id)
        if row is None or row["state"] != GrantState.ACTIVE:
            return Ended(GrantState(row["state"]) if row else GrantState.REVOKED)
        tokens = await open_tokens(database, grant_id, row)
        if tokens is None:
            return Ended(GrantState.ACTIVE)
        if tokens.access != refused and row["lasts"]:
            return tokens
        if row["ended"]:
            return Ended(GrantState.EXPIRED)
        if row["claimed"]:
            return Busy()
        return RefreshClaim(grant_id, await connection.fetchval(_CLAIM, grant_id, seconds), tokens)

    return await database.run(write)


async def claim_due(database: Database, seconds: float) -> RefreshClaim | None:
    """The grant whose refresh has been due for longest, claimed; None when none is due."""
    row = await database.pool.fetchrow(_CLAIM_DUE, seconds)
    if row is None:
        return None
    grant_id = GrantId(row["id"])
    tokens = await open_tokens(database, grant_id, row)
    if tokens is None:
        await give_back(
            database, grant_id, row["claim"], "Its tokens cannot be opened: give back the master key.", 3600
        )
        return None
    return RefreshClaim(grant_id, row["claim"], tokens)


async def store(database: Database, claim: RefreshClaim, tokens: GrantTokens, scopes: tuple[str, ...] = ()) -> bool:
    """Store both new tokens at once; False when the claim is not held any more, and the grant has others."""

    async def write(connection: Any) -> bool:
        owner = await connection.fetchval("SELECT user_id FROM grants WHERE id = $1", claim.grant_id)
        vault = database.vault
        await vault.ensure(connection, owner)
        stored = await connection.fetchval(
            _STORE,
            claim.grant_id,
            claim.number,
            vault.seal_text(owner, "grants.access_token", claim.grant_id, tokens.access),
            tokens.access_expires_at,
            vault.seal_text(owner, "grants.refresh_token", claim.grant_id, tokens.refresh),
            tokens.refresh_expires_at,
            list(scopes),
        )
        return stored is not None

    return await database.run(write)


async def give_back(database: Database, grant_id: GrantId, number: int, sentence: str, again_seconds: float) -> None:
    """Let others refresh it after a try that failed, and keep why."""
    await database.pool.execute(_GIVE_BACK, grant_id, number, sentence, again_seconds)
