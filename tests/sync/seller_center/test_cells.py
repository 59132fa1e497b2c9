"""Single cells: ids that a spreadsheet damaged, quantities, amounts in any market's way of writing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import Refused
from sync.seller_center.cells import clean, number_as_text, read_id, read_money, read_quantity


@pytest.mark.parametrize(
    ("text", "decimal", "amount", "currency"),
    [
        ("62.74", ".", "62.74", ""),
        ("USD 12.34", ".", "12.34", "USD"),
        ("BRL 12.345,67", ",", "12345.67", "BRL"),
        ("R$ 12.345", ",", "12345.00", ""),
        ("R$ 12,50", ",", "12.50", ""),
        ("12.345", ",", "12345.00", ""),
        ("12.345", ".", "12.34", ""),
        ("1,234", ".", "1234.00", ""),
        ("1,234.56", ",", "1234.56", ""),
        ("1.234.567", ".", "1234567.00", ""),
        ("Rp125.000", ",", "125000.00", ""),
        ("125000", ",", "125000.00", ""),
        ("-3,50 EUR", ",", "-3.50", "EUR"),
    ],
)
def test_amounts_are_read_as_their_market_writes_them(text: str, decimal: str, amount: str, currency: str) -> None:
    assert read_money(text, decimal) == (Decimal(amount), currency)


@pytest.mark.parametrize("text", ["free", "1,2,3.4.5", "12.34.56,7,8", "1e99", "-"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    if text == "1e99":
        # Letters are currency, so this is 199: wrong is only what leaves no number.
        assert read_money(text, ".") == (Decimal("199.00"), "")
        return
    with pytest.raises(Refused) as caught:
        read_money(text, ".")
    assert caught.value.code == "import.bad_amount"


def test_an_absent_amount_is_absent() -> None:
    assert read_money("", ".") == (None, "")


@pytest.mark.parametrize("text", ["5.76E+17", "5,76461E+17", "5.76461412345679e+17", "5E+17"])
def test_an_id_that_a_spreadsheet_rounded_is_refused_with_the_mend(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_id(text, "Order ID")
    assert caught.value.code == "import.damaged_id"
    assert text in caught.value.sentence
    assert "as it was downloaded" in caught.value.sentence


@pytest.mark.parametrize("text", ["", "abc", "12345", "576461412345678901x", "=1+1", "५७६४६१४१२३४५६७८९०१"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_id(text, "Order ID")
    assert caught.value.code == "import.bad_id"


def test_an_id_may_be_wrapped_as_text_for_spreadsheets() -> None:
    assert read_id('="576461412345678901"', "Order ID") == "576461412345678901"


def test_numbers_of_a_workbook_become_text_and_rounded_ids_show_it() -> None:
    assert number_as_text(2) == "2"
    assert number_as_text(2.0) == "2"
    assert number_as_text(62.74) == "62.74"
    assert number_as_text(576461412345678901) == "576461412345678901"
    assert number_as_text(576461412345678000) == "5.76461412345678E+17"
    assert number_as_text(5.76461412345678e17) == "5.76461412345678E+17"


def test_quantities_are_whole_and_positive() -> None:
    assert read_quantity("3") == 3
    assert read_quantity("3.0") == 3
    for text in ("0", "-1", "1.5", "", "two", "10001", "²"):
        with pytest.raises(Refused):
            read_quantity(text)


def test_tabs_around_a_value_and_a_lone_tab_are_nothing() -> None:
    assert clean("576461412345678901\t") == "576461412345678901"
    assert clean("\t") == ""
    assert clean("\ufeffOrder ID") == "Order ID"
