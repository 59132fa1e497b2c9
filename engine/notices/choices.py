"""What each person wants to be told, and when; and addresses of customers who want nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.actors import Actor
from engine.audit import chain
from engine.errors import Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.notices.directory import EVERY, changed
from engine.notices.people import find_person
from engine.notices.quiet_hours import QuietHours

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

_PUT = """
INSERT INTO notice_preferences (id, user_id, template, channel, enabled) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, template, channel) DO UPDATE SET enabled = excluded.enabled
"""

_QUIET = """
INSERT INTO notice_preferences (id, user_id, template, channel, quiet_hours) VALUES ($1, $2, '*', '*', $3)
ON CONFLICT (user_id, template, channel) DO UPDATE SET quiet_hours = excluded.quiet_hours
"""

_LIST = """
SELECT u.display_name AS person, p.template, p.channel, p.enabled, p.quiet_hours
FROM notice_preferences p JOIN users u ON u.id = p.user_id ORDER BY u.display_name, p.template, p.channel
"""


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One word of a person; `*` is every template, or every channel."""

    person: str
    template: str
    channel: str
    enabled: bool
    quiet_hours: dict[str, str] | None


async def list_choices(database: Database) -> list[ChoiceView]:
    """What everybody said, by person."""
    return [ChoiceView(**row) for row in await database.pool.fetch(_LIST)]


async def choose(
    database: Database,
    person: str,
    template: str,
    channel: str,
    *,
    enabled: bool,
    known_templates: Collection[str],
    actor: Actor,
) -> None:
    """Let a person have a notice on a channel, or not; `*` is every one. Raises NotFound, Refused."""
    if template != EVERY and template not in known_templates:
        have = ", ".join(sorted(known_templates))
        raise Refused("notices.unknown_template", f"There is no notice {template!r}; the notices are {have}.")

    async def write(connection: Connection) -> None:
        user_id = await find_person(connection, person)
        await connection.execute(_PUT, new_id(), user_id, template, channel, enabled)
        after = {"template": template, "channel": channel, "enabled": enabled}
        await _record(connection, database, user_id, "notices.chosen", after, actor)

    await database.run(write)


async def keep_quiet(database: Database, person: str, hours: QuietHours | None, *, actor: Actor) -> None:
    """Give a person quiet hours, or take them away. Raises NotFound."""

    async def write(connection: Connection) -> None:
        user_id = await find_person(connection, person)
        document = hours.document() if hours is not None else None
        await connection.execute(_QUIET, new_id(), user_id, document)
        await _record(connection, database, user_id, "notices.quiet_hours", {"hours": document}, actor)

    await database.run(write)


async def refuse(database: Database, address: str, template: str = EVERY) -> None:
    """Write no more such notices to a customer's address; of it only its blind index is kept."""

    async def write(connection: Connection) -> None:
        await write_refusals(connection, [(database.vault.word(address), template)], why="asked")

    await database.run(write)


async def accept(database: Database, address: str) -> bool:
    """Write to a customer's address again. Answers whether anything was refused there."""

    async def write(connection: Connection) -> bool:
        gone = await connection.execute("DELETE FROM notice_refusals WHERE word = $1", database.vault.word(address))
        await changed(connection)
        return bool(gone != "DELETE 0")

    return await database.run(write)


async def write_refusals(connection: Connection, refusals: Collection[tuple[int, str]], *, why: str) -> None:
    """Keep that these blind indexes want no such notice."""
    await connection.execute(
        "INSERT INTO notice_refusals (word, template, why) SELECT w, t, $3 FROM unnest($1::bigint[], $2::text[]) AS d(w, t)"
        " ORDER BY w ON CONFLICT DO NOTHING",
        [word for word, _ in refusals],
        [template for _, template in refusals],
        why,
    )
    await changed(connection)


async def _record(
    connection: Connection, database: Database, user_id: UserId, action: str, after: dict[str, object], actor: Actor
) -> None:
    await chain.append(connection, database.vault, DEFAULT_CREATOR, user_id, action, actor, None, after)
    await changed(connection)
