"""How PostgreSQL's own programs (pg_dump, psql) reach a database that we reach through asyncpg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Login:
    """How the programs reach a database: without the password, which is `repr`ed nowhere."""

    connection: str
    password: str | None = field(repr=False)


def login_of(parameters: Mapping[str, Any]) -> Login:
    """From what asyncpg is given."""
    password = parameters.get("password")
    if "dsn" in parameters:
        return Login(str(parameters["dsn"]), password)
    names = {"host": "host", "port": "port", "user": "user", "database": "dbname"}
    parts = [f"{name}={_quoted(str(parameters[key]))}" for key, name in names.items() if key in parameters]
    return Login(" ".join(parts), password)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
