"""The effects "buy a label" and "void a label".

Nothing is bought blindly: the shipment's id is checkpointed before the purchase, and whenever a claim already carries
such an id the carrier is asked first, so that a label bought by an attempt whose answer was lost is adopted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import structlog

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from engine.ports.outcomes import Claim, Done, Failed, LabelBought, LabelVoided, Outcome, Unsure
from engine.ports.requests import ParcelRequest
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.shipping.carriers import Carriers
from sync.shipping.choice import Preference, RateRule, choose_offer, parse_rate_rule, same_service
from sync.shipping.port import Carrier, Depot, Pending, Purchase, Quote, Rate, VoidState
from sync.shipping.refusals import StaleRate, redact
from sync.shipping.wire import private_words

_log = structlog.get_logger(__name__)

_ROUNDING_GRAMS = 3
"""Weights are declared in tenths of an ounce, rounded up."""


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """How labels are bought.

    A parcel's shop and a claim's request may name another `rate_rule`; the request's wins.
    """

    rate_rule: RateRule = field(default_factory=RateRule)
    tiktok_rate_rule: RateRule = field(default_factory=lambda: RateRule(Preference.DEFAULT))
    """The same for parcels that TikTok ships, whose services are its own."""
    price_rise_allowed: Decimal = Decimal("0.10")
    """By how much of itself a price may rise between the first offer and a fresh one."""
    check_addresses: bool = False
    """Whether carriers are asked if they deliver to an address before its label is bought: a call more for each parcel."""
    pending_seconds: float = 15.0
    """How soon to ask again for what is bought and not ready."""
    at_once: int = 64


def buy_label_handler(
    carriers: Carriers,
    settings: LabelSettings | None = None,
    *,
    depot: Depot | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Handler:
    """The handler for `EffectKind.BUY_LABEL`; `depot` checks addresses where the settings want it."""
    deliveries = _LabelDeliveries(carriers, settings or LabelSettings(), depot, clock or (lambda: datetime.now(UTC)))
    return deliveries.handle


def void_label_handler(carriers: Carriers, settings: LabelSettings | None = None) -> Handler:
    """The handler for `EffectKind.VOID_LABEL`; the claim names the shipment as its provider's reference."""
    at_once = (settings or LabelSettings()).at_once

    async def handle(claims: Sequence[Claim], desk: Desk) -> None:
        async def one(claim: Claim) -> None:
            outcome = await _void(carriers, claim, desk)
            if outcome is not None:
                await desk.settle(claim, outcome)

        await for_each(claims, one, at_once=at_once)

    return handle


