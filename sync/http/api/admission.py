"""From a request's token to a session. What was read of a user is believed for seconds, so that one who was disabled is soon out."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

import structlog
from starlette.requests import Request

from engine.access import refusals, users
from engine.access import tokens as own_tokens
from engine.access.caller import Caller
from engine.access.scoped import scoped
from engine.database.connection import Database
from sync.http.api.limits import Limits
from sync.http.api.session import Session
from sync.http.api.settings import ApiSettings
from sync.http.api.tokens import Tokens, refused
from sync.http.problem import Problem

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_MOST_REMEMBERED = 4096

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    session: Session
    read_at: float


class Admission:
    """Lets in who is known."""

    def __init__(
        self,
        database: Database,
        settings: ApiSettings,
        tokens: Tokens,
        limits: Limits,
        *,
        source: Callable[[Request], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._limits = limits
        self._source = source
        self._clock = clock
        self._look_again_seconds = settings.access.look_again_seconds
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self.largest_body_bytes = settings.largest_body_bytes

    async def admit(self, request: Request) -> Session:
        """The session of whoever sent this. Raises Problem 401, 403, 429."""
        try:
            session = await self._session(_bearer(request))
        except Problem as problem:
            if problem.status in {401, 403}:
                source = self._source(request)
                self._limits.refused(source)
                _log.warning("caller_refused", code=problem.code, source=source)
            raise
        await self._limits.user(session.caller.user_id)
        return session

    async def _session(self, token: str) -> Session:
        if token.startswith(own_tokens.PREFIX):
            return await self._remembered(token, lambda: self._of_own(token))
        verified = await self._tokens.verify(token)
        return await self._remembered(verified.subject, lambda: self._of_subject(verified.subject))

    async def _remembered(self, name: str, read: Callable[[], Awaitable[Caller]]) -> Session:
        key = hashlib.sha256(name.encode()).digest()
        known = self._known.get(key)
        if known is not None and self._clock() - known.read_at < self._look_again_seconds:
            return known.session
        self._known.pop(key, None)
        read_at = self._clock()
        caller = await read()
        session = Session(caller, scoped(self._database, caller))
        self._known[key] = _Known(session, read_at)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return session

    async def _of_own(self, token: str) -> Caller:
        found = await own_tokens.find(self._database, token)
        if isinstance(found, Caller):
            return found
        if found.caller is not None:
            await self._note(found.caller, found.standing.value)
        match found.standing:
            case own_tokens.Standing.UNKNOWN:
                raise refused("access.bad_token", "The token is not known here.")
            case own_tokens.Standing.EXPIRED:
                raise refused("access.expired", "The token has expired; get a new one.")
            case own_tokens.Standing.REVOKED:
                raise refused("access.revoked", "The token was revoked; get a new one.")
            case own_tokens.Standing.DISABLED:
                raise _disabled()
            case _:
                assert_never(found.standing)

    async def _of_subject(self, subject: str) -> Caller:
        caller = await users.of_subject(self._database, subject)
        if caller is not None:
            return caller
        if disabled := await users.disabled_of_subject(self._database, subject):
            await self._note(disabled, "disabled")
            raise _disabled()
        raise Problem(
            403, "access.unknown_user", "The token is good, but nobody here goes by it; ask an admin to add you."
        )

    async def _note(self, caller: Caller, why: str) -> None:
        """Who is nobody here has no chain to be noted on; the log has him."""
        await refusals.note(self._database, caller.actor, caller.role, f"api ({why})")


def _disabled() -> Problem:
    return Problem(403, "access.disabled", "You were disabled here; ask an admin.")


def _bearer(request: Request) -> str:
    given = request.headers.getlist("authorization")
    if not given:
        raise Problem(
            401,
            "access.no_token",
            "Nobody is asking: send a token as Authorization: Bearer.",
            headers={"www-authenticate": 'Bearer realm="orders"'},
        )
    scheme, _, token = given[0].partition(" ")
    token = token.strip(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise refused("access.bad_token", "The Authorization header holds no bearer token.")
    return token
