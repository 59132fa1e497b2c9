"""What is handed out to be done outside (`Claim`), and what came of it (`Outcome`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.identifiers import EffectId, OrderId, PackageId, ShopId
from engine.ports.facts import ServiceLevel
from engine.words import (
    Dependency,
    EffectKind,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One effect handed to a worker. Every later write names `token`, so a worker that lost its claim writes nothing."""

    effect_id: EffectId
    key: str
    kind: EffectKind
    dependency: Dependency
    order_id: OrderId | None
    shop_id: ShopId | None
    package_id: PackageId | None
    token: int
    attempt: int
    ambiguous: bool
    """True when an earlier try may have happened: ask first, then adopt or do it again."""
    provider_reference: str
    """What the provider calls the thing (a shipment id), once known; empty before."""
    request: dict[str, object] = field(default_factory=dict)
    retry: Mapping[str, Any] | None = None
    """The `retry_config` of the action that meant it; None leaves it to the budget of its kind."""
    intended_at: datetime | None = None
    """When it was meant, by the database's clock."""


@dataclass(frozen=True, slots=True)
class LabelBought:
    """A label was bought, or found bought."""

    carrier: str
    service: str
    tracking_number: str
    tracker_reference: str
    shipment_reference: str
    cost: Decimal | None
    """None where the seller does not tell it any more."""
    currency: str
    media_type: str
    document: bytes
    provider: str = "easypost"
    """Who sold it."""
    tiktok_package_id: str = ""
    """TikTok's id of the parcel, where buying the label already arranged it there."""


@dataclass(frozen=True, slots=True)
class LabelVoided:
    """The carrier took the label back, or said that it never can (`refunded` False)."""

    refunded: bool


@dataclass(frozen=True, slots=True)
class PackageShipped:
    """TikTok knows the parcel and its tracking number."""

    tiktok_package_id: str
    warning: str = ""


SKIPPED = "skipped"
"""The reference of a notice that had become pointless, or unwanted, and was left out."""

HANDED_OVER = "targets"
"""The reference of a notice that goes to several targets: what came of each is in the ledger of sends."""


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """A notice left for its recipient; `reference` is the mail's Message-ID or the file's name."""

    reference: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """TikTok cancelled the order, or had done so before; `cancel_id` is its name for the cancellation, where it gave one."""

    cancel_id: str = ""


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """TikTok knows the answer to a buyer's request; `status` is how the request stands by it, where that is known."""

    request_id: str
    status: str


@dataclass(frozen=True, slots=True)
class PackagesArranged:
    """TikTok has our parcels packed as they are here; its newest ids of them, as far as it showed them."""

    tiktok_package_ids: Mapping[PackageId, str]


@dataclass(frozen=True, slots=True)
class StockTold:
    """The inventory service has reserved, released or taken what it was told to."""


Result = (
    LabelBought
    | LabelVoided
    | PackageShipped
    | OrderCancelled
    | RequestAnswered
    | PackagesArranged
    | NoticeSent
    | StockTold
)


@dataclass(frozen=True, slots=True)
class Done:
    """It happened, with what it means."""

    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not happen and will not by itself. `code` is stable; `sentence` says what and the mend."""

    code: str
    sentence: str
    levels: tuple[ServiceLevel, ...] = ()
    """With `out_of_stock`: what the inventory service has instead."""
    unless_rejected: bool = False
    """It failed for a buyer who asks to cancel and had no answer when this was begun: after a no since then it is begun again."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have happened; the next claim is `ambiguous` and asks first.

    `burns_attempt` False for what has happened and is merely not ready: it is asked for again in `after_seconds`.
    """

    code: str
    sentence: str
    provider_reference: str = ""
    after_seconds: float | None = None
    burns_attempt: bool = True


@dataclass(frozen=True, slots=True)
class Postponed:
    """It did not happen; try again in `after_seconds`. `burns_attempt` False for rate limits and open breakers."""

    code: str
    sentence: str
    after_seconds: float | None
    burns_attempt: bool = True


Outcome = Done | Failed | Unsure | Postponed
