"""Lists of orders: windows in both directions, counts, what a filter keeps, what is looked up on screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import OrderId, new_id
from engine.orders import queries
from engine.orders.views import Count, OrderFilter, OrderSort, Pile
from engine.privacy.cipher import MASK
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from tests.factories import BOWL, MUG, NOON, Factory, Line, opened

NEWEST = OrderFilter()


async def numbers(store: Database, order_filter: OrderFilter) -> list[str]:
    return [row.order_number for row in (await queries.page(store, order_filter, limit=50)).rows]


async def five(factory: Factory) -> list[OrderId]:
    """Five orders, newest first; the middle three came in at the same moment."""
    minutes = (9, 5, 5, 5, 1)
    made = [await factory.order(ordered_at=NOON + timedelta(minutes=minute)) for minute in minutes]
    return [made[0], *sorted(made[1:4], reverse=True), made[4]]


async def test_pages_follow_one_another_without_gap_or_repeat(store: Database, factory: Factory) -> None:
    expected = await five(factory)
    first = await queries.page(store, NEWEST, limit=2)
    second = await queries.page(store, NEWEST, after=first.rows[-1].key, limit=2)
    third = await queries.page(store, NEWEST, after=second.rows[-1].key, limit=2)
    assert [row.order_id for row in first.rows + second.rows + third.rows] == expected
    assert [(page.more_before, page.more_after) for page in (first, second, third)] == [
        (False, True),
        (True, True),
        (True, False),
    ]


async def test_the_page_before_a_key_is_the_one_that_came_before_it(store: Database, factory: Factory) -> None:
    expected = await five(factory)
    last = (await queries.page(store, NEWEST, limit=5)).rows[-1]
    back = await queries.page(store, NEWEST, before=last.key, limit=2)
    assert [row.order_id for row in back.rows] == expected[2:4]
    assert (back.more_before, back.more_after) == (True, True)
    start = await queries.page(store, NEWEST, before=back.rows[0].key, limit=2)
    assert [row.order_id for row in start.rows] == expected[:2]
    assert not start.more_before


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", list(OrderSort))
async def test_every_sort_pages_through_everything(
    store: Database, factory: Factory, sort: OrderSort, ascending: bool
) -> None:
    for cents in (300, 100, 200, 100, 400):
        hours = cents // 100
        await factory.order(
            lines=(Line(unit_price=Decimal(cents) / 100),),
            ship_by=None if cents == 400 else NOON + timedelta(hours=hours),
            updated_at=NOON + timedelta(minutes=hours),
        )
    wanted = OrderFilter(sort=sort, ascending=ascending)
    whole = (await queries.page(store, wanted, limit=50)).rows
    paged = list((await queries.page(store, wanted, limit=1)).rows)
    while (page := await queries.page(store, wanted, after=paged[-1].key, limit=1)).rows:
        paged += page.rows
    assert [row.order_id for row in paged] == [row.order_id for row in whole]
    keys = [(row.key.value, row.order_id) for row in whole]
    assert keys == sorted(keys, reverse=not ascending)
    assert len(keys) == 5


async def test_an_order_without_ship_by_comes_last_when_the_nearest_come_first(
    store: Database, factory: Factory
) -> None:
    never = await factory.order()
    soon = await factory.order(ship_by=NOON)
    rows = (await queries.page(store, OrderFilter(sort=OrderSort.SHIP_BY, ascending=True), limit=5)).rows
    assert [row.order_id for row in rows] == [soon, never]
    assert rows[1].ship_by is None


async def test_a_row_shows_what_was_ordered_and_by_whom(store: Database, factory: Factory) -> None:
    order_id = await factory.order(
        number="577999",
        customer="Anna Lopez",
        lines=(replace(MUG, quantity=2), BOWL),
        state=WorkflowState.SHIPPED,
        status=OrderStatus.SHIPPED,
        waiting_for="delivery",
        tags=["vip"],
        priority_level=3,
    )
    await factory.package(order_id, "9400111")
    await factory.hold(order_id)
    [row] = (await queries.page(store, NEWEST, limit=5)).rows
    assert (row.order_number, row.customer_name, row.items_summary, row.units) == (
        "577999",
        "Anna Lopez",
        "2× Stoneware mug, blue, +1",  # noqa: RUF001
        3,
    )
    assert (row.tracking_number, row.held, row.waiting_for, row.failure_code) == ("9400111", True, "delivery", "")
    assert (row.order_status, row.workflow_state, row.execution) == (
        OrderStatus.SHIPPED,
        WorkflowState.SHIPPED,
        ExecutionStatus.RUNNING,
    )
    assert (row.total_amount, row.currency, row.tags, row.priority) == (Decimal("56.00"), "USD", ("vip",), 3)
    assert (row.key.value, row.key.order_id) == (NOON, order_id)


async def test_without_the_master_key_names_are_masked_and_everything_else_shows(
    database: EmbeddedServer, store: Database, factory: Factory
) -> None:
    await factory.order(customer="Anna Lopez", number="577999")
    async with opened(database, with_key=False) as keyless:
        [row] = (await queries.page(keyless, NEWEST, limit=5)).rows
    assert (row.customer_name, row.order_number) == (MASK, "577999")


async def test_a_name_masked_by_the_channel_is_masked(store: Database, factory: Factory) -> None:
    await factory.order(customer="A**a L***z", masked=True)
    [row] = (await queries.page(store, NEWEST, limit=5)).rows
    assert row.customer_name == MASK


async def test_a_sealed_value_moved_from_another_order_masks_that_row_only(store: Database, factory: Factory) -> None:
    forged = await factory.order(customer="Anna Lopez")
    other = await factory.order(customer="Bo Sand")
    await store.pool.execute(
        "UPDATE orders SET customer_name = (SELECT customer_name FROM orders WHERE id = $2) WHERE id = $1",
        forged,
        other,
    )
    names = {row.order_id: row.customer_name for row in (await queries.page(store, NEWEST, limit=5)).rows}
    assert names == {forged: MASK, other: "Bo Sand"}


async def test_escape_sequences_in_a_product_name_do_not_reach_the_screen(store: Database, factory: Factory) -> None:
    await factory.order(lines=(Line(name="\x1b[31mRed\x1b[0m mug\x07\n[b]big[/b]"),))
    [row] = (await queries.page(store, NEWEST, limit=5)).rows
    assert row.items_summary == "1× Red mug [b]big[/b]"  # noqa: RUF001


async def test_filters_narrow_together(store: Database, factory: Factory) -> None:
    await factory.order(number="1", status=OrderStatus.CONFIRMED, state=WorkflowState.VALIDATED, tags=["vip"])
    await factory.order(number="2", status=OrderStatus.CONFIRMED, state=WorkflowState.VALIDATED)
    await factory.order(number="3", ordered_at=NOON + timedelta(days=1), tags=["vip"])
    assert await numbers(store, OrderFilter(statuses=frozenset({OrderStatus.CONFIRMED}))) == ["2", "1"]
    assert await numbers(store, OrderFilter(tags=frozenset({"vip"}))) == ["3", "1"]
    assert await numbers(
        store, OrderFilter(tags=frozenset({"vip"}), workflow_states=frozenset({WorkflowState.VALIDATED}))
    ) == ["1"]
    assert await numbers(store, OrderFilter(ordered_from=NOON + timedelta(hours=1))) == ["3"]
    assert await numbers(store, OrderFilter(ordered_until=NOON + timedelta(hours=1))) == ["2", "1"]


async def test_each_execution_is_told_apart(store: Database, factory: Factory) -> None:
    states = {
        ExecutionStatus.RUNNING: (WorkflowState.VALIDATED, OrderStatus.CONFIRMED),
        ExecutionStatus.COMPLETED: (WorkflowState.COMPLETED, OrderStatus.DELIVERED),
        ExecutionStatus.FAILED: (WorkflowState.FAILED, OrderStatus.CONFIRMED),
        ExecutionStatus.PAUSED: (WorkflowState.NEW, OrderStatus.PENDING),
        # It was cancelled after it had failed, and is not among the failed any more.
        ExecutionStatus.CANCELLED: (WorkflowState.FAILED, OrderStatus.CANCELLED),
    }
    for execution, (state, status) in states.items():
        order_id = await factory.order(execution=execution, state=state, status=status)
        [row] = (await queries.page(store, OrderFilter(executions=frozenset({execution})), limit=5)).rows
        assert (row.order_id, row.execution) == (order_id, execution)
    both = OrderFilter(executions=frozenset({ExecutionStatus.FAILED, ExecutionStatus.PAUSED}))
    assert await queries.count(store, both, cap=9) == Count(2, exact=True)


async def test_counting_stops_at_the_cap_unless_asked_to_the_end(store: Database, factory: Factory) -> None:
    await factory.many(30)
    dated = OrderFilter(ordered_until=NOON + timedelta(days=1))
    assert await queries.count(store, dated, cap=30) == Count(30, exact=True)
    assert await queries.count(store, dated, cap=29) == Count(29, exact=False)
    assert await queries.count(store, dated, cap=None) == Count(30, exact=True)


async def test_what_the_counters_tell_is_exact_at_any_size(store: Database, factory: Factory) -> None:
    await factory.many(30)
    await factory.order(status=OrderStatus.CONFIRMED, state=WorkflowState.VALIDATED)
    for order_filter, number in (
        (NEWEST, 31),
        (OrderFilter(statuses=frozenset({OrderStatus.CONFIRMED, OrderStatus.PENDING})), 1),
        (OrderFilter(workflow_states=frozenset({WorkflowState.COMPLETED}), sort=OrderSort.SHIP_BY), 30),
        (OrderFilter(statuses=frozenset({OrderStatus.CONFIRMED}), shops=frozenset({"Alder Goods"})), 1),
    ):
        assert await queries.count(store, order_filter, cap=5) == Count(number, exact=True)
        assert len(await queries.ids_matching(store, order_filter, limit=99)) == number


async def test_anchors_are_the_keys_of_every_nth_row(store: Database, factory: Factory) -> None:
    await factory.many(25)
    whole = (await queries.page(store, NEWEST, limit=50)).rows
    anchors = await queries.anchors(store, NEWEST, every=10)
    assert anchors == [whole[0].key, whole[10].key, whole[20].key]
    third = await queries.page(store, NEWEST, after=anchors[1], limit=3)
    assert third.rows == whole[11:14]


async def test_newer_orders_are_counted_from_the_key_on_top(store: Database, factory: Factory) -> None:
    await factory.order()
    top = (await queries.page(store, NEWEST, limit=1)).rows[0].key
    assert await queries.newer_than(store, NEWEST, top) == 0
    for minute in (1, 2):
        await factory.order(ordered_at=NOON + timedelta(minutes=minute))
    await factory.order(ordered_at=NOON - timedelta(minutes=1))
    assert await queries.newer_than(store, NEWEST, top) == 2


async def test_rows_are_given_in_the_order_asked_and_the_gone_are_left_out(store: Database, factory: Factory) -> None:
    first, second = await factory.order(), await factory.order(version=7)
    gone = OrderId(new_id())
    assert [row.order_id for row in await queries.rows(store, [second, gone, first])] == [second, first]
    assert await queries.versions(store, [second, gone, first]) == {first: 1, second: 7}


async def test_a_row_read_again_has_the_key_of_the_table_s_sort(store: Database, factory: Factory) -> None:
    order_id = await factory.order(ship_by=NOON + timedelta(days=2))
    [row] = await queries.rows(store, [order_id], sort=OrderSort.SHIP_BY)
    assert row.key.value == NOON + timedelta(days=2)


async def test_ids_of_all_matching_keep_the_sort_and_the_limit(store: Database, factory: Factory) -> None:
    expected = await five(factory)
    assert await queries.ids_matching(store, NEWEST, limit=10) == expected
    assert await queries.ids_matching(store, NEWEST, limit=3) == expected[:3]


async def test_a_pile_and_a_fingerprint_filter_like_any_other(store: Database, factory: Factory) -> None:
    mug = await factory.failed(about="MUG-BLU")
    bowl = await factory.failed(about="BOWL-LG")
    await factory.order()
    assert set(await queries.ids_matching(store, OrderFilter(pile=Pile.FAILED), limit=9)) == {mug, bowl}
    by_cause = OrderFilter(failure_fingerprint="out_of_stock:BOWL-LG")
    assert await queries.ids_matching(store, by_cause, limit=9) == [bowl]
    [row] = await queries.rows(store, [bowl])
    assert row.failure_code == "out_of_stock"
