"""What asks a carrier: rates, addresses, labels in another format, TikTok's documents, end-of-day forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import Ambiguous, NotFound, Refused, Retryable, Terminal
from engine.identifiers import OrderId, PackageId
from engine.orders.detail import detail
from engine.orders.parcels import documents, manifests, packages
from engine.orders.parcels.documents import LabelDocument, LabelledParcel
from engine.orders.parcels.manifests import Manifest
from engine.orders.parcels.rows import live_parcels
from engine.ports.requests import ParcelRequest
from engine.words import DocumentKind
from orders_tui.services.door import Door, lost_is_unreachable
from sync.outside import Outside
from sync.shipping.choice import arrives_in_time, choose_offer, why_chosen
from sync.shipping.deliveries import rule_for
from sync.shipping.port import MEDIA_TYPES, AddressCheck, LabelFormat, Quote, Rate
from sync.shipping.tiktok_documents import OWN_SIZES, TikTokDocument, TikTokDocuments

KINDS = {
    TikTokDocument.SHIPPING_LABEL: DocumentKind.LABEL,
    TikTokDocument.PACKING_SLIP: DocumentKind.PACKING_SLIP,
    TikTokDocument.SHIPPING_LABEL_AND_PACKING_SLIP: DocumentKind.LABEL_AND_SLIP,
    TikTokDocument.SHIPPING_LABEL_PICTURE: DocumentKind.LABEL_PICTURE,
    TikTokDocument.HAZMAT_LABEL: DocumentKind.HAZMAT_LABEL,
    TikTokDocument.INVOICE_LABEL: DocumentKind.INVOICE_LABEL,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One rate for one parcel; `why` says why it is the one that would be bought, and is empty for the others."""

    package_id: PackageId
    carrier: str
    service: str
    amount: str
    currency: str
    delivery_days: int | None
    in_time: bool
    chosen: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class MadeForm:
    """What became of one manifest; `sentence` says why there is no form."""

    manifest: Manifest
    form: bytes | None
    sentence: str = ""


