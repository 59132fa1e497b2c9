"""What shops, creators, people and tags are called in this house, so that a wrong name is told before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from engine.database.connection import Database
from engine.orders.plain_text import plain

# Purpose: the names and the tags in use; tags of newer orders only, by the index on tags that are there.
_NAMES = """
SELECT 'shop' AS kind, s.name FROM shops s
UNION ALL SELECT CASE u.role WHEN 'creator' THEN 'creator' ELSE 'person' END, u.display_name FROM users u
UNION ALL SELECT 'tag', t.tag FROM (
    SELECT DISTINCT unnest(tagged.tags) AS tag FROM (
        SELECT o.tags FROM orders o WHERE cardinality(o.tags) > 0 LIMIT 5000
    ) tagged LIMIT 200
) t
 ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Names:
    """Each in alphabetical order. `tags` are some of those in use, for hints: another one may be typed, too."""

    shops: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


# The planner takes one order of three for tagged, and would look for the first ones in all orders.
_BY_INDEX = "SET LOCAL enable_seqscan TO off"


async def names_known(database: Database) -> Names:
    """The names there are now."""
    async with database.transaction() as connection:
        await connection.execute(_BY_INDEX)
        rows = await connection.fetch(_NAMES)

    def of(*kinds: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(plain(row["name"]) for row in rows if row["kind"] in kinds))

    return Names(of("shop"), of("creator"), of("person", "creator"), of("tag"))
