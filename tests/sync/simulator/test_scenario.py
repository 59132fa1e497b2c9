"""The scenario foretells how every order ends, from the seed alone."""

import pytest

from sync.simulator.scenario import Arrival, Fate, Scenario, Timings
from sync.simulator.shop.catalogue import catalogue, stock_of
from sync.simulator.shop.order_details import draw_details


@pytest.mark.parametrize("orders", [0, 1, 13, 100, 5000])
def test_the_foretold_fates_add_up_and_at_least_92_in_100_complete(orders: int) -> None:
    foretold = Scenario(seed=3, orders=orders).foretold()
    assert list(foretold) == [fate.value for fate in Fate]
    assert sum(foretold.values()) == orders
    assert foretold["completed"] >= 0.92 * orders


def test_a_hundred_orders_meet_every_fate() -> None:
    assert all(Scenario(seed=3, orders=100).foretold().values())


def test_arrival_and_timings_change_no_fate_and_no_order() -> None:
    slow = Scenario(seed=5, orders=300)
    fast = Scenario(seed=5, orders=300, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 0, 0, 0))
    assert slow.troubles() == fast.troubles()
    assert [draw_details(slow, index) for index in range(300)] == [draw_details(fast, index) for index in range(300)]


def test_another_seed_gives_other_fates_and_other_orders() -> None:
    one, other = Scenario(seed=5, orders=300), Scenario(seed=6, orders=300)
    assert one.troubles() != other.troubles()
    assert draw_details(one, 0) != draw_details(other, 0)


def test_only_the_orders_foretold_touch_a_sku_that_is_sold_out_unweighed_or_unlisted() -> None:
    scenario = Scenario(seed=8, orders=1500)
    for index in range(scenario.orders):
        skus = {unit.sku for unit in draw_details(scenario, index).units}
        fate = scenario.fate(index)
        assert any(sku.sold_out for sku in skus) == (fate is Fate.OUT_OF_STOCK)
        assert any(sku.weight_grams is None for sku in skus) == (fate is Fate.MISSING_WEIGHT)
        assert any(not sku.listed for sku in skus) == (fate is Fate.UNMAPPED_SKU)


def test_stock_that_is_not_sold_out_covers_every_order() -> None:
    scenario = Scenario(seed=8, orders=1500)
    demand: dict[str, int] = {}
    for index in range(scenario.orders):
        for unit in draw_details(scenario, index).units:
            demand[unit.sku.seller_sku] = demand.get(unit.sku.seller_sku, 0) + 1
    for sku in catalogue().listed:
        stock = stock_of(sku, scenario.orders)
        assert (stock == 0) if sku.sold_out else (stock >= demand.get(sku.seller_sku, 0))


def test_the_catalogue_has_about_forty_distinct_skus_with_valid_barcodes() -> None:
    listed = catalogue().listed
    assert len(listed) == 40
    assert len({sku.seller_sku for sku in listed}) == len({sku.barcode for sku in listed}) == len(listed)
    for sku in listed:
        weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(sku.barcode))
        assert weighted % 10 == 0


def test_a_burst_is_mostly_the_viral_product() -> None:
    scenario = Scenario(seed=8, orders=1000)
    burst = [index for index in range(1000) if scenario.in_burst(index)]
    viral = [i for i in burst if catalogue().viral in {unit.sku for unit in draw_details(scenario, i).units}]
    assert len(burst) == 450
    assert 0.45 < len(viral) / len(burst) < 0.65


def test_a_burst_brings_orders_ten_times_as_fast_at_the_same_mean_rate() -> None:
    scenario = Scenario(seed=8, orders=2000, orders_per_second=50)
    offsets = scenario.arrival_offsets()
    assert list(offsets) == sorted(offsets)
    assert 36 < offsets[-1] < 44
    calm_rate = 300 / (offsets[300] - offsets[0])
    burst_rate = 500 / (offsets[800] - offsets[300])
    assert 8 < burst_rate / calm_rate < 12


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"orders": -1}, "orders is -1; give a number from 0 to 1000000."),
        ({"orders_per_second": 0}, "orders_per_second is 0; give a number above 0."),
        ({"arrival": "never"}, "arrival is 'never'; choose one of burst, steady, immediate."),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_in_one_sentence(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared below
        Scenario(**wrong)  # type: ignore[arg-type]
    assert str(refused.value) == sentence
