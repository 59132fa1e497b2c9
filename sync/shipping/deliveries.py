"""The effects "buy a label" and "void a label".

Nothing is bought blindly: the shipment's id is checkpointed before the purchase, and whenever a claim already carries
such an id the carrier is asked first, so that a label bought by an attempt whose answer was lost is adopted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from engine.errors import OrdersError, Terminal
from engine.ports import Claim, Done, Failed, LabelBought, LabelVoided, Outcome, ParcelRequest, Unsure
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.shipping.choice import RateRule, choose_rate, parse_rate_rule, same_service
from sync.shipping.port import Carrier, Purchase, Quote, Rate, VoidState
from sync.shipping.refusals import StaleRate, no_offer
from sync.shipping.wire import private_words


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """How labels are bought.

    A claim's request may name another `rate_rule`, as `cheapest`, `fastest`, `service:<name>` or `carrier:<name>`.
    """

    rate_rule: RateRule = field(default_factory=RateRule)
    price_rise_allowed: Decimal = Decimal("0.10")
    """By how much of itself a price may rise between the first offer and a fresh one."""
    at_once: int = 16


def buy_label_handler(
    carrier: Carrier, settings: LabelSettings | None = None, *, clock: Callable[[], datetime] | None = None
) -> Handler:
    """The handler for `EffectKind.BUY_LABEL`."""
    deliveries = _LabelDeliveries(carrier, settings or LabelSettings(), clock or (lambda: datetime.now(UTC)))
    return deliveries.handle


def void_label_handler(carrier: Carrier, settings: LabelSettings | None = None) -> Handler:
    """The handler for `EffectKind.VOID_LABEL`; the claim names the shipment as its provider's reference."""
    at_once = (settings or LabelSettings()).at_once

    async def handle(claims: Sequence[Claim], desk: Desk) -> None:
        async def one(claim: Claim) -> None:
            outcome = await _void(carrier, claim, desk)
            if outcome is not None:
                await desk.settle(claim, outcome)

        await for_each(claims, one, at_once=at_once)

    return handle


