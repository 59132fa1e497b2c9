"""Requests that their caller gave a name: each is done once, and asked again it gets the answer it got.

Name and effect are one transaction: after a crash either both are there or neither. While one runs, another of its name is told so; a
request that was refused changed nothing and leaves no name behind. What takes several transactions (a bulk change) is begun in one
with its name, and gone on with by whoever asks again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from engine.errors import Conflict, Refused
from engine.identifiers import BatchId, UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Database
    from engine.privacy.cipher import Vault

KEPT: Final = timedelta(hours=24)
"""So long the same name means the same request."""

RUNNING: Final = "request.running"
REUSED: Final = "request.key_reused"

_PLACE = "api_answers.body"
_SWEPT_AT_ONCE = 10_000

# Ends with the transaction, whatever ends that; behind a pooler, too.
_CLAIM = "SELECT pg_try_advisory_xact_lock($1)"

# Index: api_answers_caller_key_key.
_FIND = "SELECT id, asked, batch_id, status, etag, user_id, body FROM api_answers WHERE caller = $1 AND key = $2"

_KEEP = """
INSERT INTO api_answers (id, caller, key, asked, batch_id, status, etag, user_id, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (caller, key) DO UPDATE
SET status = excluded.status, etag = excluded.etag, user_id = excluded.user_id, body = excluded.body
"""

# Index: api_answers_created_index.
_SWEEP = """
DELETE FROM api_answers WHERE id IN (
    SELECT id FROM api_answers WHERE created_at < now() - $1::interval ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Name:
    """Who asked, what they call it, and a digest of what was asked."""

    caller: UserId
    key: str
    asked: bytes

    @property
    def lock(self) -> int:
        """The number of the advisory lock that stands for it."""
        digest = hashlib.blake2b(self.caller.bytes + self.key.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given. `owner` is the creator whose personal data may be in it."""

    status: int
    body: bytes
    etag: str = ""
    owner: UserId | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A name that was met before. Without an answer the `batch_id` it began may be gone on with."""

    answer: Answer | None
    batch_id: BatchId | None


async def begin(connection: Any, vault: Vault, name: Name) -> Known | None:
    """Claim a name for this transaction; what is known of it, None for a new one.

    Raises Conflict while another has it, Refused for one that meant something else.
    """
    if not await connection.fetchval(_CLAIM, name.lock):
        raise Conflict(RUNNING, "The same request is being worked on; ask again in a moment for its answer.")
    row = await connection.fetchrow(_FIND, name.caller, name.key)
    if row is None:
        return None
    if row["asked"] != name.asked:
        raise Refused(REUSED, "This Idempotency-Key was sent with another request before; give each request its own.")
    batch_id = BatchId(row["batch_id"]) if row["batch_id"] else None
    if row["status"] is None:
        return Known(None, batch_id)
    body = row["body"] if row["user_id"] is None else vault.open(_PLACE, row["id"], row["body"])
    if body is None:
        raise Conflict(
            "request.answer_forgotten", "It was done, but its answer can no longer be read; look at the order itself."
        )
    return Known(Answer(row["status"], bytes(body), row["etag"], row["user_id"]), batch_id)


async def keep(
    connection: Any, vault: Vault, name: Name, answer: Answer | None, *, batch_id: UUID | None = None
) -> None:
    """Write down what a name got, or that it began a batch and has no answer yet."""
    row_id = new_id()
    if answer is None:
        await connection.execute(_KEEP, row_id, name.caller, name.key, name.asked, batch_id, None, "", None, None)
        return
    owner = answer.owner if answer.owner is not None and vault.can_seal(answer.owner) else None
    if owner is not None and batch_id is not None:
        raise AssertionError("an answer to a batch holds nothing personal")
    body = answer.body if owner is None else vault.seal(owner, _PLACE, row_id, answer.body)
    await connection.execute(
        _KEEP, row_id, name.caller, name.key, name.asked, batch_id, answer.status, answer.etag, owner, body
    )


async def sweep(database: Database) -> int:
    """Forget names that are older than `KEPT`; how many it were."""

    async def write(connection: Any) -> int:
        return int((await connection.execute(_SWEEP, KEPT, _SWEPT_AT_ONCE)).removeprefix("DELETE "))

    return await database.run(write)
