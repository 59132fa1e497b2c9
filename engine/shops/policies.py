"""How one shop's orders are worked: its policies, changed by people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import ShopId, UserId
from engine.workflow.facts import SETTABLE, ImportMode, ShopPolicies
from engine.workflow.library import require_workflow
from engine.workflow.rate_rules import WORDS, is_rate_rule

if TYPE_CHECKING:
    from engine.database.connection import Database

LOOK_AGAIN = "UPDATE work SET ready = true WHERE order_id IN (SELECT id FROM orders WHERE shop_id = $1)"
"""What a change of policies may set going."""

_ANY_STOCK = "SELECT EXISTS (SELECT FROM stock_levels WHERE on_hand > 0)"


async def use_workflow(database: Database, shop_id: ShopId, name: str, *, actor: Actor) -> None:
    """Start the shop's new orders on the newest version of this workflow; open ones stay on theirs. Raises NotFound."""

    async def check(connection: Any) -> None:
        await require_workflow(connection, name)

    await _change(database, shop_id, lambda before: replace(before, workflow=name), "shop.workflow", actor, check=check)


async def set_import_mode(
    database: Database, shop_id: ShopId, mode: ImportMode, *, actor: Actor, anyway: bool = False
) -> bool:
    """Work the shop's orders from now on, or only show them; False when it was so already.

    Raises Refused for a shop that would be worked with empty shelves, unless `anyway`.
    """

    async def check(connection: Any) -> None:
        if mode is ImportMode.WORK and not anyway and not await connection.fetchval(_ANY_STOCK):
            raise Refused(
                "shop.no_stock",
                "No stock is loaded for any product, so every order would fail as out of stock: load it first "
                "(orders-tui stock receive), or say --anyway.",
            )

    action = f"shop.{mode}"
    return await _change(
        database, shop_id, lambda before: replace(before, import_mode=mode), action, actor, check=check
    )


async def set_policies(database: Database, shop_id: ShopId, wanted: Mapping[str, str], *, actor: Actor) -> bool:
    """Change these policies; False when they were so already. Raises Refused, naming what there is, and changes nothing then."""
    for name, word in wanted.items():
        if name == "workflow":
            continue
        if name == "rate_rule":
            if word and not is_rate_rule(word):
                raise Refused(
                    "shop.policy_refused", f"rate_rule is {WORDS}, not {word!r}; empty leaves it to the settings."
                )
            continue
        words = SETTABLE.get(name)
        if words is None:
            raise Refused(
                "shop.policy_unknown",
                f"There is no policy {name!r}: set {', '.join(sorted(SETTABLE))}, rate_rule or workflow; "
                "observe and work have commands of their own.",
            )
        if word not in _words(words):
            known = ", ".join(each or "nothing" for each in _words(words))
            raise Refused("shop.policy_refused", f"{name} is one of {known}, not {word!r}.")

    async def check(connection: Any) -> None:
        if "workflow" in wanted:
            await require_workflow(connection, wanted["workflow"])

    return await _change(database, shop_id, lambda before: _with(before, wanted), "shop.policies", actor, check=check)


def _words(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


def _with(before: ShopPolicies, wanted: Mapping[str, str]) -> ShopPolicies:
    own = {name: word for name, word in wanted.items() if name != "workflow"}
    return replace(before.overridden(own), workflow=wanted.get("workflow", before.workflow))


async def _change(
    database: Database,
    shop_id: ShopId,
    change: Callable[[ShopPolicies], ShopPolicies],
    action: str,
    actor: Actor,
    *,
    check: Callable[[Any], Any],
) -> bool:
    async def write(connection: Any) -> bool:
        await check(connection)
        row = await connection.fetchrow("SELECT user_id, policies FROM shops WHERE id = $1 FOR NO KEY UPDATE", shop_id)
        if row is None:
            raise NotFound("shop.unknown", "The shop is not connected any more.")
        before = ShopPolicies.read(row["policies"])
        after = change(before)
        if after == before:
            return False
        await connection.execute("UPDATE shops SET policies = $2 WHERE id = $1", shop_id, after.document())
        await database.vault.ensure(connection, row["user_id"])
        old, new = before.document(), after.document()
        changed = [name for name in new if new[name] != old[name]]
        await chain.append(
            connection,
            database.vault,
            UserId(row["user_id"]),
            shop_id,
            action,
            actor,
            {name: old[name] for name in changed},
            {name: new[name] for name in changed},
        )
        if changed != ["workflow"]:
            await connection.execute(LOOK_AGAIN, shop_id)
        return True

    return await database.run(write)
