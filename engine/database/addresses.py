"""The address of a shared database: what is made of it, and what is said when nothing answers there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg

from engine.errors import Misconfigured, Unreachable
from engine.privacy import secrets


def parameters_of(url: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What asyncpg is given for this address, with the password from its own place. Raises Misconfigured."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise Misconfigured(
            "database.url_malformed",
            "database.url must begin with postgresql:// (for example postgresql://orders@db.example/orders).",
        )
    if parts.password:
        raise Misconfigured(
            "database.url_has_password",
            "database.url holds a password: take it out and set ORDERS_TUI_DATABASE_PASSWORD or its credential file.",
        )
    password = secrets.Secrets(environment).read("database_password")
    return {"dsn": url} | ({"password": password.reveal()} if password else {})


@contextlib.asynccontextmanager
async def connected_to(url: str, environment: Mapping[str, str]) -> AsyncIterator[Any]:
    """One plain connection to a database that need not be ours yet. Raises Misconfigured, Unreachable."""
    parameters = parameters_of(url, environment)
    with reaching(parameters):
        connection = await asyncpg.connect(**parameters)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.contextmanager
def reaching(parameters: Mapping[str, Any]) -> Iterator[None]:
    """What goes wrong on the way to a database, as Unreachable with a sentence."""
    try:
        yield
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
        raise Unreachable(
            "database.unreachable",
            f"The database at {_place(parameters)} does not answer ({_reason(error)}): start it, or mend database.url.",
        ) from error
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise Unreachable(
            "database.refused",
            f"The database at {_place(parameters)} refuses the login {_named(parameters, 'user')!r}: "
            "give the right password in ORDERS_TUI_DATABASE_PASSWORD or its credential file.",
        ) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise Unreachable(
            "database.missing",
            f"There is no database {_named(parameters, 'database')!r} at {_place(parameters)}: "
            "create it, or mend database.url.",
        ) from error


def _place(parameters: Mapping[str, Any]) -> str:
    if "dsn" not in parameters:
        return str(parameters.get("host", "localhost"))
    parts = urlsplit(parameters["dsn"])
    asked = dict(parse_qsl(parts.query))
    hosts = parts.netloc.rpartition("@")[2] or asked.get("host", "localhost")  # several, when a standby is listed
    return hosts if ":" in hosts or hosts.startswith("/") else f"{hosts}:{asked.get('port', 5432)}"


def _named(parameters: Mapping[str, Any], what: str) -> str:
    """The login or the database that was asked for."""
    if "dsn" not in parameters:
        return str(parameters.get(what, ""))
    parts = urlsplit(parameters["dsn"])
    in_path = {"user": parts.username or "", "database": parts.path.removeprefix("/")}[what]
    return unquote(in_path) or dict(parse_qsl(parts.query)).get(what, "")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        # asyncio words a refused connection by its address; the system says it plainly.
        plain = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        return plain.lower()
    return str(error).splitlines()[0] if str(error) else type(error).__name__
