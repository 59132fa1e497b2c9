"""The tables of docs/access.md, made of what the program and the database go by: `python -m engine.access.reference docs/access.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.access.permissions import TABLE
from engine.access.roles import Role
from engine.access.tables import TABLES, Guard, Roles, Tenant

_CREATORS = {
    Tenant.NOBODY: "",
    Tenant.HOUSE: "all",
    Tenant.OWN: "their own",
    Tenant.SHOP: "of their shops",
    Tenant.ORDER: "of their orders",
    Tenant.PACKAGE: "of their parcels",
    Tenant.PRODUCT: "of their products",
    Tenant.LISTING: "of their listings",
    Tenant.EFFECT: "of their orders",
    Tenant.SUBJECT: "about themselves",
    Tenant.PERSON: "themselves",
}


def permissions() -> Iterator[str]:
    """Each permission, and who has it."""
    yield f"| permission | lets somebody | {' | '.join(Role)} |"
    yield f"| --- | --- |{' --- |' * len(Role)}"
    for permission, grant in TABLE.items():
        marks = " | ".join("✓" if role in grant.roles else "" for role in Role)
        yield f"| `{permission}` | {grant.to} | {marks} |"


def tables() -> Iterator[str]:
    """Each table, who sees which of its rows and who may write them."""
    yield "| table | staff sees | creators see | insert | update | delete |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, guard in sorted(TABLES.items()):
        seen = "what is theirs or everybody's" if guard.reads else "all"
        written = " | ".join(_who(roles) for roles in (guard.insert, guard.update, guard.delete))
        yield f"| `{name}` | {seen} | {_CREATORS[guard.tenant]} | {written}{_more(guard)} |"


def _who(roles: Roles) -> str:
    return ", ".join(roles)


def _more(guard: Guard) -> str:
    return "".join(f" (`{column}` also: {_who(roles)})" for column, roles in guard.columns.items())


def refreshed(page: str) -> str:
    """The page with both tables as they are now."""
    for mark, lines in (("permissions", permissions()), ("tables", tables())):
        table = "\n".join(lines)
        page = re.sub(
            rf"<!-- {mark} -->\n(\n\|.*?\n(?=\n|\Z))?", f"<!-- {mark} -->\n\n{table}\n", page, flags=re.DOTALL
        )
    return page


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(refreshed(path.read_text("utf-8")), "utf-8")