class _LabelDeliveries:
    def __init__(self, carrier: Carrier, settings: LabelSettings, clock: Callable[[], datetime]) -> None:
        self._carrier = carrier
        self._settings = settings
        self._clock = clock

    async def handle(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.parcel_requests(claims)

        async def one(claim: Claim) -> None:
            request = requests.get(claim.package_id) if claim.package_id is not None else None
            try:
                outcome = await self._deliver(claim, request, desk)
            except OrdersError as error:
                # Raised before any purchase: those of the purchase itself are answered where they happen.
                outcome = outcome_of(error, claim.provider_reference)
            if outcome is not None:
                await desk.settle(claim, outcome)

        await for_each(claims, one, at_once=self._settings.at_once)

    async def _deliver(self, claim: Claim, request: ParcelRequest | None, desk: Desk) -> Outcome | None:
        """The outcome of one claim; None when it must not be settled."""
        quote: Quote | None = None
        if claim.provider_reference:
            found = await self._carrier.lookup(claim.provider_reference)
            if isinstance(found, Purchase):
                return await self._bought(claim, found)
            quote = found
        if request is None:
            return Failed("package_gone", "The parcel is no longer there; no label was bought.")
        _refuse_unready(request)
        if quote is None:
            quote = await self._carrier.quote(request, f"{claim.key}-{claim.token}")
        elif not quote.rates:
            quote = await self._carrier.requote(quote.shipment_reference)
        rate = self._choose(claim, request, quote)
        return await self._buy(claim, request, quote.shipment_reference, rate, desk)

    def _choose(self, claim: Claim, request: ParcelRequest, quote: Quote) -> Rate:
        named = claim.request.get("rate_rule")
        rule = parse_rate_rule(named) if isinstance(named, str) and named else self._settings.rate_rule
        rate = choose_rate(quote.rates, rule, currency=request.currency, now=self._clock(), ship_by=request.ship_by)
        if rate is not None:
            return rate
        if quote.rates:
            offered = ", ".join(sorted({f"{rate.carrier} {rate.service}" for rate in quote.rates}))
            raise Terminal(
                "no_rates",
                f"There is no offer of the {rule.preference} {rule.service!r} for this parcel; it can go with {offered}.",
            )
        raise no_offer(quote.messages, private_words(request))

    async def _buy(
        self, claim: Claim, request: ParcelRequest, reference: str, rate: Rate, desk: Desk, *, again: bool = True
    ) -> Outcome | None:
        if not await desk.checkpoint(claim, reference):
            return None
        try:
            purchase = await self._carrier.buy(request, reference, rate)
        except StaleRate as stale:
            if not again:
                return Failed("no_rates", f"The carrier's offers expire before they can be bought: {stale.sentence}")
            try:
                fresh = await self._fresh_rate(reference, rate)
            except OrdersError as error:
                return outcome_of(error, reference)
            return await self._buy(claim, request, reference, fresh, desk, again=False)
        except OrdersError as error:
            return outcome_of(error, reference)
        return await self._bought(claim, purchase)

    async def _fresh_rate(self, reference: str, stale: Rate) -> Rate:
        quote = await self._carrier.requote(reference)
        fresh = same_service(quote.rates, stale)
        if fresh is None:
            raise Terminal(
                "no_rates",
                f"{stale.carrier} {stale.service} is no longer offered for this parcel; retry to choose anew.",
            )
        if fresh.amount > stale.amount * (1 + self._settings.price_rise_allowed):
            raise Terminal(
                "rate_changed",
                f"{stale.carrier} {stale.service} rose from {stale.amount} to {fresh.amount} {fresh.currency} "
                "while it was being bought; retry to accept the new price.",
            )
        return fresh

    async def _bought(self, claim: Claim, purchase: Purchase) -> Outcome:
        if purchase.voided:
            return Failed(
                "label_voided", "The label was bought and already given back; void it here too, then buy another."
            )
        if not purchase.our_reference.startswith(claim.key):
            return Failed(
                "label_mismatch",
                f"Shipment {purchase.shipment_reference} at the carrier belongs to another parcel; look at both there.",
            )
        try:
            label = await self._carrier.label(purchase)
        except OrdersError as error:
            # The money is spent: the next claim finds the purchase by its reference and fetches the file.
            return Unsure(
                error.code, f"The label is bought but not fetched yet. {error.sentence}", purchase.shipment_reference
            )
        return Done(
            LabelBought(
                carrier=purchase.carrier,
                service=purchase.service,
                tracking_number=purchase.tracking_number,
                tracker_reference=purchase.tracker_reference,
                shipment_reference=purchase.shipment_reference,
                cost=purchase.cost,
                currency=purchase.currency,
                media_type=label.media_type,
                document=label.document,
            )
        )


def _refuse_unready(request: ParcelRequest) -> None:
    if request.weight_grams <= 0:
        skus = ", ".join(sorted({item.sku for item in request.items if item.weight_grams <= 0})) or "the parcel"
        raise Terminal("missing_weight", f"No weight is known for {skus}; enter it in Inventory, then retry.")
    origin, destination = request.ship_from.country, request.ship_to.country
    if origin and destination and origin != destination:
        raise Terminal(
            "customs_missing",
            f"A parcel from {origin} to {destination} needs customs data that is not kept here; buy its label by hand.",
        )


async def _void(carrier: Carrier, claim: Claim, desk: Desk) -> Outcome | None:
    reference = claim.provider_reference or str(claim.request.get("shipment_reference") or "")
    if not reference:
        return Failed("nothing_to_void", "The label to void names no shipment at the carrier; look for it there.")
    try:
        if claim.ambiguous and (state := await carrier.void_state(reference)) is not None:
            return _voided(state)
        if not await desk.checkpoint(claim, reference):
            return None
        return _voided(await carrier.void(reference))
    except OrdersError as error:
        return outcome_of(error, reference)


def _voided(state: VoidState) -> Outcome:
    match state:
        case VoidState.SUBMITTED | VoidState.REFUNDED:
            return Done(LabelVoided(refunded=True))
        case VoidState.NOT_APPLICABLE:
            return Done(LabelVoided(refunded=False))
        case VoidState.REJECTED:
            return Failed(
                "void_rejected",
                "The carrier does not take the label back, often because it was scanned; ask the carrier.",
            )
