"""A carrier that remembers: what it sold under which shipment, and what it took back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.ports.outcomes import Claim, LabelBought
from tests.engine.house import a_label


@dataclass(slots=True)
class Carrier:
    """Sells one label a shipment, however often it is asked; the same shipment always has the same one."""

    sold: dict[str, tuple[str, LabelBought]] = field(default_factory=dict)
    """By shipment: the key of the effect that bought it, and the label."""
    refunded: set[str] = field(default_factory=set)

    def sell(self, claim: Claim, shipment: str) -> LabelBought:
        label = replace(a_label(claim), shipment_reference=shipment)
        return self.sold.setdefault(shipment, (claim.key, label))[1]

    def found(self, shipment: str) -> LabelBought | None:
        """What was bought under it, asked by a claim that does not know."""
        known = self.sold.get(shipment)
        return known[1] if known else None

    @property
    def live(self) -> set[str]:
        """Shipments whose label was paid for and not taken back."""
        return self.sold.keys() - self.refunded
