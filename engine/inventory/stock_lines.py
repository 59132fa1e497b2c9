"""The stock list as people see it: its lines, where each stands, and what narrows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from engine.inventory.waited import Waited


class Shown(StrEnum):
    """Which lines of the list; the value is its name for people."""

    EVERYTHING = "everything"
    LOW = "low"
    OUT = "out of stock"
    OVERSOLD = "oversold"
    HELD = "held back"
    WAITED = "waited for"


@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which lines. `search` is one phrase: the beginning of a SKU, a barcode, or words of a name."""

    shown: Shown = Shown.EVERYTHING
    search: str = ""


@dataclass(frozen=True, slots=True)
class StockKey:
    """Where a line stands in the list: what begins as it was searched for comes before what is only named so."""

    part: int
    sku: str
    """In small letters, as the database writes them."""
    product_id: UUID
    location: str
    location_id: UUID | None

    @property
    def row_id(self) -> StockId:
        return self.product_id, self.location_id

    @property
    def place(self) -> tuple[int, str, int, str]:
        """What compares as the lines are sorted."""
        return self.part, self.sku, self.product_id.int, self.location


StockId = tuple[UUID, UUID | None]
"""A product and a location, or None where it has never lain anywhere; a kit has none."""


@dataclass(frozen=True, slots=True)
class StockLine:
    """One product at one location."""

    product_id: UUID
    location_id: UUID | None
    sku: str
    name: str
    location: str
    on_hand: int
    reserved: int
    held: int
    available: int
    kit: bool
    """It has no stock of its own; `available` is what could be packed of its parts."""
    weight_grams: int | None
    bin: str
    buffer: int | None
    """Units kept from the channels; None: as each shop says."""
    low_at: int | None
    told: tuple[int | None, int | None]
    """The lowest and the highest number that shops were told."""
    told_at: datetime | None
    told_state: str
    """`in step`, `told`, `not told`, `failing`, `differs`, `refused` or `off`; empty where no shop lists it."""
    alarms: tuple[str, ...]
    waited: Waited | None
    key: StockKey

    @property
    def row_id(self) -> StockId:
        return self.product_id, self.location_id


@dataclass(frozen=True, slots=True)
class StockPage:
    """A window of lines in the order of their SKUs."""

    rows: tuple[StockLine, ...]
    more_before: bool
    more_after: bool
