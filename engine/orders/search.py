"""One search phrase and the orders it means: ids, tracking and SKU by their beginning, people by whole words, products.

First every way of meaning is asked, from its index, for a bounded number of candidates. Few candidates become a list of
ids. A way that fits very many orders becomes a condition instead, checked row by row in sort order, which such a phrase
satisfies soon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from engine.database.connection import Connection
from engine.identifiers import OrderId
from engine.orders.predicate import Predicate
from engine.privacy.cipher import Vault, normalise_word

CANDIDATES = 2000
"""With more candidates than this a way counts as broad."""

_HIGHEST = "\U0010ffff"  # sorts after every continuation in the byte order of the indexed columns
_NAME_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase made ready for the columns it is compared with; the fields are the placeholders of the ways below."""

    typed: str
    typed_end: str
    capitals: str
    capitals_end: str
    whole: int | None
    """Blind index of the whole phrase; null without the master key."""
    words: list[int]
    """Blind index of each word, when there are several; all of them must be on one order."""
    names: str
    """The words as a full-text query: each may go on."""


_TYPES = {
    "typed": "text",
    "typed_end": "text",
    "capitals": "text",
    "capitals_end": "text",
    "whole": "bigint",
    "words": "bigint[]",
    "names": "text",
}


@dataclass(frozen=True, slots=True)
class _Way:
    """One way a phrase may mean an order: `candidates` selects order ids, `condition` asks the same of an order `o`."""

    candidates: str
    condition: str


_TRACKING = """p.tracking_number <> '' AND (p.tracking_number >= {typed} AND p.tracking_number < {typed_end}
                                      OR p.tracking_number >= {capitals} AND p.tracking_number < {capitals_end})"""
_SKU = """(i.product_sku >= {typed} AND i.product_sku < {typed_end}
        OR i.product_sku >= {capitals} AND i.product_sku < {capitals_end})"""
_PRODUCT = "{names} <> '' AND to_tsvector('simple', p.name) @@ to_tsquery('simple', {names})"
_PARCELS = "package_items pi JOIN packages p ON p.id = pi.package_id"

# Indexes: orders_tiktok_order_id_key; packages_tracking_number_index; packages_tiktok_package_id_index;
# order_items_sku_index; order_search_words_pkey twice; products_name_words_index and order_items_sku_index.
# A condition is a scalar subquery, not EXISTS, which the planner may turn into a walk over the whole other table.
_WAYS = (
    _Way(
        "SELECT o.id FROM orders o WHERE o.tiktok_order_id >= {typed} AND o.tiktok_order_id < {typed_end}",
        "o.tiktok_order_id >= {typed} AND o.tiktok_order_id < {typed_end}",
    ),
    _Way(
        f"SELECT pi.order_id FROM {_PARCELS} WHERE {_TRACKING}",  # noqa: S608
        f"(SELECT true FROM {_PARCELS} WHERE pi.order_id = o.id AND {_TRACKING} LIMIT 1)",  # noqa: S608
    ),
    _Way(
        f"SELECT pi.order_id FROM {_PARCELS} WHERE p.tiktok_package_id = {{typed}} AND p.tiktok_package_id <> ''",  # noqa: S608
        f"(SELECT true FROM {_PARCELS} WHERE pi.order_id = o.id AND p.tiktok_package_id = {{typed}} LIMIT 1)",  # noqa: S608
    ),
    _Way(
        f"SELECT i.order_id FROM order_items i WHERE {_SKU}",  # noqa: S608
        f"(SELECT true FROM order_items i WHERE i.order_id = o.id AND {_SKU} LIMIT 1)",  # noqa: S608
    ),
    _Way(
        "SELECT s.order_id FROM order_search_words s WHERE s.word = {whole}",
        "(SELECT true FROM order_search_words s WHERE s.order_id = o.id AND s.word = {whole})",
    ),
    _Way(
        "SELECT s.order_id FROM order_search_words s WHERE s.word = ANY({words})"
        " GROUP BY s.order_id HAVING count(*) = cardinality({words})",
        "{words} <> '{{}}' AND cardinality({words}) = (SELECT count(*) FROM order_search_words s"
        " WHERE s.order_id = o.id AND s.word = ANY({words}))",
    ),
    _Way(
        f'SELECT i.order_id FROM products p JOIN order_items i ON i.product_sku = p.sku COLLATE "C" WHERE {_PRODUCT}',  # noqa: S608
        "(SELECT true FROM order_items i WHERE i.order_id = o.id AND i.product_sku = ANY(ARRAY("  # noqa: S608
        f"SELECT p.sku FROM products p WHERE {_PRODUCT})) LIMIT 1)",
    ),
)

