"""One search phrase and the orders it means: ids, tracking and SKU by their beginning, people by whole words, products.

First the indexes are asked for a bounded number of candidates. Few candidates become a list of ids. A phrase that fits
very many orders becomes a condition instead, checked row by row in sort order, which such a phrase satisfies soon.
"""

from __future__ import annotations

import re
from uuid import UUID

from engine.database.connection import Connection
from engine.identifiers import OrderId
from engine.orders.predicate import Predicate
from engine.privacy.cipher import Vault, normalise_word

CANDIDATES = 2000
"""More candidates than this and the phrase counts as broad."""

_HIGHEST = "\U0010ffff"  # sorts after every continuation in the byte order of the indexed columns
_NAME_WORD = re.compile(r"\w+")

# Purpose: a bounded number of orders that a phrase may mean. $1, $2: the phrase as typed, and in capitals; $3, $4: the
# ends of their ranges; $5: blind words that must all be on one order; $6: blind word of the whole phrase; $7: product
# name words. Indexes: orders_tiktok_order_id_key, packages_tracking_number_index, order_items_sku_index,
# order_search_words_pkey, products_name_words_index.
_CANDIDATES = f"""
SELECT DISTINCT id FROM (
  (SELECT o.id FROM orders o WHERE o.tiktok_order_id >= $1 AND o.tiktok_order_id < $3 LIMIT {CANDIDATES + 1})
  UNION ALL
  (SELECT pi.order_id FROM packages p JOIN package_items pi ON pi.package_id = p.id
    WHERE p.tracking_number <> '' AND (p.tracking_number >= $1 AND p.tracking_number < $3
                                    OR p.tracking_number >= $2 AND p.tracking_number < $4) LIMIT {CANDIDATES + 1})
  UNION ALL
  (SELECT pi.order_id FROM packages p JOIN package_items pi ON pi.package_id = p.id
    WHERE p.tiktok_package_id = $1 AND p.tiktok_package_id <> '' LIMIT {CANDIDATES + 1})
  UNION ALL
  (SELECT i.order_id FROM order_items i
    WHERE i.product_sku >= $1 AND i.product_sku < $3
       OR i.product_sku >= $2 AND i.product_sku < $4 LIMIT {CANDIDATES + 1})
  UNION ALL
  (SELECT s.order_id FROM order_search_words s WHERE s.word = $6 LIMIT {CANDIDATES + 1})
  UNION ALL
  (SELECT s.order_id FROM order_search_words s WHERE s.word = ANY($5)
    GROUP BY s.order_id HAVING count(*) = cardinality($5) LIMIT {CANDIDATES + 1})
  UNION ALL
  (SELECT i.order_id FROM products p JOIN order_items i ON i.product_sku = p.sku COLLATE "C"
    WHERE $7 <> '' AND to_tsvector('simple', p.name) @@ to_tsquery('simple', $7) LIMIT {CANDIDATES + 1})
) found LIMIT {CANDIDATES + 1}
"""  # noqa: S608

# The same question asked of one order `o`; the placeholders are filled in by name.
_BROAD = """
   o.tiktok_order_id >= {typed} AND o.tiktok_order_id < {typed_end}
OR EXISTS (SELECT FROM order_items i LEFT JOIN products p ON p.id = i.product_id WHERE i.order_id = o.id AND (
     i.product_sku >= {typed} AND i.product_sku < {typed_end}
     OR i.product_sku >= {capitals} AND i.product_sku < {capitals_end}
     OR {names} <> '' AND to_tsvector('simple', p.name) @@ to_tsquery('simple', {names})))
OR EXISTS (SELECT FROM package_items pi JOIN packages p ON p.id = pi.package_id WHERE pi.order_id = o.id
     AND p.tracking_number <> '' AND (p.tracking_number >= {typed} AND p.tracking_number < {typed_end}
                                   OR p.tracking_number >= {capitals} AND p.tracking_number < {capitals_end}))
OR EXISTS (SELECT FROM order_search_words s WHERE s.order_id = o.id AND s.word = {whole})
OR {words} <> '{{}}' AND (SELECT count(*) FROM order_search_words s WHERE s.order_id = o.id AND s.word = ANY({words}))
     = cardinality({words})
"""

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


async def add_search(connection: Connection, vault: Vault, phrase: str, wanted: Predicate) -> None:
    """Add the condition that a phrase means to `wanted`; one round trip. An empty phrase adds nothing."""
    typed = _cleaned(phrase)
    if not typed:
        return
    capitals = typed.upper()
    typed_end, capitals_end = typed + _HIGHEST, capitals + _HIGHEST
    words = _blind_words(vault, typed)
    whole = vault.word(typed) if vault.has_keys else None
    names = " & ".join(f"{word}:*" for word in _NAME_WORD.findall(typed.casefold()))
    found = await connection.fetch(_CANDIDATES, typed, capitals, typed_end, capitals_end, words, whole, names)
    if len(found) <= CANDIDATES:
        wanted.add(f"o.id = ANY({wanted.bind([row['id'] for row in found], 'uuid[]')})")
        return
    wanted.add(
        _BROAD.format(
            typed=wanted.bind(typed, "text"),
            typed_end=wanted.bind(typed_end, "text"),
            capitals=wanted.bind(capitals, "text"),
            capitals_end=wanted.bind(capitals_end, "text"),
            names=wanted.bind(names, "text"),
            whole=wanted.bind(whole, "bigint"),
            words=wanted.bind(words, "bigint[]"),
        )
    )


async def find(connection: Connection, text: str) -> OrderId | None:
    """The order that `text` names exactly: order number (TikTok's order id), our id, package id or tracking number."""
    typed = _cleaned(text)
    if not typed:
        return None
    found = await connection.fetchval(_EXACT, typed, _as_uuid(typed), typed.upper())
    return None if found is None else OrderId(found)


def _cleaned(phrase: str) -> str:
    return " ".join(phrase.replace("\x00", "").split())


def _blind_words(vault: Vault, typed: str) -> list[int]:
    """The separate words of a name; a single word is asked for as the whole phrase already."""
    words = {word for word in normalise_word(typed).split(" ") if len(word) > 1}
    return sorted(vault.word(word) for word in words) if vault.has_keys and len(words) > 1 else []


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
