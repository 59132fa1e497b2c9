"""The carrier adapter for EasyPost.

EasyPost has no idempotency key, but a shipment can be bought only once. So a label takes two calls, make and buy, and
the caller stores the shipment's id in between: whatever happens to the second answer, that id says whether money was
spent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from engine.errors import Ambiguous, Retryable, Terminal
from engine.ports import ParcelRequest
from sync.http_client import Timeouts, encode_json, is_this_machine
from sync.resilience import Guard
from sync.shipping.port import Label, Purchase, Quote, Rate, Track, VoidState
from sync.shipping.refusals import AlreadyBought, StaleRate, lost, raise_refusal, unclear
from sync.shipping.wire import (
    private_words,
    read_document,
    read_purchase,
    read_quote,
    read_track,
    read_void_state,
    shipment_body,
)

LISTS_BUDGET = "lists"
"""The rate budget of list calls, which EasyPost holds to 5 a second: give it in `GuardSettings.budgets`."""

_LARGEST_LABEL_BYTES = 10_000_000
_MEDIA_TYPES = {"PDF": "application/pdf", "PNG": "image/png", "ZPL": "application/zpl", "EPL2": "application/epl2"}


@dataclass(frozen=True, slots=True)
class EasyPostSettings:
    """How EasyPost is used. The format of a label is fixed when its shipment is made."""

    api_key: str = field(repr=False)
    label_format: str = "PDF"
    buy_seconds: float = 65.0
    page_size: int = 100
    timeouts: Timeouts = field(default_factory=Timeouts)


class EasyPost:
    """`sync.shipping.port.Carrier` over EasyPost's API."""

    def __init__(self, http: httpx.AsyncClient, settings: EasyPostSettings, guard: Guard) -> None:
        self._http = http
        self._settings = settings
        self._guard = guard

    async def quote(self, request: ParcelRequest, our_reference: str) -> Quote:
        body = shipment_body(request, our_reference, self._settings.label_format)
        private = private_words(request)
        # Not repeated in process, but a lost answer is no danger: a shipment that nobody buys costs nothing.
        return read_quote(
            await self._guard.write(
                lambda: self._call("POST", "/v2/shipments", "ask for rates", body=body, private=private)
            )
        )

    async def requote(self, shipment_reference: str) -> Quote:
        path = f"/v2/shipments/{shipment_reference}/rerate"
        quote = read_quote(await self._guard.write(lambda: self._call("POST", path, "ask for new rates", body={})))
        return Quote(shipment_reference, quote.rates, quote.messages)

    async def buy(self, request: ParcelRequest, shipment_reference: str, rate: Rate) -> Purchase:
        path, doing = f"/v2/shipments/{shipment_reference}/buy", "buy the label"
        body: dict[str, object] = {"rate": {"id": rate.rate_id}}
        try:
            document = await self._guard.write(
                lambda: self._call("POST", path, doing, body=body, spends=True, private=private_words(request))
            )
        except (StaleRate, Retryable, Ambiguous):
            raise
        except Terminal as refusal:
            return await self._adopt(shipment_reference, refusal)
        purchase = read_purchase(document)
        if purchase is None:
            raise unclear(doing, "(no label in the answer)", spends=True)
        return purchase

    async def lookup(self, shipment_reference: str) -> Purchase | Quote:
        shipment = await self._shipment(shipment_reference)
        return read_purchase(shipment) or read_quote(shipment)

    async def label(self, purchase: Purchase) -> Label:
        address = httpx.URL(purchase.label_address)
        base = self._http.base_url
        if address.scheme != "https" and not (address.host == base.host and is_this_machine(base.host)):
            raise Terminal(
                "carrier.label_not_safe", "The label's address is not https; fetch it from EasyPost by hand."
            )
        return await self._guard.read(lambda: self._download(address), budget="files")

    async def void(self, shipment_reference: str) -> VoidState:
        path = f"/v2/shipments/{shipment_reference}/refund"
        try:
            shipment = await self._guard.write(lambda: self._call("POST", path, "void the label", body={}, spends=True))
        except Terminal as refusal:
            if refusal.code == "carrier.no_refund":
                return VoidState.NOT_APPLICABLE
            raise
        state = read_void_state(shipment)
        if state is None:
            raise unclear("void the label", "(no refund in the answer)", spends=True)
        return state

    async def void_state(self, shipment_reference: str) -> VoidState | None:
        return read_void_state(await self._shipment(shipment_reference))

    async def track(self, tracker_reference: str) -> Track:
        path = f"/v2/trackers/{tracker_reference}"
        track = read_track(await self._guard.read(lambda: self._call("GET", path, "read a tracker")))
        if track is None:
            raise Terminal("carrier.malformed_tracker", f"EasyPost's tracker {tracker_reference} names no parcel.")
        return track

    async def recent_tracks(self, since: datetime) -> AsyncIterator[tuple[Track, ...]]:
        """Newest first, as EasyPost lists them."""
        query = {
            "page_size": str(self._settings.page_size),
            "start_datetime": since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        while True:
            page = await self._list(query)
            trackers = [tracker for tracker in page.get("trackers") or () if isinstance(tracker, dict)]
            yield tuple(track for tracker in trackers if (track := read_track(tracker)) is not None)
            last = str(trackers[-1].get("id") or "") if trackers else ""
            if not page.get("has_more") or not last or last == query.get("before_id"):
                return
            query = {**query, "before_id": last}

    async def _list(self, query: dict[str, str]) -> dict[str, Any]:
        # Nothing in a tracker is money, so its numbers need not be Decimal and the quicker parser will do.
        return await self._guard.read(
            lambda: self._call("GET", "/v2/trackers", "list the trackers", query=query, quick=True), budget=LISTS_BUDGET
        )

    async def _shipment(self, shipment_reference: str) -> dict[str, Any]:
        path = f"/v2/shipments/{shipment_reference}"
        return await self._guard.read(lambda: self._call("GET", path, "look up a shipment"))

    async def _adopt(self, shipment_reference: str, refusal: Terminal) -> Purchase:
        """The purchase behind a refused buy, if there is one: only a look proves that a refusal means no label."""
        try:
            found = await self.lookup(shipment_reference)
        except (Retryable, Terminal) as unreadable:
            raise Ambiguous(unreadable.code, f"{refusal.sentence} Whether a label exists could not be read.") from None
        if isinstance(found, Purchase):
            return found
        if isinstance(refusal, AlreadyBought):
            raise unclear("buy the label", "(said to be bought, shown without a label)", spends=True)
        raise refusal

    async def _download(self, address: httpx.URL) -> Label:
        doing = "fetch the label"
        try:
            # Another host than the API's: it must not see the key.
            response = await self._http.get(address)
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, spends=False)
        else:
            raise_refusal(response, doing=doing, spends=False)
            media_type = _MEDIA_TYPES.get(self._settings.label_format, "application/octet-stream")
            told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not response.content or len(response.content) > _LARGEST_LABEL_BYTES:
                raise unclear(doing, f"({len(response.content)} bytes)", spends=False)
            return Label(told if told in _MEDIA_TYPES.values() else media_type, response.content)
        raise failure

    async def _call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, object] | None = None,
        spends: bool = False,
        private: tuple[str, ...] = (),
        quick: bool = False,
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._settings.api_key}"}
        if body is not None:
            headers["content-type"] = "application/json"
        read_seconds = self._settings.buy_seconds if spends else None
        try:
            response = await self._http.request(
                method,
                path,
                params=query,
                content=None if body is None else encode_json(body),
                headers=headers,
                timeout=self._settings.timeouts.as_httpx(read_seconds=read_seconds),
            )
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, spends=spends)
        else:
            raise_refusal(response, doing=doing, spends=spends, private=private)
            try:
                return _quick(response.content) if quick else read_document(response.content)
            except ValueError:
                failure = unclear(doing, f"(HTTP {response.status_code} without a readable answer)", spends=spends)
        raise failure


def _quick(content: bytes) -> dict[str, Any]:
    document = orjson.loads(content)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004  # one error for whatever cannot be read
    return document
