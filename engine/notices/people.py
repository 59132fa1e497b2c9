"""The people who get notices: creators, and staff who need no login for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

_ROLES = ("viewer", "operator", "supervisor", "admin", "creator")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as lists show them."""

    name: str
    role: str
    email: str


async def list_people(database: Database) -> list[PersonView]:
    """Everybody, by name."""
    rows = await database.pool.fetch("SELECT id, display_name, role, email FROM users ORDER BY display_name, id")
    return [
        PersonView(row["display_name"], row["role"], database.vault.open_text("users.email", row["id"], row["email"]))
        for row in rows
    ]


async def put_person(
    database: Database, name: str, *, role: str = "operator", email: str | None = None, actor: Actor
) -> None:
    """Make a person known, or change a known one's mail address. Raises Refused."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Refused("notices.bad_name", f"A person's name has 1 to {_LONGEST_NAME} letters; give one.")
    if role not in _ROLES:
        raise Refused("notices.unknown_role", f"There is no role {role!r}; take one of {', '.join(_ROLES)}.")

    async def write(connection: Connection) -> None:
        known = await connection.fetchval(
            "SELECT id FROM users WHERE display_name = $1 ORDER BY id LIMIT 1 FOR UPDATE", name
        )
        user_id = UserId(known or new_id())
        if known is None:
            await connection.execute(
                "INSERT INTO users (id, display_name, role) VALUES ($1, $2, $3)", user_id, name, role
            )
        if email is not None:
            await database.vault.ensure(connection, user_id)
            sealed = database.vault.seal_text(user_id, "users.email", user_id, email)
            await connection.execute("UPDATE users SET email = $2 WHERE id = $1", user_id, sealed)
        action = "person.changed" if known else "person.added"
        await chain.append(
            connection, database.vault, DEFAULT_CREATOR, user_id, action, actor, None, {"name": name, "role": role}
        )

    await database.run(write)


async def find_person(connection: Connection, name: str) -> UserId:
    """Whoever has this name or database login. Raises NotFound."""
    found = await connection.fetchval(
        "SELECT id FROM users WHERE display_name = $1 OR login_role = $1 ORDER BY id LIMIT 1", name
    )
    if found is None:
        raise NotFound(
            "notices.unknown_person",
            f"Nobody is called {name!r}; orders-tui notices people lists everybody, and people add adds somebody.",
        )
    return UserId(found)
