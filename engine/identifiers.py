"""Typed identifiers and the UUIDv7 generator.

Every key is made by the program, so that a row's id is known before the row is written and ids sort by the time they were made.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any, NewType
from uuid import UUID

from asyncpg.pgproto import pgproto

OrderId = NewType("OrderId", UUID)
ItemId = NewType("ItemId", UUID)
WorkflowId = NewType("WorkflowId", UUID)
ShopId = NewType("ShopId", UUID)
GrantId = NewType("GrantId", UUID)
UserId = NewType("UserId", UUID)
ProductId = NewType("ProductId", UUID)
LocationId = NewType("LocationId", UUID)
PackageId = NewType("PackageId", UUID)
EffectId = NewType("EffectId", UUID)
FailureId = NewType("FailureId", UUID)
BatchId = NewType("BatchId", UUID)
DaemonId = NewType("DaemonId", UUID)

DEFAULT_CREATOR = UserId(UUID("01900000-0000-7000-8000-000000000001"))
"""The creator that exists from the first start; shops belong to it until another is named."""

DEFAULT_LOCATION = LocationId(UUID("01900000-0000-7000-8000-000000000002"))
"""The warehouse that exists from the first start."""

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_MOST_IN_A_MILLISECOND = 0xFFF

# The driver's own kind of UUID: made and sent in a fraction of the time, and equal to any other of the same value.
_from_bytes: Any = pgproto.UUID

_chance = random.Random(os.urandom(16))  # noqa: S311  # ids have to differ, not to be secret
os.register_at_fork(after_in_child=lambda: _chance.seed(os.urandom(16)))

_last_tick = 0


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, a 12-bit counter, 62 random bits.

    The counter makes the ids of one process sort in the order they were made, also within a millisecond: the lines of an order's
    history rely on it.
    """
    global _last_tick  # noqa: PLW0603  # the counter is the process's
    tick = time.time_ns() // 1_000_000 << 12
    _last_tick = tick = tick if tick > _last_tick else _last_tick + 1
    random_bits = _chance.getrandbits(62)
    number = (tick >> 12) << 80 | _VERSION_7 | (tick & _MOST_IN_A_MILLISECOND) << 64 | _VARIANT | random_bits
    made: UUID = _from_bytes(number.to_bytes(16, "big"))
    return made
