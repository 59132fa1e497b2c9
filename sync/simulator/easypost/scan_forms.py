"""The book of scan forms: each shipment is on one of them only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.simulator.credentials import digest
from sync.simulator.easypost.shipments import Shipment, Shipments
from sync.simulator.journal import Entry


@dataclass(frozen=True, slots=True)
class ScanForm:
    """One form and the shipments on it."""

    number: int
    id: str
    created_at: float
    shipments: tuple[Shipment, ...]

    @property
    def tracking_codes(self) -> list[str]:
        """The codes of its shipments."""
        return [shipment.purchase.tracking_code for shipment in self.shipments if shipment.purchase]


class ScanForms:
    """All scan forms, found by id and by shipment."""

    def __init__(self, seed: int, shipments: Shipments) -> None:
        self.all: list[ScanForm] = []
        self.of_shipment: dict[int, ScanForm] = {}
        self._shipments = shipments
        self._id_mark = digest(seed, "scan_forms")[:16]

    def changes(self) -> Mapping[str, Callable[[Entry], Any]]:
        """What the journal may say of scan forms."""
        return {"scan_form": self._apply_created}

    def position(self, form_id: str) -> int | None:
        """Return where the form with this id stands in `all`."""
        return next((form.number for form in self.all if form.id == form_id), None)

    def _apply_created(self, entry: Entry) -> ScanForm:
        number = len(self.all)
        shipments = tuple(self._shipments.all[each] for each in entry["shipments"])
        form = ScanForm(number, f"sf_{self._id_mark}{number:016x}", entry["at"], shipments)
        self.all.append(form)
        self.of_shipment |= {shipment.number: form for shipment in shipments}
        return form
