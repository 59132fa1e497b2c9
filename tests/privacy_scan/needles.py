"""What must be found nowhere: the people of the orders as the program knows them, and every secret it holds."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.database.connection import Database
from engine.privacy.wrapping import unwrap
from engine.shops import grants, shops

SECRETS = ("master_key", "database_password", "tiktok_app_secret", "easypost_api_key", "inventory_api_key")
_SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Needle:
    """One thing, told as what it is and never as itself."""

    kind: str
    text: bytes = field(repr=False)

    def spellings(self) -> Iterator[bytes]:
        """As text, as PostgreSQL writes bytes, and in base64 wherever it begins; all in lower case."""
        yield self.text.lower()
        for spelled in {self.text, self.text.lower()}:
            yield spelled.hex().encode()
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + self.text)
            yield whole[4 if shift else 0 : -4].lower()


async def people(database: Database) -> set[Needle]:
    """Names, addresses, phones and words of everybody who is in the database now."""
    found: set[Needle] = set()
    vault = database.vault
    for row in await database.pool.fetch("SELECT * FROM orders"):
        for column in ("customer_name", "customer_email", "customer_phone", "buyer_message", "seller_note"):
            found |= _needles(column, vault.open(f"orders.{column}", row["id"], row[column]))
        address = vault.open("orders.shipping_address", row["id"], row["shipping_address"])
        for line, text in (orjson.loads(address) if address else {}).items():
            if line in {"name", "phone", "line1"}:
                found |= _needles(f"address {line}", text.encode())
    for row in await database.pool.fetch("SELECT id, body FROM notes"):
        found |= _needles("note", vault.open("notes.body", row["id"], row["body"]))
    return found


async def secrets(database: Database, *, older: set[Needle] = frozenset()) -> set[Needle]:  # type: ignore[assignment]
    """Tokens, keys and passwords, and the keys under which everything lies."""
    found = set(older)
    for name in SECRETS:
        secret = database.secrets.read(name)
        found |= _needles(name, secret.reveal().encode() if secret else None)
    for shop in await shops.list_shops(database):
        found |= _needles("shop cipher", (shop.cipher or "").encode())
        if shop.grant_id is not None:
            _, tokens = await grants.read_tokens(database, shop.grant_id)
            for each in (tokens.access, tokens.refresh) if tokens else ():
                found |= _needles("token", each.encode())
    for row in await database.pool.fetch("SELECT user_id, wrapped, master FROM data_keys"):
        found |= _key("data key", database, row, row["user_id"].bytes)
    row = await database.pool.fetchrow("SELECT wrapped, master FROM index_keys")
    return found | _key("index key", database, row, b"blind index")


def _key(kind: str, database: Database, row: Any, bound: bytes) -> set[Needle]:
    key = unwrap(database.vault.ring.masters, row["wrapped"], row["master"], bound)
    return {Needle(kind, key)} if key is not None else set()


def _needles(kind: str, text: bytes | None) -> set[Needle]:
    """Neither what is too short to be anybody's, nor what the channel masked."""
    if text is None or len(text) < _SHORTEST or b"*" in text:
        return set()
    found = {Needle(kind, text)}
    if "phone" in kind:
        digits = bytes(byte for byte in text if chr(byte).isdigit())
        found |= {Needle(kind, digits)} if len(digits) >= _SHORTEST + 1 else set()
    return found