class Shipping:
    """What one person asks carriers, over an open outside."""

    def __init__(self, database: Database, actor: Actor, door: Door, outside: Outside) -> None:
        self._database, self._actor, self._door, self._outside = database, actor, door, outside

    async def rates(self, order_id: OrderId) -> list[Offer]:
        """What can be had for each parcel of an order, cheapest first. Buys nothing. Raises NotFound, Refused, or what carriers say."""
        with lost_is_unreachable():
            requests = await packages.parcel_requests(self._database, await live_parcels(self._database, order_id))
            own = await self._database.pool.fetchval("SELECT rate_rule FROM orders WHERE id = $1", order_id)
        if not requests:
            raise NotFound("parcel.none", "The order has no parcel yet: it gets one when its stock is reserved.")
        now = await self._database.pool.fetchval("SELECT now()")
        found: list[Offer] = []
        for request in requests.values():
            quote = await self._quote(request)
            rule = rule_for(request, self._outside.labels, own)
            best = choose_offer(request, quote, rule, now=now)
            found += [
                Offer(
                    package_id=request.package_id,
                    carrier=rate.carrier,
                    service=rate.service,
                    amount=str(rate.amount),
                    currency=rate.currency,
                    delivery_days=rate.delivery_days,
                    in_time=arrives_in_time(rate, rule, now, request.ship_by),
                    chosen=rate is best,
                    why=why_chosen(rate, rule, now=now, ship_by=request.ship_by) if rate is best else "",
                )
                for rate in sorted(quote.rates, key=_by_price)
            ]
        return found

    async def check_address(self, order_id: OrderId) -> AddressCheck:
        """Whether carriers deliver to an order's address. Raises NotFound, Refused where it is not known here."""
        with lost_is_unreachable():
            order = await detail(self._database, order_id)
        address = order.address
        if address is None or "*" in f"{address.line1}{address.postal_code}":
            raise Refused("address.not_known", f"TikTok does not show the address of order {order.row.order_number}.")
        return await self._outside.carrier.check_address(address)

    async def labels(self, order_id: OrderId, label_format: LabelFormat) -> list[LabelDocument]:
        """An order's labels in this format: the stored ones, or made anew by their provider and kept. Raises Terminal, NotFound."""
        media_type = MEDIA_TYPES[label_format]
        with lost_is_unreachable():
            parcels = await documents.labelled_parcels(self._database, order_id)
        found: list[LabelDocument] = []
        for parcel in parcels:
            kept = await documents.stored(self._database, parcel, DocumentKind.LABEL, media_type=media_type)
            if kept is None:
                kept = await self._convert(parcel, label_format)
            found.append(LabelDocument(parcel.package_id, parcel.tracking_number, *kept))
        return found

    async def documents(self, order_id: OrderId, document: TikTokDocument, size: str) -> list[LabelDocument]:
        """What TikTok prints for an order's parcels, fetched once and kept. Raises NotFound, Refused for parcels it does not ship."""
        with lost_is_unreachable():
            parcels = await documents.labelled_parcels(self._database, order_id)
        kind, kept_size = KINDS[document], OWN_SIZES.get(document, size)
        found: list[LabelDocument] = []
        for parcel in parcels:
            if parcel.provider != "tiktok":
                raise Refused(
                    "document.not_tiktok",
                    f"TikTok prints nothing for parcel {parcel.tracking_number}: it does not ship it.",
                )
            kept = await documents.stored(self._database, parcel, kind, size=kept_size)
            if kept is None:
                shop = await self._outside.shop(parcel.shop_id)
                printed = await TikTokDocuments(shop).document(parcel.tiktok_package_id, document, size=size)
                kept = (printed.media_type, printed.document)
                await self._keep(parcel, kind, kept_size, kept)
            found.append(LabelDocument(parcel.package_id, parcel.tracking_number, *kept))
        return found

    async def end_of_day(self, day: date, location: str) -> list[MadeForm]:
        """Make the forms of a day's parcels that are on none yet, and answer all of that day; each form is kept."""
        planned = await self._door.write(manifests.plan_manifests(self._database, day, location, actor=self._actor))
        return [await self._form(manifest) for manifest in planned]

    async def _quote(self, request: ParcelRequest) -> Quote:
        if request.shipping_type != "TIKTOK":
            return await self._outside.carrier.quote(request, f"quote:{request.package_id}")
        carrier = await self._outside.carriers.of_tiktok(request.shop_id)
        found = await carrier.find(request, "")
        if found is None:
            return await carrier.quote(request, "")
        if not isinstance(found, Quote):
            raise Refused("label.bought", "TikTok has sold this parcel's label already; there is nothing to choose.")
        return found

    async def _convert(self, parcel: LabelledParcel, label_format: LabelFormat) -> tuple[str, bytes]:
        if parcel.provider == "tiktok":
            carrier = await self._outside.carriers.of_tiktok(parcel.shop_id)
            label = await carrier.convert(parcel.shipment_reference, label_format)
        else:
            label = await self._outside.carrier.convert(parcel.shipment_reference, label_format)
        kept = (label.media_type, label.document)
        await self._keep(parcel, DocumentKind.LABEL, "", kept)
        return kept

    async def _keep(self, parcel: LabelledParcel, kind: DocumentKind, size: str, kept: tuple[str, bytes]) -> None:
        media_type, body = kept
        await self._door.write(
            documents.keep(self._database, parcel, kind, size=size, media_type=media_type, body=body)
        )

    async def _form(self, manifest: Manifest) -> MadeForm:
        if manifest.state == "made":
            return MadeForm(manifest, await manifests.form(self._database, manifest))
        depot = self._outside.carrier
        try:
            made = None
            if manifest.begun_before:
                # Its answer may have been lost: what these parcels are on already is looked for first.
                made = await depot.find_end_of_day(manifest.tracking_numbers)
            if made is None:
                made = await depot.end_of_day(manifest.shipment_references)
        except Terminal as error:
            await self._door.write(manifests.failed(self._database, manifest, error.sentence, actor=self._actor))
            return MadeForm(manifest, None, error.sentence)
        except (Ambiguous, Retryable) as error:
            return MadeForm(manifest, None, f"{error.sentence} Ask again: the same parcels are looked up first.")
        if made.failure:
            sentence = f"The carrier makes no such form: {made.failure}."
            await self._door.write(manifests.failed(self._database, manifest, sentence, actor=self._actor))
            return MadeForm(manifest, None, sentence)
        if made.form is None:
            return MadeForm(manifest, None, "The carrier is still making the form; ask again in a moment.")
        media_type, body = made.form.media_type, made.form.document
        await self._door.write(
            manifests.made(
                self._database,
                manifest,
                reference=made.reference,
                media_type=media_type,
                body=body,
                actor=self._actor,
            )
        )
        return MadeForm(manifest, body)


def _by_price(rate: Rate) -> tuple[object, ...]:
    return rate.amount, rate.carrier, rate.service
