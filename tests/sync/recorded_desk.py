"""A desk that remembers what handlers asked and answered, for tests without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.identifiers import EffectId, OrderId, PackageId, ShopId, new_id
from engine.ports.outcomes import Claim, Outcome
from engine.ports.requests import AnswerRequest, NoticeRequest, PackingRequest, ParcelRequest, ShipRequest
from engine.words import Dependency, EffectKind

SHOP = ShopId(UUID(int=0x5409))


@dataclass(slots=True)
class RecordedDesk:
    """The engine as a handler sees it; `withdrawn` claims get False from their checkpoint."""

    parcels: dict[PackageId, ParcelRequest] = field(default_factory=dict)
    shipments: dict[PackageId, ShipRequest] = field(default_factory=dict)
    notices: dict[EffectId, NoticeRequest] = field(default_factory=dict)
    numbers: dict[OrderId, str] = field(default_factory=dict)
    answers: dict[EffectId, AnswerRequest] = field(default_factory=dict)
    packings: dict[EffectId, PackingRequest] = field(default_factory=dict)
    taken_in: list[Mapping[str, Any]] = field(default_factory=list)
    handed_over: list[NoticeRequest] = field(default_factory=list)
    withdrawn: set[EffectId] = field(default_factory=set)
    checkpoints: list[tuple[EffectId, str]] = field(default_factory=list)
    outcomes: dict[EffectId, Outcome] = field(default_factory=dict)

    async def parcel_requests(self, claims: Sequence[Claim]) -> dict[PackageId, ParcelRequest]:
        return dict(self.parcels)

    async def ship_requests(self, claims: Sequence[Claim]) -> dict[EffectId, ShipRequest]:
        return {
            claim.effect_id: self.shipments[claim.package_id] for claim in claims if claim.package_id in self.shipments
        }

    async def tiktok_order_ids(self, claims: Sequence[Claim]) -> dict[OrderId, str]:
        return dict(self.numbers)

    async def answer_requests(self, claims: Sequence[Claim]) -> dict[EffectId, AnswerRequest]:
        return dict(self.answers)

    async def packing_requests(self, claims: Sequence[Claim]) -> dict[EffectId, PackingRequest]:
        return dict(self.packings)

    async def take_in(self, shop_id: ShopId, raw_orders: Sequence[Mapping[str, Any]]) -> None:
        self.taken_in += raw_orders

    async def notice_requests(self, claims: Sequence[Claim]) -> dict[EffectId, NoticeRequest]:
        return dict(self.notices)

    async def hand_over(self, requests: Sequence[NoticeRequest]) -> None:
        self.handed_over += requests

    async def checkpoint(self, claim: Claim, provider_reference: str) -> bool:
        self.checkpoints.append((claim.effect_id, provider_reference))
        return claim.effect_id not in self.withdrawn

    async def settle(self, claim: Claim, outcome: Outcome) -> None:
        assert claim.effect_id not in self.outcomes, "a claim is settled once"
        self.outcomes[claim.effect_id] = outcome


_tokens = iter(range(1, 1_000_000))


def claim_of(
    kind: EffectKind,
    package_id: PackageId | None = None,
    *,
    key: str = "",
    attempt: int = 1,
    ambiguous: bool = False,
    provider_reference: str = "",
    request: dict[str, object] | None = None,
) -> Claim:
    """A claim of its own effect, with a token that no other has."""
    return Claim(
        effect_id=EffectId(new_id()),
        key=key or f"{kind}:{package_id}:1",
        kind=kind,
        dependency=Dependency.CARRIER,
        order_id=OrderId(new_id()),
        shop_id=SHOP,
        package_id=package_id,
        token=next(_tokens),
        attempt=attempt,
        ambiguous=ambiguous,
        provider_reference=provider_reference,
        request=request or {},
    )