class _LabelDeliveries:
    def __init__(
        self, carriers: Carriers, settings: LabelSettings, depot: Depot | None, clock: Callable[[], datetime]
    ) -> None:
        self._carriers = carriers
        self._settings = settings
        self._depot = depot
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
        carrier = await self._carriers.of(claim, request, claim.provider_reference)
        found = await self._known(carrier, claim, request)
        if isinstance(found, Purchase):
            return await self._bought(carrier, claim, request, found)
        if isinstance(found, Pending):
            return self._pending(found)
        if request is None:
            return Failed("package_gone", "The parcel is no longer there; no label was bought.")
        _refuse_unready(request)
        quote = found
        if quote is None:
            if self._settings.check_addresses and request.shipping_type != "TIKTOK":
                await self._refuse_bad_address(request)
            quote = await carrier.quote(request, _our_reference(claim, claim.attempt))
        elif not quote.rates:
            quote = await carrier.requote(request, quote.shipment_reference)
        rate = choose_offer(
            request, quote, rule_for(request, self._settings, claim.request.get("rate_rule")), now=self._clock()
        )
        return await self._buy(carrier, claim, request, quote.shipment_reference, rate, desk)

    async def _known(
        self, carrier: Carrier, claim: Claim, request: ParcelRequest | None
    ) -> Purchase | Pending | Quote | None:
        """What the provider has of the parcel already, as far as it may have anything."""
        if claim.provider_reference:
            return await carrier.lookup(claim.provider_reference)
        if request is None or not (carrier.asks_first or claim.ambiguous or claim.attempt > 1):
            return None
        # The shipment of the last attempt may be there although its name never reached us.
        return await carrier.find(request, _our_reference(claim, max(claim.attempt - 1, 1)))

    async def _refuse_bad_address(self, request: ParcelRequest) -> None:
        if self._depot is None:
            return
        check = await self._depot.check_address(request.ship_to)
        if not check.deliverable:
            told = "; ".join(redact(problem, private_words(request)) for problem in check.problems)
            raise Terminal(
                "bad_address",
                f"Carriers do not deliver to the address: {told}; see what they suggest with "
                f"orders-tui orders check-address {request.tiktok_order_id}, correct it, then retry.",
            )

    async def _buy(
        self,
        carrier: Carrier,
        claim: Claim,
        request: ParcelRequest,
        reference: str,
        rate: Rate,
        desk: Desk,
        *,
        again: bool = True,
    ) -> Outcome | None:
        if not await desk.checkpoint(claim, reference):
            return None
        try:
            purchase = await carrier.buy(request, reference, rate)
        except StaleRate as stale:
            if not again:
                return Failed("no_rates", f"The carrier's offers expire before they can be bought: {stale.sentence}")
            try:
                fresh = await self._fresh_rate(carrier, request, reference, rate)
            except OrdersError as error:
                return outcome_of(error, reference)
            return await self._buy(carrier, claim, request, reference, fresh, desk, again=False)
        except Ambiguous as error:
            # Where a second purchase would be a second label, what was bought is given time to show.
            after = self._settings.pending_seconds if carrier.asks_first else None
            return Unsure(error.code, error.sentence, reference, after_seconds=after)
        except OrdersError as error:
            return outcome_of(error, reference)
        if isinstance(purchase, Pending):
            return self._pending(purchase)
        if (purchase.carrier, purchase.service) != (rate.carrier, rate.service):
            # An earlier attempt bought it by another offer. It is this parcel's label all the same, and paid for.
            _log.warning("adopted_another_offer", effect=claim.key, bought=purchase.service, wanted=rate.service)
        return await self._bought(carrier, claim, request, purchase)

    async def _fresh_rate(self, carrier: Carrier, request: ParcelRequest, reference: str, stale: Rate) -> Rate:
        quote = await carrier.requote(request, reference)
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

    def _pending(self, pending: Pending) -> Unsure:
        """What is under way is not tried again, only asked after."""
        return Unsure(
            "label_pending",
            pending.sentence,
            pending.shipment_reference,
            after_seconds=self._settings.pending_seconds,
            burns_attempt=False,
        )

    async def _bought(
        self, carrier: Carrier, claim: Claim, request: ParcelRequest | None, purchase: Purchase
    ) -> Outcome:
        if purchase.voided:
            return Failed(
                "label_voided", "The label was bought and already given back; void it here too, then buy another."
            )
        if not _is_ours(claim, request, purchase):
            return Failed(
                "label_mismatch",
                f"Shipment {purchase.shipment_reference} at the carrier belongs to another parcel; look at both there.",
            )
        try:
            label = await carrier.label(purchase)
        except Retryable as error:
            if error.postponed:
                after = error.retry_after_seconds or self._settings.pending_seconds
                sentence = f"The label is bought and not ready yet. {error.sentence}"
                return Unsure(error.code, sentence, purchase.shipment_reference, after, burns_attempt=False)
            return _not_fetched(error, purchase)
        except Terminal as error:
            if carrier.asks_first:
                # Asked anew it would be found again: nothing is lost by stopping.
                return Failed(error.code, f"The label is bought but cannot be printed. {error.sentence}")
            return _not_fetched(error, purchase)
        except OrdersError as error:
            return _not_fetched(error, purchase)
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
                provider=carrier.name,
                tiktok_package_id=purchase.tiktok_package_id,
            )
        )


def _not_fetched(error: OrdersError, purchase: Purchase) -> Unsure:
    """The money is spent: the next claim finds the purchase by its reference and fetches the file."""
    return Unsure(error.code, f"The label is bought but not fetched yet. {error.sentence}", purchase.shipment_reference)


def rule_for(request: ParcelRequest, settings: LabelSettings, own: object = None) -> RateRule:
    """The rule for a parcel's rates: its order's `own`, else its shop's, else the settings'. Raises Misconfigured for one that is none."""
    by_tiktok = request.shipping_type == "TIKTOK"
    rule = settings.tiktok_rate_rule if by_tiktok else settings.rate_rule
    named = own or ("" if by_tiktok else request.rate_rule)
    if not isinstance(named, str) or not named:
        return rule
    return parse_rate_rule(named, days_after_ship_by=rule.days_after_ship_by)


def _our_reference(claim: Claim, attempt: int) -> str:
    return f"{claim.key}-{attempt}"


def _is_ours(claim: Claim, request: ParcelRequest | None, purchase: Purchase) -> bool:
    """Whether a purchase is this parcel's: by our own name for it, and by the weight it was declared with."""
    if purchase.our_reference is not None and not purchase.our_reference.startswith(f"{claim.key}-"):
        return False
    if request is None or purchase.weight_grams is None or request.weight_grams <= 0:
        return True
    return abs(purchase.weight_grams - request.weight_grams) <= _ROUNDING_GRAMS


def _refuse_unready(request: ParcelRequest) -> None:
    if request.weight_grams <= 0:
        skus = ", ".join(sorted({item.sku for item in request.items if item.weight_grams <= 0})) or "the parcel"
        raise Terminal("missing_weight", f"No weight is known for {skus}; enter it in Inventory, then retry.")


async def _void(carriers: Carriers, claim: Claim, desk: Desk) -> Outcome | None:
    reference = claim.provider_reference or str(claim.request.get("shipment_reference") or "")
    if not reference:
        return Failed("nothing_to_void", "The label to void names no shipment at the carrier; look for it there.")
    try:
        carrier = await carriers.of(claim, None, reference)
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
