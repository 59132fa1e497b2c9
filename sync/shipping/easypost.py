"""The carrier adapter for EasyPost.

EasyPost has no idempotency key, but a shipment can be bought only once. So a label takes two calls, make and buy, and
the caller stores the shipment's id in between: whatever happens to the second answer, that id says whether money was
spent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import httpx

from engine.errors import Ambiguous, Retryable, Terminal
from engine.ports.requests import ParcelRequest
from sync.http_client import Timeouts
from sync.resilience import Guard, TurnedAway
from sync.shipping.easypost_calls import BUYING_SECONDS, LISTS_BUDGET, EasyPostCalls
from sync.shipping.easypost_depot import EasyPostDepot
from sync.shipping.port import Label, LabelFormat, Purchase, Quote, Rate, Track, VoidState
from sync.shipping.refusals import AlreadyBought, StaleRate, unclear
from sync.shipping.wire import (
    Terms,
    is_of,
    label_addresses,
    read_purchase,
    read_quote,
    read_track,
    read_void_state,
    shipment_body,
)

__all__ = ("LISTS_BUDGET", "EasyPost", "EasyPostSettings")


@dataclass(frozen=True, slots=True)
class EasyPostSettings:
    """How EasyPost is used. The format of a label is fixed when its shipment is made; only PNG can be converted afterwards."""

    api_key: str = field(repr=False)
    label_format: str = LabelFormat.PDF.value
    terms: Terms = field(default_factory=Terms)
    insure_from: Decimal | None = None
    """Parcels whose goods are worth as much, in US dollars, are insured for their worth; None insures none."""
    buy_seconds: float = BUYING_SECONDS
    page_size: int = 100
    timeouts: Timeouts = field(default_factory=Timeouts)


class EasyPost(EasyPostDepot):
    """`sync.shipping.port`'s `Carrier`, `Follower` and `Depot` over EasyPost's API."""

    name = "easypost"
    asks_first = False

    def __init__(self, http: httpx.AsyncClient, settings: EasyPostSettings, guard: Guard) -> None:
        super().__init__(EasyPostCalls(http, settings.api_key, settings.timeouts, settings.buy_seconds), guard)
        self._settings = settings

    async def quote(self, request: ParcelRequest, our_reference: str) -> Quote:
        label_format = request.label_format or self._settings.label_format
        body = shipment_body(request, our_reference, label_format, self._settings.terms)
        # Not repeated in process, but a lost answer is no danger: a shipment that nobody buys costs nothing.
        shipment = await self._guard.write(
            lambda: self._calls.send("POST", "/v2/shipments", "ask for rates", body=body, private=request)
        )
        return read_quote(shipment)

    async def requote(self, request: ParcelRequest, shipment_reference: str) -> Quote:
        path = f"/v2/shipments/{shipment_reference}/rerate"
        doing = "ask for new rates"
        rates = await self._guard.write(lambda: self._calls.send("POST", path, doing, body={}, private=request))
        quote = read_quote(rates)
        return Quote(shipment_reference, quote.rates, quote.messages)

    async def buy(self, request: ParcelRequest, shipment_reference: str, rate: Rate) -> Purchase:
        body: dict[str, object] = {"rate": {"id": rate.rate_id}}
        if (insured := self._insured(request)) is not None:
            body["insurance"] = str(insured)
        return await self._guard.write(lambda: self._buy(request, shipment_reference, body))

    async def _buy(self, request: ParcelRequest, shipment_reference: str, body: dict[str, object]) -> Purchase:
        path, doing = f"/v2/shipments/{shipment_reference}/buy", "buy the label"
        try:
            document = await self._calls.send("POST", path, doing, body=body, spends=True, private=request)
        except TurnedAway as refusal:
            if refusal.code == "carrier_credentials":
                raise  # nobody whose key is refused has bought anything, nor could they look
            return await self._adopt(shipment_reference, refusal)
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

    async def find(self, request: ParcelRequest, our_reference: str) -> Purchase | Quote | None:
        """By our reference; EasyPost does not keep those apart, so what is found must be of this very parcel."""
        try:
            shipment = await self._shipment(our_reference)
        except Terminal as error:
            if error.code == "carrier_unknown":
                return None
            raise
        if shipment.get("reference") != our_reference:
            return None
        if (purchase := read_purchase(shipment)) is not None:
            return purchase
        return read_quote(shipment) if is_of(shipment, request) else None

    async def label(self, purchase: Purchase) -> Label:
        return await self._fetch(purchase.label_address, LabelFormat(self._settings.label_format), "fetch the label")

    async def convert(self, shipment_reference: str, label_format: LabelFormat) -> Label:
        doing = f"give the label as {label_format}"
        path = f"/v2/shipments/{shipment_reference}/label"
        query = {"file_format": label_format.value}
        shipment = await self._guard.read(lambda: self._calls.send("GET", path, doing, query=query))
        address = label_addresses(shipment).get(label_format.value)
        if address is None:
            raise Terminal(
                "carrier.no_format",
                f"EasyPost made no {label_format} of this label: only labels bought as PNG can be converted.",
            )
        return await self._fetch(address, label_format, doing)

    async def void(self, shipment_reference: str) -> VoidState:
        path, doing = f"/v2/shipments/{shipment_reference}/refund", "void the label"
        try:
            shipment = await self._guard.write(lambda: self._calls.send("POST", path, doing, body={}, spends=True))
        except Terminal as refusal:
            if refusal.code == "carrier.no_refund":
                return VoidState.NOT_APPLICABLE
            raise
        state = read_void_state(shipment)
        if state is None:
            raise unclear(doing, "(no refund in the answer)", spends=True)
        return state

    async def void_state(self, shipment_reference: str) -> VoidState | None:
        return read_void_state(await self._shipment(shipment_reference))

    async def track(self, tracker_reference: str) -> Track:
        path = f"/v2/trackers/{tracker_reference}"
        track = read_track(await self._guard.read(lambda: self._calls.send("GET", path, "read a tracker")))
        if track is None:
            raise Terminal("carrier.malformed_tracker", f"EasyPost's tracker {tracker_reference} names no parcel.")
        return track

    async def follow(self, carrier: str, tracking_number: str) -> Track:
        """The same code and carrier within about three months is the same tracker, so that asking again makes no second one."""
        tracker = {"tracking_code": tracking_number} | ({"carrier": carrier} if carrier else {})
        document = await self._guard.read(
            lambda: self._calls.send("POST", "/v2/trackers", "follow a parcel", body={"tracker": tracker})
        )
        track = read_track(document)
        if track is None:
            raise Terminal("carrier.malformed_tracker", f"EasyPost's tracker of {tracking_number} names no parcel.")
        return track

    async def recent_tracks(self, since: datetime) -> AsyncIterator[tuple[Track, ...]]:
        """Newest first, as EasyPost lists them."""
        query = {
            "page_size": str(self._settings.page_size),
            "start_datetime": since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        while True:
            page = await self._list("/v2/trackers", "list the trackers", query)
            trackers = [tracker for tracker in page.get("trackers") or () if isinstance(tracker, dict)]
            yield tuple(track for tracker in trackers if (track := read_track(tracker)) is not None)
            last = str(trackers[-1].get("id") or "") if trackers else ""
            if not page.get("has_more") or not last or last == query.get("before_id"):
                return
            query = {**query, "before_id": last}

    async def _adopt(self, shipment_reference: str, refusal: Terminal | TurnedAway) -> Purchase:
        """The purchase behind a refused buy, if there is one: only a look proves that a refusal means no label."""
        path = f"/v2/shipments/{shipment_reference}"
        try:
            found = read_purchase(await self._calls.send("GET", path, "look up a shipment"))
        except (Retryable, Terminal) as unreadable:
            raise Ambiguous(unreadable.code, f"{refusal.sentence} Whether a label exists could not be read.") from None
        if found is not None:
            return found
        if isinstance(refusal, AlreadyBought):
            raise unclear("buy the label", "(said to be bought, shown without a label)", spends=True)
        raise refusal

    def _insured(self, request: ParcelRequest) -> Decimal | None:
        least = self._settings.insure_from
        if least is None or request.currency != "USD" or request.goods_value < least or request.goods_value <= 0:
            return None
        return request.goods_value.quantize(Decimal("0.01"))
