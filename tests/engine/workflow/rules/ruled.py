"""A house with rules, and what is asked of it in the rules' tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.workflow.rules import store as rules
from engine.workflow.rules.file import parse
from tests.engine.house import MIRA


def a_rule(
    name: str,
    when: str = "order.created",
    condition: str = "true",
    do: str = '{ action = "tag", tags = ["seen"] }',
    *,
    stop: bool = False,
    enabled: bool = True,
) -> str:
    """One rule of a rules file."""
    return (
        f"[[rule]]\nname = '{name}'\nwhen = '{when}'\nif = '''{condition}'''\ndo = [{do}]\n"
        f"stop = {str(stop).lower()}\nenabled = {str(enabled).lower()}\n"
    )


async def save(store: Database, *texts: str) -> Sequence[rules.Saved]:
    """Save these rules as the default creator's."""
    return await rules.save(store, DEFAULT_CREATOR, parse("\n".join(texts), "rules.toml"), actor=MIRA)


async def runs(store: Database, order_id: OrderId) -> list[tuple[str, str, list[str]]]:
    """Rule, event and words of everything rules did about the order, in order."""
    rows = await store.pool.fetch("SELECT rule, event, done FROM rule_runs WHERE order_id = $1 ORDER BY id", order_id)
    return [(row["rule"], row["event"], row["done"]) for row in rows]


async def order_row(store: Database, order_id: OrderId) -> Any:
    return await store.pool.fetchrow("SELECT * FROM orders WHERE id = $1", order_id)


async def holds(store: Database, order_id: OrderId) -> list[tuple[str, str]]:
    """Reason of each hold that stands, and who placed it."""
    rows = await store.pool.fetch(
        "SELECT reason, placed_by FROM holds WHERE order_id = $1 AND released_at IS NULL ORDER BY placed_at, reason",
        order_id,
    )
    return [(row["reason"], row["placed_by"]) for row in rows]


async def broken(store: Database) -> dict[str, str]:
    """The rules that are broken, and why."""
    rows = await store.pool.fetch("SELECT name, error FROM rules WHERE error IS NOT NULL ORDER BY name")
    return {row["name"]: row["error"] for row in rows}
