"""How something is written through the API: as the caller, at the version that was seen, and once however often it is asked.

`Idempotency-Key` names a request: the same again gets the same answer, another under its name is refused. `If-Match` names the version
of the order that was seen: where it was changed since, nothing is done and the answer says what changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header
from pydantic import WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from engine import named_requests
from engine.database.joined import Joined
from engine.database.locks import lock_for_result
from engine.database.notify import CHANGED, Announcer
from engine.errors import Conflict, NotFound, Refused
from engine.identifiers import OrderId
from engine.named_requests import Answer, Name
from engine.orders.changes import CHANGED_MEANWHILE, what_changed
from engine.orders.parcels.sharing import sharing
from engine.orders.views import ChangeOutcome
from sync.http.api.session import Session
from sync.http.api.writing import etag
from sync.http.problem import Problem

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A name of the caller's own for this request: sent again within a day it is done once.",
    ),
]
_Tags = Annotated[
    str,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": ["*"]},
                {"type": "string", "pattern": r'^(W/)?"[^"]*"(, ?(W/)?"[^"]*")*$'},
            ]
        }
    ),
]
IfMatch = Annotated[
    _Tags | None,
    Header(
        alias="If-Match",
        description='The ETag of the order that was seen, `"7"`; where it was changed since, nothing is done (412).',
    ),
]

_PLANNED_ONCE: Final = "SET LOCAL plan_cache_mode TO force_generic_plan"
"""For the engine's writes, which are the same statements each time: for one order, planning them costs more than doing them."""

_TAG: Final = re.compile(r'(W/)?"([^"]*)"')
_TAGS: Final = re.compile(rf"\s*{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*\s*")

Work = Callable[[Any, Joined], Awaitable[Answer]]
"""Does it on the transaction's connection, or with the engine's functions on a database that is this transaction."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Which versions of an order a request will do with; None: any."""

    versions: frozenset[int] | None

    @classmethod
    def read(cls, if_match: str | None) -> Seen:
        """What an `If-Match` says. Raises Problem 422 for what is no list of tags."""
        if if_match is None or if_match.strip() == "*":
            return cls(None)
        if _TAGS.fullmatch(if_match) is None:
            raise Problem(422, "request.if_match", 'If-Match names the version that was seen, such as "7", or *.')
        # A weak tag never matches here, nor does one that is no version.
        strong = [tag for weak, tag in _TAG.findall(if_match) if not weak]
        versions = {int(tag) for tag in strong if tag.isascii() and tag.isdigit() and len(tag) < 10}
        return cls(frozenset(versions))


class Deeds:
    """Writes of one process; daemons and consoles are told of each."""

    def __init__(self, announcers: tuple[Announcer, ...]) -> None:
        self._announcers = announcers

    @classmethod
    def of(cls, database: Any) -> Deeds:
        """Those that tell by this database."""
        return cls((Announcer(database), Announcer(database, CHANGED)))

    async def do(self, request: Request, session: Session, key: str | None, work: Work) -> Response:
        """Do it in one transaction with its name, or give the answer it got before. Raises what `work` raises; then nothing is there."""
        name = await name_of(request, session, key)
        database = session.database

        async def write(connection: Any) -> tuple[Answer, bool]:
            await connection.execute(_PLANNED_ONCE)
            if name is not None and (known := await claim(connection, session, name)) is not None:
                assert known.answer is not None, "what is one transaction has its answer"
                return known.answer, True
            answer = await work(connection, Joined(database, connection))
            if name is not None:
                await named_requests.keep(connection, database.vault, name, answer)
            return answer, False

        answer, replayed = await database.run(write)
        if not replayed:
            self.told()
        return response(answer, replayed=replayed)

    def told(self) -> None:
        """Something was written: whoever waits for it need not wait for the next look."""
        for announcer in self._announcers:
            announcer.announce()


def deeds_of(request: Request) -> Deeds:
    """The application's."""
    deeds: Deeds = request.app.state.deeds
    return deeds


async def name_of(request: Request, session: Session, key: str | None) -> Name | None:
    """The name of a request, with the digest of what it asks."""
    if key is None:
        return None
    asked = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    asked.update(await request.body())
    return Name(session.caller.user_id, key, asked.digest())


async def claim(connection: Any, session: Session, name: Name) -> named_requests.Known | None:
    """What is known of a name. Raises Problem 409 while another runs under it, and where it named something else."""
    try:
        return await named_requests.begin(connection, session.database.vault, name)
    except Conflict as busy:
        raise Problem(409, busy.code, busy.sentence, headers={"retry-after": "1"}) from None


async def lock_seen(connection: Any, order_id: UUID, seen: Seen) -> None:
    """Hold the order at a version that was seen. Raises NotFound, or Problem 412 saying what changed."""
    if seen.versions is None:
        return
    together = await sharing(connection, [OrderId(order_id)])
    await lock_for_result(connection, [OrderId(order_id), *together])
    version = await connection.fetchval("SELECT version FROM orders WHERE id = $1", order_id)
    if version is None:
        raise NotFound("order.not_found", f"There is no order {order_id}.")
    if version not in seen.versions:
        sentence = await what_changed(connection, OrderId(order_id), max(seen.versions, default=0))
        raise Problem(412, CHANGED_MEANWHILE, sentence, headers={"etag": etag(version)})


def check(outcome: ChangeOutcome) -> bool:
    """Whether the order changed; False when it was as asked already. Raises NotFound, or Refused with the engine's reason."""
    if outcome.unchanged:
        return False
    if outcome.code == "order.unknown":
        raise NotFound(outcome.code, outcome.sentence)
    if outcome.refused:
        raise Refused(outcome.code, outcome.sentence)
    return True


def response(answer: Answer, *, replayed: bool = False) -> Response:
    """An answer as it goes out."""
    headers = {"etag": answer.etag} if answer.etag else {}
    if replayed:
        headers["idempotent-replayed"] = "true"
    return Response(answer.body, answer.status, headers, "application/json")
