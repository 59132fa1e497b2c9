"""Inventory: what lies where, and booking it; a product's movements; counting the shelves."""

from __future__ import annotations

from collections.abc import Callable

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import (
    Situation,
    needs_alarm,
    needs_alias,
    needs_count,
    needs_held,
    needs_movement,
    needs_movement_order,
    needs_product,
    needs_shelf,
    needs_waiting,
    never,
)

Reach = Callable[[Situation], str]


def _look(
    name: str,
    keys: str,
    text: str,
    *,
    scope: Scope = Scope.INVENTORY,
    footer: str = "",
    twin: str = "",
    reach: Reach = never,
) -> Action:
    action_id = f"{scope.name.lower()}.{name}"
    return Action(action_id, keys, text, name, scope, Group.VIEW, footer=footer, twin=twin, disabled_reason=reach)


def _book(
    name: str,
    keys: str,
    text: str,
    twin: str,
    reach: Reach,
    *,
    scope: Scope = Scope.INVENTORY,
    footer: str = "",
    permission: Permission = Permission.WORK,
) -> Action:
    return Action(
        f"{scope.name.lower()}.{name}",
        keys,
        text,
        name,
        scope,
        Group.DO,
        footer=footer,
        permission=permission,
        dangerous=True,
        twin=twin,
        disabled_reason=reach,
    )


ACTIONS: tuple[Action, ...] = (
    _look("open", "enter", "Open the product's card", footer="card", twin="product show", reach=needs_product),
    _look("back", "escape", "Back: close the card, clear the search, show everything", footer="back"),
    _look("search", "slash", "Search as you type: SKU, barcode, words of a name", footer="search", twin="stock list"),
    _look("narrow", "f", "Show only what is low, out, oversold, held back or waited for", footer="filter"),
    _look("waiting", "w", "Show the orders that wait for it", footer="waiting orders", reach=needs_waiting),
    _look(
        "movements", "v", "Show all its movements", footer="movements", twin="stock movements", reach=needs_product
    ),
    _book("receive", "r", "Receive units that arrived", "stock receive", needs_shelf, footer="receive"),
    _book("adjust", "a", "Adjust: more or fewer, with a reason", "stock adjust", needs_shelf, footer="adjust"),
    _book("transfer", "t", "Move units to another location", "stock transfer", needs_shelf),
    _book("hold", "h", "Hold units back from sale: damaged, to be looked at", "stock hold", needs_shelf),
    _book("release", "l", "Let held units go back into sale", "stock release", needs_held),
    _book("count", "c", "Count the shelves: a new sheet, or one that is open", "stock count open", never, footer="count"),
    _book("edit", "e", "Edit its weight, bin, barcodes, box, alarm, buffer", "product set", needs_product, footer="edit"),
    _book("map", "m", "Map another SKU to it", "product map", needs_product),
    _book("unmap", "M", "Take a mapped SKU from it", "product unmap", needs_alias),
    _book(
        "push", "p", "Whether a shop is told of stock, and with what buffer", "stock push", never,
        permission=Permission.LEAD,
    ),
    Action(
        "inventory.acknowledge",
        "x",
        "Say that its alarms are seen",
        "acknowledge",
        Scope.INVENTORY,
        Group.DO,
        permission=Permission.WORK,
        twin="stock acknowledge",
        disabled_reason=needs_alarm,
    ),
    _look("export", "E", "Write the list to a file", twin="stock export"),
    _look(
        "open", "enter", "Show the order", scope=Scope.MOVEMENTS, footer="order", reach=needs_movement_order
    ),
    _look("back", "escape", "Back to the stock list", scope=Scope.MOVEMENTS, footer="back"),
    _book(
        "reverse",
        "z",
        "Take this movement back by another one",
        "stock reverse",
        needs_movement,
        scope=Scope.MOVEMENTS,
        footer="take back",
    ),
    _book(
        "enter",
        "enter",
        "Enter what lies there",
        "stock count enter",
        needs_count,
        scope=Scope.COUNTING,
        footer="counted",
    ),
    _book(
        "recount", "r", "Have this line counted again", "stock count recount", needs_count, scope=Scope.COUNTING,
        footer="again",
    ),
    _book(
        "post",
        "p",
        "Look at the differences, then book them",
        "stock count post",
        needs_count,
        scope=Scope.COUNTING,
        footer="differences",
    ),
    _book("drop", "D", "Throw this sheet away", "stock count drop", needs_count, scope=Scope.COUNTING),
    _look("back", "escape", "Back; the sheet stays open", scope=Scope.COUNTING, footer="back"),
)  # fmt: skip
