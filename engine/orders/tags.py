"""Tags: short words people give orders, to find and to sort them by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.editing import Edit, Editable, changed, edit
from engine.orders.plain_text import plain
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault

MOST_TAGS = 20
LONGEST_TAG = 40

_SPACES = re.compile(r"[\s,]+")


def normal_tag(text: str) -> str:
    """The tag as it is stored: small letters, hyphens for spaces. Raises Refused when nothing or too much is left."""
    tag = _SPACES.sub("-", plain(text).strip().lstrip("#").casefold()).strip("-")
    if not tag or len(tag) > LONGEST_TAG:
        raise Refused("tag.length", f"{plain(text)!r} is no tag: give 1 to {LONGEST_TAG} letters or digits.")
    return tag


async def add_tags(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    tags: Sequence[str],
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Give these orders these tags; those that have them all already say so."""
    wanted = list(dict.fromkeys(normal_tag(tag) for tag in tags))

    def decide(order: Editable) -> Edit | Refused:
        new = [tag for tag in wanted if tag not in order.tags]
        if not new:
            return Refused("tag.there", f"Order {order.order_number} is tagged {', '.join(wanted)} already.")
        if len(order.tags) + len(new) > MOST_TAGS:
            return Refused(
                "tag.too_many",
                f"Order {order.order_number} would have more than {MOST_TAGS} tags: take some off first.",
            )
        return changed(order, "order.tagged", tags=(*order.tags, *new))

    outcomes, _ = await edit(
        connection, vault, order_ids, decide, actor=actor, expected_versions=expected_versions, write=write
    )
    return outcomes


async def remove_tags(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    tags: Sequence[str],
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Take these tags off these orders; those that have none of them say so."""
    unwanted = [normal_tag(tag) for tag in tags]

    def decide(order: Editable) -> Edit | Refused:
        kept = tuple(tag for tag in order.tags if tag not in unwanted)
        if kept == order.tags:
            return Refused("tag.not_there", f"Order {order.order_number} is not tagged {', '.join(unwanted)}.")
        return changed(order, "order.untagged", tags=kept)

    outcomes, _ = await edit(
        connection, vault, order_ids, decide, actor=actor, expected_versions=expected_versions, write=write
    )
    return outcomes
