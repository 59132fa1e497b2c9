"""What the database itself holds people to: grants and policies for the group roles, made of `tables`.

A migration applies them as its last step; they take the place of those there were. The owner of the schema, whose login the daemon
uses, is above them and pays nothing for them. Staff may read all: their policy is the constant true, which the planner drops, since
beside any other condition it may not use an index of enums, amounts or tags. Whoever writes has to be somebody who is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

from engine.access.group_roles import GROUPS
from engine.access.roles import LOOKS, Role
from engine.access.tables import TABLES, Guard, Roles, Tenant

if TYPE_CHECKING:
    from sqlalchemy import Connection

FUNCTIONS = ("caller_id", "caller_role", "caller_name", "creator", "creator_shops")
_PUT_LOGIN = "orders.put_login(text, text, text)"
_ALL = ", ".join(GROUPS)

_FORGET = """
DO $forget$
DECLARE one record;
BEGIN
    FOR one IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'orders' LOOP
        EXECUTE format('DROP POLICY %I ON orders.%I', one.policyname, one.tablename);
    END LOOP;
END $forget$
"""
_AUDIT_DOORS = {
    "orders.erase_audit(uuid[], text[])": (Role.ADMIN, Role.SERVICE),
    "orders.cut_audit(uuid[], integer[], text, text)": (Role.ADMIN, Role.SERVICE),
    "orders.seal_audit_anew(uuid[], integer[], bytea[], bytea[])": (Role.SERVICE,),
}
"""The audit is insert-only for every role; what privacy asks of it is done by functions of the schema's owner, and no more than that."""
# Under a policy, whatever it says, the planner may not look how common a value of an enum is: it divides by how many there are. Of seven
# states a seventh of all orders would be failed, and it would walk them all by date to find the few. The owner's plans keep the truth.
_RARE = """
ALTER TABLE orders.orders ALTER COLUMN order_status SET (n_distinct = 100), ALTER COLUMN workflow_status SET (n_distinct = 100),
    ALTER COLUMN payment_status SET (n_distinct = 100)
"""
_TABLES = "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'orders'::regnamespace AND c.relkind IN ('r', 'p')"


def apply(connection: Connection) -> None:
    """Guard every table that is there; the group roles have to be."""
    there = {row[0] for row in connection.exec_driver_sql(_TABLES)}
    for statement in statements(there):
        connection.exec_driver_sql(statement)


async def put(connection: Any) -> None:
    """The same on a connection of the driver's, for a database that came without them (a dump)."""
    there = [row["relname"] for row in await connection.fetch(_TABLES)]
    for statement in statements(there):
        await connection.execute(statement)


def statements(there: Collection[str]) -> Iterator[str]:
    """Everything for these tables, in order; harmless when repeated."""
    for file in ("identity.sql", "logins.sql"):
        yield from (
            part for part in resources.files("engine.access").joinpath(file).read_text("utf-8").split("\n\n")[1:]
        )
    yield f"REVOKE ALL ON FUNCTION {_PUT_LOGIN} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {_PUT_LOGIN} TO {Role.ADMIN.group}"
    yield from (f"REVOKE ALL ON FUNCTION orders.{name}() FROM PUBLIC" for name in FUNCTIONS)
    yield from (f"GRANT EXECUTE ON FUNCTION orders.{name}() TO {_ALL}" for name in FUNCTIONS)
    for signature, roles in _AUDIT_DOORS.items():
        yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {signature} TO {_groups(roles)}"
    yield _FORGET
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA orders FROM {_ALL}"
    yield f"GRANT USAGE ON SCHEMA orders TO {_ALL}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA orders TO {_ALL}"
    yield f"GRANT SELECT ON orders.alembic_version TO {_ALL}"
    if "orders" in there:
        yield _RARE
    # One statement for them all: four hundred round trips would be felt at the first start.
    guarded = "; ".join(line for table in sorted(there) if table in TABLES for line in _guard(table, TABLES[table]))
    yield f"DO $guards$ BEGIN {guarded}; END $guards$"


def _guard(table: str, guard: Guard) -> Iterator[str]:
    yield f"ALTER TABLE orders.{table} ENABLE ROW LEVEL SECURITY"
    yield f"GRANT SELECT ON orders.{table} TO {_ALL}"
    yield f"CREATE POLICY staff_read ON orders.{table} FOR SELECT TO {_groups(LOOKS)} USING ({guard.reads or 'true'})"
    if guard.tenant is not Tenant.NOBODY:
        creator = f"CREATE POLICY creator_read ON orders.{table} FOR SELECT TO {Role.CREATOR.group}"
        yield f"{creator} USING ({guard.tenant.value})"
    for command, roles in (("INSERT", guard.insert), ("UPDATE", guard.update), ("DELETE", guard.delete)):
        if roles:
            yield f"GRANT {command} ON orders.{table} TO {_groups(roles)}"
    yield from _writing(table, guard)
    if guard.lock:
        yield f"GRANT UPDATE (id) ON orders.{table} TO {_groups(guard.lock)}"
        yield f"CREATE POLICY lock ON orders.{table} FOR UPDATE TO {_groups(guard.lock)} USING (true) WITH CHECK (false)"
    for column, roles in guard.columns.items():
        yield f"GRANT UPDATE ({column}) ON orders.{table} TO {_groups(roles)}"
        yield f"CREATE POLICY {column} ON orders.{table} FOR UPDATE TO {_groups(roles)} USING ({_known_as(roles)})"
    if guard.refusals:
        others = [role for role in Role if role not in guard.insert]
        yield f"GRANT INSERT ON orders.{table} TO {_groups(others)}"
        mine = "action = 'access.refused' AND subject = (SELECT orders.caller_id()) AND actor = (SELECT orders.caller_name())"
        yield f"CREATE POLICY refusals ON orders.{table} FOR INSERT TO {_groups(others)} WITH CHECK ({mine})"


def _writing(table: str, guard: Guard) -> Iterator[str]:
    """A policy for each group of people, and one for services, whose role is enough.

    A policy for ALL lets in no command that is not granted; where commands differ in who may, each has its own.
    """
    commands = {"INSERT": guard.insert, "UPDATE": guard.update, "DELETE": guard.delete}
    services = [name for name, roles in commands.items() if Role.SERVICE in roles]
    if services:
        yield f"CREATE POLICY service ON orders.{table} TO {Role.SERVICE.group} USING (true) WITH CHECK (true)"
    people = {name: tuple(role for role in roles if role is not Role.SERVICE) for name, roles in commands.items()}
    sets = {roles for roles in people.values() if roles}
    if len(sets) == 1 and not guard.reads:
        yield _policy(table, "staff_write", "ALL", sets.pop(), guard.writes)
        return
    for name, roles in people.items():
        if roles:
            yield _policy(table, f"staff_{name.lower()}", name, roles, guard.writes)


def _policy(table: str, name: str, command: str, roles: Roles, rows: str) -> str:
    condition = f"{_known_as(roles)}{' AND ' + rows if rows else ''}"
    using = f" USING ({condition})" if command != "INSERT" else ""
    check = f" WITH CHECK ({condition})" if command != "DELETE" else ""
    return f"CREATE POLICY {name} ON orders.{table} FOR {command} TO {_groups(roles)}{using}{check}"


def _known_as(roles: Roles) -> str:
    return f"(SELECT orders.caller_role()) IN ({', '.join(repr(role.value) for role in roles)})"


def _groups(roles: Collection[Any]) -> str:
    return ", ".join(role.group for role in roles)
