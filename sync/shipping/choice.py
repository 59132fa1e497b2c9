"""Which of a carrier's offers to buy: a rule that is data, so that a shop can have its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from engine.errors import Misconfigured
from sync.shipping.port import Rate

_UNKNOWN_DAYS = 99


class Preference(StrEnum):
    """What matters most."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    SERVICE = "service"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class RateRule:
    """`cheapest` prefers what arrives within `days_after_ship_by` of the ship-by; when nothing does, any cheapest."""

    preference: Preference = Preference.CHEAPEST
    service: str = ""
    """The service, or the carrier, that is wanted."""
    days_after_ship_by: int = 5


def parse_rate_rule(text: str, *, days_after_ship_by: int = 5) -> RateRule:
    """The rule written as `cheapest`, `fastest`, `service:<name>` or `carrier:<name>`. Raises Misconfigured for anything else."""
    word, _, service = (part.strip() for part in text.partition(":"))
    match word.lower(), service:
        case "cheapest" | "fastest", "":
            return RateRule(Preference(word.lower()), days_after_ship_by=days_after_ship_by)
        case "service" | "carrier", name if name:
            return RateRule(Preference(word.lower()), name, days_after_ship_by)
        case _:
            raise Misconfigured(
                "shipping.bad_rate_rule",
                f"{text!r} is no rule for rates; write cheapest, fastest, service:<name> or carrier:<name>.",
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
        case Preference.CHEAPEST:
            return _cheapest(comparable, rule, now, ship_by)


def _cheapest(rates: Sequence[Rate], rule: RateRule, now: datetime, ship_by: datetime | None) -> Rate | None:
    in_time = [rate for rate in rates if _in_time(rate, rule, now, ship_by)]
    return min(in_time or rates, key=_by_price, default=None)


def same_service(rates: Sequence[Rate], wanted: Rate) -> Rate | None:
    """The offer of the same carrier and service in the same currency among fresh offers."""
    for rate in rates:
        if (rate.carrier, rate.service, rate.currency) == (wanted.carrier, wanted.service, wanted.currency):
            return rate
    return None


def _in_time(rate: Rate, rule: RateRule, now: datetime, ship_by: datetime | None) -> bool:
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
