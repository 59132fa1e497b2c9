"""Which of a carrier's offers to buy: a rule that is data, so that a shop can have its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from engine.errors import Misconfigured, Terminal
from engine.ports.requests import ParcelRequest
from sync.shipping.port import Quote, Rate
from sync.shipping.refusals import no_offer
from sync.shipping.wire import private_words

_UNKNOWN_DAYS = 99


class Preference(StrEnum):
    """What matters most."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    IN_TIME = "in_time"
    SERVICE = "service"
    CARRIER = "carrier"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class RateRule:
    """What arrives within `days_after_ship_by` of the ship-by is in time. `cheapest` and `carrier` prefer it, and take the
    cheapest there is when nothing does; `in_time` then takes the fastest. `default` is the provider's own choice, where it has one.
    """

    preference: Preference = Preference.CHEAPEST
    service: str = ""
    """The service, or the carrier, that is wanted."""
    days_after_ship_by: int = 5


def parse_rate_rule(text: str, *, days_after_ship_by: int = 5) -> RateRule:
    """The rule written as `cheapest`, `fastest`, `in_time`, `default`, `service:<name>` or `carrier:<name>`. Raises Misconfigured else."""
    word, _, service = (part.strip() for part in text.partition(":"))
    match word.lower(), service:
        case "cheapest" | "fastest" | "in_time" | "default", "":
            return RateRule(Preference(word.lower()), days_after_ship_by=days_after_ship_by)
        case "service" | "carrier", name if name:
            return RateRule(Preference(word.lower()), name, days_after_ship_by)
        case _:
            raise Misconfigured(
                "shipping.bad_rate_rule",
                f"{text!r} is no rule for rates; write cheapest, fastest, in_time, default, service:<name> or carrier:<name>.",
            )


def choose_rate(
    rates: Sequence[Rate], rule: RateRule, *, currency: str, now: datetime, ship_by: datetime | None
) -> Rate | None:
    """The offer to buy; None when the rule allows none.

    Amounts are compared within one currency only: the order's, or else the first offered. The same offers give the
    same choice whatever their order.
    """
    comparable = [rate for rate in rates if rate.currency == currency]
    if not comparable and rates:
        first = min(rate.currency for rate in rates)
        comparable = [rate for rate in rates if rate.currency == first]
    match rule.preference:
        case Preference.SERVICE:
            wanted = _normal(rule.service)
            comparable = [rate for rate in comparable if wanted in _names(rate)]
            return min(comparable, key=_by_price, default=None)
        case Preference.CARRIER:
            comparable = [rate for rate in comparable if _normal(rate.carrier) == _normal(rule.service)]
            return _cheapest(comparable, rule, now, ship_by)
        case Preference.FASTEST:
            return min(comparable, key=_by_days, default=None)
        case Preference.IN_TIME:
            in_time = [rate for rate in comparable if arrives_in_time(rate, rule, now, ship_by)]
            return min(in_time, key=_by_price) if in_time else min(comparable, key=_by_days, default=None)
        case Preference.CHEAPEST:
            return _cheapest(comparable, rule, now, ship_by)
        case Preference.DEFAULT:
            own = [rate for rate in comparable if rate.is_default]
            return min(own, key=_by_price) if own else _cheapest(comparable, rule, now, ship_by)


def choose_offer(request: ParcelRequest, quote: Quote, rule: RateRule, *, now: datetime) -> Rate:
    """The offer to buy for a parcel. Raises Terminal, saying why there is none."""
    rate = choose_rate(quote.rates, rule, currency=request.currency, now=now, ship_by=request.ship_by)
    if rate is not None:
        return rate
    if quote.rates:
        offered = ", ".join(sorted({f"{rate.carrier} {rate.service}" for rate in quote.rates}))
        raise Terminal(
            "no_rates",
            f"There is no offer of the {rule.preference} {rule.service!r} for this parcel; it can go with {offered}.",
        )
    raise no_offer(quote.messages, private_words(request))


def why_chosen(rate: Rate, rule: RateRule, *, now: datetime, ship_by: datetime | None) -> str:
    """Why the rule takes this offer, as the rest of a sentence."""
    in_time = arrives_in_time(rate, rule, now, ship_by)
    match rule.preference:
        case Preference.SERVICE:
            return f"the cheapest of the service {rule.service}"
        case Preference.FASTEST:
            return "the fastest"
        case Preference.IN_TIME:
            return (
                "the cheapest that arrives in time" if in_time else "nothing arrives in time, and this is the fastest"
            )
        case Preference.DEFAULT if rate.is_default:
            return "the provider's own choice"
        case Preference.CARRIER | Preference.CHEAPEST | Preference.DEFAULT:
            of = f" of {rule.service}" if rule.preference is Preference.CARRIER else ""
            if in_time:
                return f"the cheapest{of} that arrives in time"
            return f"nothing{of} arrives in time, and this is the cheapest"


def _cheapest(rates: Sequence[Rate], rule: RateRule, now: datetime, ship_by: datetime | None) -> Rate | None:
    in_time = [rate for rate in rates if arrives_in_time(rate, rule, now, ship_by)]
    return min(in_time or rates, key=_by_price, default=None)


def same_service(rates: Sequence[Rate], wanted: Rate) -> Rate | None:
    """The offer of the same carrier and service in the same currency among fresh offers."""
    for rate in rates:
        if (rate.carrier, rate.service, rate.currency) == (wanted.carrier, wanted.service, wanted.currency):
            return rate
    return None


def arrives_in_time(rate: Rate, rule: RateRule, now: datetime, ship_by: datetime | None) -> bool:
    """Whether it arrives within the rule's days after the ship-by; without a ship-by everything does."""
    if ship_by is None or rate.delivery_days is None:
        return ship_by is None
    return now + timedelta(days=rate.delivery_days) <= ship_by + timedelta(days=rule.days_after_ship_by)


def _days(rate: Rate) -> int:
    return _UNKNOWN_DAYS if rate.delivery_days is None else rate.delivery_days


def _by_price(rate: Rate) -> tuple[Decimal, int, str, str, str]:
    return rate.amount, _days(rate), rate.carrier, rate.service, rate.rate_id


def _by_days(rate: Rate) -> tuple[int, Decimal, str, str, str]:
    return _days(rate), rate.amount, rate.carrier, rate.service, rate.rate_id


def _names(rate: Rate) -> set[str]:
    return {_normal(rate.service), _normal(rate.carrier + rate.service)}


def _normal(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
