"""What a warehouse asks of EasyPost beside labels: whether an address is good, and the form for the end of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.errors import Ambiguous, Retryable, Terminal
from engine.ports.facts import Address
from sync.resilience import Guard
from sync.shipping.easypost_calls import LISTS_BUDGET, EasyPostCalls
from sync.shipping.port import AddressCheck, EndOfDay, Label, LabelFormat
from sync.shipping.wire import easypost_address, read_address_check, read_end_of_day

_FORMS_LOOKED_THROUGH = 100


class EasyPostDepot:
    """`sync.shipping.port.Depot`, and what the whole adapter calls with."""

    def __init__(self, calls: EasyPostCalls, guard: Guard) -> None:
        self._calls = calls
        self._guard = guard

    async def check_address(self, address: Address) -> AddressCheck:
        """Answered with success always; what was found is in the verification, and a success may come with errors."""
        body: dict[str, object] = {"address": easypost_address(address), "verify": True}
        made = await self._guard.read(lambda: self._calls.send("POST", "/v2/addresses", "check an address", body=body))
        check = read_address_check(made)
        return replace(check, suggestion=None) if check.suggestion == _as_sent(address) else check

    async def end_of_day(self, shipment_references: Sequence[str]) -> EndOfDay:
        """After Ambiguous, ask `find_end_of_day` first."""
        doing = "make the end-of-day form"
        body: dict[str, object] = {"scan_form": {"shipments": [{"id": reference} for reference in shipment_references]}}
        form = await self._guard.write(
            lambda: self._calls.send("POST", "/v2/scan_forms", doing, body=body, spends=True)
        )
        return await self._whole(form)

    async def find_end_of_day(self, tracking_numbers: Sequence[str]) -> EndOfDay | None:
        query = {"page_size": str(_FORMS_LOOKED_THROUGH)}
        page = await self._list("/v2/scan_forms", "list the end-of-day forms", query)
        wanted = set(tracking_numbers)
        for form in page.get("scan_forms") or ():
            if isinstance(form, dict) and wanted & set(form.get("tracking_codes") or ()):
                return await self._whole(form)
        return None

    async def _whole(self, form: dict[str, Any]) -> EndOfDay:
        """The form with its file, where there is one already."""
        told, address = read_end_of_day(form)
        if told.failure or not address:
            return told
        try:
            return replace(told, form=await self._fetch(address, LabelFormat.PDF, "fetch the end-of-day form"))
        except (Retryable, Terminal) as error:
            raise Ambiguous(error.code, f"The end-of-day form is made but not fetched yet. {error.sentence}") from None

    async def _fetch(self, file_address: str, made_as: LabelFormat, doing: str) -> Label:
        address = self._calls.address_of(file_address)
        return await self._guard.read(lambda: self._calls.download(address, made_as, doing), budget="files")

    async def _list(self, path: str, doing: str, query: dict[str, str]) -> dict[str, Any]:
        return await self._guard.read(lambda: self._calls.send("GET", path, doing, query=query), budget=LISTS_BUDGET)

    async def _shipment(self, shipment_reference: str) -> dict[str, Any]:
        path = f"/v2/shipments/{shipment_reference}"
        return await self._guard.read(lambda: self._calls.send("GET", path, "look up a shipment"))


def _as_sent(address: Address) -> Address:
    sent = easypost_address(address)
    return replace(address, state=sent["state"])