# Purpose: the one order that a scan or a pasted id names exactly. Indexes: as above, and the primary keys.
_EXACT = """
SELECT o.id FROM orders o WHERE o.tiktok_order_id = $1
UNION ALL SELECT o.id FROM orders o WHERE o.id = $2
UNION ALL SELECT pi.order_id FROM package_items pi WHERE pi.package_id = $2
UNION ALL (SELECT pi.order_id FROM packages p JOIN package_items pi ON pi.package_id = p.id
            WHERE p.tracking_number IN ($1, $3) AND p.tracking_number <> '' ORDER BY p.id DESC)
UNION ALL SELECT pi.order_id FROM packages p JOIN package_items pi ON pi.package_id = p.id
           WHERE p.tiktok_package_id = $1 AND p.tiktok_package_id <> ''
LIMIT 1
"""


async def add_search(
    connection: Connection, vault: Vault, text: str, wanted: Predicate, *, in_order: bool, bound: int | None = None
) -> bool:
    """Add the condition that a search text means to `wanted`; one round trip. An empty text adds nothing.

    `in_order` is for a few rows in sort order, else the whole set is found first, at most `bound` orders of each way.
    False when there may be more than `bound`.
    """
    typed = _cleaned(text)
    if not typed:
        return True
    phrase = _phrase(vault, typed)
    ids, broad = await _candidates(connection, phrase)
    conditions = [f"o.id = ANY({wanted.bind(ids, 'uuid[]')})"]
    for place in sorted(broad):
        way = _WAYS[place]
        limit = "" if bound is None else f"LIMIT {bound:d}"
        template = way.condition if in_order else f"o.id IN ({way.candidates} {limit})"
        conditions.append(_bound(template, phrase, wanted))
    wanted.add(" OR ".join(f"({condition})" for condition in conditions))
    return bound is None or not broad


async def find(connection: Connection, text: str) -> OrderId | None:
    """The order that `text` names exactly: order number (TikTok's order id), our id, package id or tracking number."""
    typed = _cleaned(text)
    if not typed:
        return None
    found = await connection.fetchval(_EXACT, typed, as_uuid(typed), typed.upper())
    return None if found is None else OrderId(found)


async def _candidates(connection: Connection, phrase: _Phrase) -> tuple[list[UUID], set[int]]:
    """The orders of the ways that fit few, and the places in `_WAYS` of those that fit very many."""
    asked = Predicate()
    questions = " UNION ALL ".join(
        f"SELECT {place} AS way, array_agg(id) AS ids FROM ({way.candidates} LIMIT {CANDIDATES + 1}) found (id)"  # noqa: S608
        for place, way in enumerate(_WAYS)
    )
    statement = _bound(questions, phrase, asked)
    records = await connection.fetch(statement, *asked.arguments)
    found = {record["way"]: record["ids"] or [] for record in records}
    broad = {way for way, ids in found.items() if len(ids) > CANDIDATES}
    return sorted({order_id for way, ids in found.items() if way not in broad for order_id in ids}), broad


def _bound(template: str, phrase: _Phrase, asked: Predicate) -> str:
    """The template with the fields it names as arguments of `asked`."""
    return template.format(
        **{
            name: asked.bind(getattr(phrase, name), type_name)
            for name, type_name in _TYPES.items()
            if f"{{{name}}}" in template
        }
    )


def _phrase(vault: Vault, typed: str) -> _Phrase:
    words = {word for word in normalise_word(typed).split(" ") if len(word) > 1}
    return _Phrase(
        typed=typed,
        typed_end=typed + _HIGHEST,
        capitals=typed.upper(),
        capitals_end=typed.upper() + _HIGHEST,
        whole=vault.word(typed) if vault.has_keys else None,
        words=sorted(vault.word(word) for word in words) if vault.has_keys and len(words) > 1 else [],
        names=" & ".join(f"{word}:*" for word in _NAME_WORD.findall(typed.casefold())),
    )


def _cleaned(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def as_uuid(text: str) -> UUID | None:
    """The id that a text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
