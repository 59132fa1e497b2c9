"""One database for many tests, emptied before each: ten times quicker than a database of its own for each.

make   a migrated database that can be emptied
empty  bring it back to what it began with
copy   give one such database what is in another
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg

from engine.database.embedded import EmbeddedServer

TEMPLATE = "migrated"
"""The database that the others are made from."""

_SEEDS = ("users", "locations", "saved_views")
"""What a migrated database holds from the start."""

_LARGE_BYTES = 256 * 1024
"""Tables grown beyond this are truncated, so that what one test left behind slows none that follow."""

_SHAPE = """
CREATE FUNCTION seeds.shape() RETURNS text LANGUAGE sql AS $$
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT concat('table ', oid, relname, relrowsecurity) AS part FROM pg_class WHERE relnamespace = 'orders'::regnamespace
    UNION ALL SELECT concat('constraint ', oid) FROM pg_constraint WHERE connamespace = 'orders'::regnamespace
    UNION ALL SELECT concat('trigger ', oid, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat('function ', oid) FROM pg_proc WHERE pronamespace = 'orders'::regnamespace
    UNION ALL SELECT concat('columns ', sum(hashtext(attname)::bigint * attnum)) FROM pg_attribute a
              JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'orders'::regnamespace AND c.relkind = 'r'
    UNION ALL SELECT concat('policy ', oid) FROM pg_policy
    UNION ALL SELECT concat('schema ', oid) FROM pg_namespace WHERE nspname !~ '^pg_'
) AS parts
$$
"""

# Children and parents in any order: neither foreign keys nor triggers are looked at meanwhile.
_EMPTY = f"""
CREATE FUNCTION seeds.empty() RETURNS void LANGUAGE plpgsql AS $$
DECLARE large text; small text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid();
    PERFORM set_config('session_replication_role', 'replica', true), set_config('search_path', 'orders', true);
    SELECT string_agg(quote_ident(relname), ', ') FILTER (WHERE pg_relation_size(oid) > {_LARGE_BYTES}),
           string_agg(format('DELETE FROM %I;', relname), '') FILTER (WHERE pg_relation_size(oid) > 0)
      INTO large, small
      FROM pg_class WHERE relnamespace = 'orders'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version';
    IF large IS NOT NULL THEN EXECUTE 'TRUNCATE ' || large || ' CASCADE'; END IF;
    IF small IS NOT NULL THEN EXECUTE small; END IF;
    PERFORM setval(format('orders.%I', sequencename)::regclass, start_value, false)
       FROM pg_sequences WHERE schemaname = 'orders' AND last_value IS NOT NULL;
    {"".join(f"INSERT INTO {seed} SELECT * FROM seeds.{seed};" for seed in _SEEDS)}
END $$
"""  # noqa: S608 - names of ours

_FILLED = """
SELECT relname FROM pg_class
WHERE relnamespace = 'orders'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
"""


async def make(server: EmbeddedServer, name: str = "emptied") -> EmbeddedServer:
    """A migrated database that remembers what it began with; one of that name is replaced."""
    own = replace(server, database=name)
    administrator = await asyncpg.connect(**server.dsn_parameters())
    try:
        await administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await administrator.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    finally:
        await administrator.close()
    connection = await asyncpg.connect(**own.dsn_parameters())
    try:
        await connection.execute("CREATE SCHEMA seeds")
        for table in _SEEDS:
            await connection.execute(f"CREATE TABLE seeds.{table} AS TABLE orders.{table}")
        await connection.execute(_SHAPE)
        await connection.execute(_EMPTY)
        await connection.execute("CREATE TABLE seeds.beginning AS SELECT seeds.shape() AS shape")
        return own
    finally:
        await connection.close()


async def empty(shared: EmbeddedServer) -> None:
    """Bring the database back to what it began with; sessions that an earlier test left open are ended.

    One whose tables, constraints, triggers or functions a test changed is made anew.
    """
    connection: Any = await asyncpg.connect(**shared.dsn_parameters())
    try:
        whole = await is_whole(connection)
        if whole:
            await connection.execute("SELECT seeds.empty()")
    finally:
        await connection.close()
    if not whole:
        await make(replace(shared, database="postgres"), shared.database)


async def is_whole(connection: Any) -> bool:
    """Whether everything but the rows is as it was in the beginning."""
    return bool(await connection.fetchval("SELECT seeds.shape() = shape FROM seeds.beginning"))


async def copy(source: EmbeddedServer, target: EmbeddedServer) -> bool:
    """Give the target every row of the source; False, and nothing done, if the source has tables of another shape by now."""
    reading: Any = await asyncpg.connect(**source.dsn_parameters())
    writing: Any = await asyncpg.connect(**target.dsn_parameters())
    try:
        if not await is_whole(reading):
            return False
        await writing.execute("SET session_replication_role = replica; SET search_path = orders")
        for (table,) in await reading.fetch(_FILLED):
            rows = await reading.fetch(f"SELECT t::text FROM orders.{table} t")  # noqa: S608
            await writing.execute(f"DELETE FROM {table}")  # noqa: S608
            await writing.execute(
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (r::{table}).* FROM unnest($1::text[]) AS r",  # noqa: S608
                [row[0] for row in rows],
            )
        for name, value in await reading.fetch(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'orders' AND last_value IS NOT NULL"
        ):
            await writing.execute("SELECT setval(format('orders.%I', $1::text)::regclass, $2::bigint)", name, value)
        return True
    finally:
        await reading.close()
        await writing.close()
