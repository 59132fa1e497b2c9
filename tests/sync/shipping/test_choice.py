"""Which rate is bought."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Misconfigured
from sync.shipping.choice import Preference, RateRule, choose_rate, parse_rate_rule, same_service, why_chosen
from sync.shipping.port import Rate
from tests.sync.shipping.parcels import SHIP_BY


def rate(service: str, amount: str, days: int | None, *, carrier: str = "USPS", currency: str = "USD") -> Rate:
    return Rate(f"rate_{carrier}_{service}", carrier, service, Decimal(amount), currency, days)


SLOW = rate("GroundAdvantage", "6.10", 9)
GROUND = rate("Ground", "7.31", 4, carrier="UPS")
EXPRESS = rate("Express", "28.00", 1)
RATES = [EXPRESS, SLOW, GROUND]


def chosen(rule: RateRule, rates: list[Rate] = RATES, **more: object) -> Rate | None:
    given = {"currency": "USD", "now": SHIP_BY, "ship_by": SHIP_BY} | more
    return choose_rate(rates, rule, **given)  # type: ignore[arg-type]


def test_the_cheapest_that_arrives_in_time_is_taken() -> None:
    assert chosen(RateRule(days_after_ship_by=5)) == GROUND
    assert chosen(RateRule(days_after_ship_by=9)) == SLOW
    assert chosen(RateRule(days_after_ship_by=2)) == EXPRESS


def test_when_nothing_arrives_in_time_the_cheapest_is_taken() -> None:
    assert chosen(RateRule(days_after_ship_by=5), now=SHIP_BY + timedelta(days=30)) == SLOW


def test_without_a_ship_by_time_the_cheapest_is_taken() -> None:
    assert chosen(RateRule(), ship_by=None) == SLOW


def test_an_unknown_duration_is_not_in_time() -> None:
    unknown = rate("Economy", "3.00", None)
    assert chosen(RateRule(), [unknown, GROUND]) == GROUND
    assert chosen(RateRule(), [unknown]) == unknown


def test_the_fastest_is_taken_when_asked_for() -> None:
    assert chosen(RateRule(Preference.FASTEST)) == EXPRESS


@pytest.mark.parametrize("name", ["ground advantage", "USPS GroundAdvantage", "GROUND-ADVANTAGE"])
def test_a_service_is_found_by_its_name_in_any_spelling(name: str) -> None:
    assert chosen(RateRule(Preference.SERVICE, name)) == SLOW


def test_of_one_carrier_the_cheapest_in_time_is_taken() -> None:
    assert chosen(RateRule(Preference.CARRIER, "usps", days_after_ship_by=5)) == EXPRESS
    assert chosen(RateRule(Preference.CARRIER, "USPS", days_after_ship_by=9)) == SLOW
    assert chosen(RateRule(Preference.CARRIER, "ups")) == GROUND
    assert chosen(RateRule(Preference.CARRIER, "DHL")) is None


def test_a_service_that_is_not_offered_is_no_choice() -> None:
    assert chosen(RateRule(Preference.SERVICE, "Rocket")) is None
    assert chosen(RateRule(), []) is None


def test_amounts_of_different_currencies_are_never_compared() -> None:
    yen = rate("Yu", "1.00", 4, currency="JPY")
    assert chosen(RateRule(), [yen, GROUND]) == GROUND
    assert chosen(RateRule(), [yen, GROUND], currency="EUR") == yen


@given(st.permutations(RATES), st.sampled_from(list(Preference)))
def test_the_order_of_the_offers_does_not_matter(rates: list[Rate], preference: Preference) -> None:
    rule = RateRule(preference, "Ground")
    assert chosen(rule, rates) == chosen(rule)


def test_rules_are_written_as_words() -> None:
    assert parse_rate_rule(" Cheapest ") == RateRule()
    assert parse_rate_rule("fastest", days_after_ship_by=2) == RateRule(Preference.FASTEST, days_after_ship_by=2)
    assert parse_rate_rule("service: UPS Ground") == RateRule(Preference.SERVICE, "UPS Ground")
    assert parse_rate_rule("carrier:UPS") == RateRule(Preference.CARRIER, "UPS")


@pytest.mark.parametrize("text", ["", "nicest", "service:", "carrier:", "cheapest:UPS"])
def test_a_rule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        parse_rate_rule(text)
    assert (
        refused.value.sentence
        == f"{text!r} is no rule for rates; write cheapest, fastest, in_time, default, service:<name> or carrier:<name>."
    )


def test_a_fresh_offer_is_matched_by_carrier_and_service() -> None:
    fresh = Rate("rate_new", "UPS", "Ground", Decimal("7.50"), "USD", 4)
    assert same_service([SLOW, fresh], GROUND) == fresh
    assert same_service([SLOW, EXPRESS], GROUND) is None


def test_in_time_takes_the_cheapest_in_time_and_else_the_fastest() -> None:
    rule = RateRule(Preference.IN_TIME)
    assert chosen(rule) == GROUND
    assert chosen(rule, now=SHIP_BY + timedelta(days=30)) == EXPRESS


def test_the_providers_own_choice_is_taken_where_it_has_one() -> None:
    rule = RateRule(Preference.DEFAULT)
    assert chosen(rule, [EXPRESS, replace(SLOW, is_default=True), GROUND]) == replace(SLOW, is_default=True)
    assert chosen(rule) == GROUND, "without one the cheapest in time"


@pytest.mark.parametrize(
    ("rule", "late_days", "why"),
    [
        ("cheapest", 0, "the cheapest that arrives in time"),
        ("cheapest", 30, "nothing arrives in time, and this is the cheapest"),
        ("fastest", 0, "the fastest"),
        ("in_time", 0, "the cheapest that arrives in time"),
        ("in_time", 30, "nothing arrives in time, and this is the fastest"),
        ("service:Ground", 0, "the cheapest of the service Ground"),
        ("carrier:UPS", 0, "the cheapest of UPS that arrives in time"),
        ("default", 0, "the cheapest that arrives in time"),
    ],
)
def test_the_choice_says_why(rule: str, late_days: int, why: str) -> None:
    parsed, now = parse_rate_rule(rule), SHIP_BY + timedelta(days=late_days)
    found = chosen(parsed, now=now)
    assert found is not None
    assert why_chosen(found, parsed, now=now, ship_by=SHIP_BY) == why
