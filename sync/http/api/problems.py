"""Every error as a refusal with a stable code: the engine's, the database's, the framework's; nothing of what is inside."""

from __future__ import annotations

import re
from collections.abc import Sequence

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from engine.database.loss import is_lost
from engine.errors import (
    Ambiguous,
    Conflict,
    Misconfigured,
    NotFound,
    OrdersError,
    Refused,
    Retryable,
    Terminal,
    Unreachable,
)
from sync.http.problem import Problem, broken, http_exception

_log = structlog.get_logger(__name__)

_MOST_PLACES = 50
_LONGEST_PLACE = 200
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def problem_of(error: Exception) -> Problem | None:
    """What an error of the engine or of the database is to a caller; None for a mistake of ours."""
    match error:
        case Problem():
            return error
        case OrdersError():
            return _of_engine(error)
        case asyncpg.QueryCanceledError():
            return _later("database.slow", "The database took too long to answer; ask for less, or try again.")
        case asyncpg.InsufficientPrivilegeError():
            return Problem(403, "access.denied", "The database refuses this to your role; nothing changed.")
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
            return _later("database.busy", "Others are changing the same thing; nothing changed, try again.")
        case asyncpg.DataError():
            return Problem(
                422, "request.unusable_value", "A value cannot be used here: too large, too long, or no text."
            )
        case _ if is_lost(error):
            return _later("database.away", "The database does not answer; what was asked may be tried again.")
        case _:
            return None


def _of_engine(error: OrdersError) -> Problem:
    match error:
        case NotFound():
            return Problem(404, error.code, error.sentence)
        case Conflict():
            return Problem(409, error.code, error.sentence)
        case Refused() if error.code.startswith("access."):
            return Problem(403, error.code, error.sentence)
        case Refused() | Terminal() | Ambiguous():
            return Problem(409, error.code, error.sentence)
        case Retryable():
            seconds = max(1, round(error.retry_after_seconds or 2))
            return Problem(503, error.code, error.sentence, headers={"retry-after": str(seconds)})
        case Unreachable():
            return _later(error.code, error.sentence)
        case Misconfigured():
            # Its sentence speaks to whoever runs the daemon, of files and settings.
            return _later("daemon.misconfigured", "The daemon is not set up for this; its operator can see why.")
        case _:
            return Problem(409, error.code, error.sentence)


def _later(code: str, sentence: str) -> Problem:
    return Problem(503, code, sentence, headers={"retry-after": "2"})


def of_validation(error: RequestValidationError) -> Problem:
    """What is wrong with a request, place by place; what was sent is not repeated, since it may be personal."""
    wrong = [
        {"where": _place(each["loc"]), "problem": str(each["msg"])[:_LONGEST_PLACE]}
        for each in error.errors()[:_MOST_PLACES]
    ]
    where = wrong[0]["where"] if wrong else "request"
    return Problem(422, "request.invalid", f"{where}: {wrong[0]['problem'] if wrong else 'invalid'}.", errors=wrong)


def _place(location: Sequence[str | int]) -> str:
    text = ".".join(str(part) for part in location)
    return _UNPRINTABLE.sub("?", text)[:_LONGEST_PLACE]


def install(api: FastAPI) -> None:
    """Make every error of `api` a problem."""
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, http_exception)
    api.add_exception_handler(Exception, _unknown)
    for kind in (Problem, OrdersError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        api.add_exception_handler(kind, _known)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return of_validation(error).response()


async def _known(_: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is None:
        raise error
    if problem.status >= 500:
        _log.warning("request_not_answered", code=problem.code, error=type(error).__name__)
    return problem.response()


async def _unknown(_: Request, __: Exception) -> Response:
    """The framework raises it again once it is answered, for whoever writes it down."""
    return broken().response()
