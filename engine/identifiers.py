"""Typed identifiers and the UUIDv7 generator.

Every key is made by the program, so that a row's id is known before the row is written and ids sort by the time they were made.
"""

from __future__ import annotations

import os
import time
from typing import NewType
from uuid import UUID

OrderId = NewType("OrderId", UUID)
ItemId = NewType("ItemId", UUID)
WorkflowId = NewType("WorkflowId", UUID)
ShopId = NewType("ShopId", UUID)
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
_RANDOM_A_MASK = ((1 << 12) - 1) << 64
_RANDOM_B_MASK = (1 << 62) - 1


def new_id() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits (RFC 9562)."""
    random_bits = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000
    return UUID(
        int=(milliseconds << 80)
        | _VERSION_7
        | (random_bits & _RANDOM_A_MASK)
        | _VARIANT
        | (random_bits & _RANDOM_B_MASK)
    )
