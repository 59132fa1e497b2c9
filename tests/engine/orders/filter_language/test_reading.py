"""What people type as a filter: what it means, what is wrong with it, what a half-typed word may become."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refused
from engine.orders.filter_language.hints import completed, hint_for
from engine.orders.filter_language.names import Names
from engine.orders.filter_language.reading import Reader, filter_of, read
from engine.orders.filter_language.words import WORDS, Takes
from engine.orders.filter_language.writing import write
from engine.orders.filters import ANY_HOLD, NOBODY, Amounts, Day, OrderFilter, Pile, Wait, Without
from engine.orders.tags import normal_tag
from engine.words import ExecutionStatus, HoldReason, OrderStatus, PaymentStatus, WorkflowState

ZONE = ZoneInfo("America/New_York")
HERE = Reader(ZONE, "mira", Names(("Alder Goods", "Harbor Lane"), ("Ines Falk",), ("Mira", "mira"), ("gift", "gold")))


def test_the_words_of_a_filter_and_what_is_left_is_searched_for() -> None:
    text = (
        'status:failed shop:"harbor lane" !tag:Gift amount:>50 ship-by:<24h ordered:>2026-01-01 hold:any'
        " pile:overdue free  words 9400111899 http://x"
    )
    assert filter_of(text, HERE) == OrderFilter(
        executions=frozenset({ExecutionStatus.FAILED}),
        shops=frozenset({"harbor lane"}),
        without=Without(tags=frozenset({"gift"})),
        amount=Amounts(low=Decimal(50), beyond=True),
        ship_by_until=timedelta(hours=24),
        ordered_from=datetime(2026, 1, 2, tzinfo=ZONE),
        holds=ANY_HOLD,
        pile=Pile.OVERDUE,
        search="free words 9400111899 http://x",
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("status:pending,confirmed", {"statuses": frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED})}),
        ("status:pending status:confirmed", {"statuses": frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED})}),
        ("STATUS:Shipped", {"statuses": frozenset({OrderStatus.SHIPPED})}),
        ("state:ready_to_ship", {"workflow_states": frozenset({WorkflowState.READY_TO_SHIP})}),
        ("tag:gift tag:vip", {"tags": frozenset({"gift", "vip"})}),
        ("assigned:nobody,me", {"assigned": frozenset({NOBODY, "mira"})}),
        ("priority:>=4", {"priorities": frozenset({4, 5})}),
        ("priority:0..1,5", {"priorities": frozenset({0, 1, 5})}),
        ("amount:10..20.50", {"amount": Amounts(Decimal(10), Decimal("20.50"))}),
        ("amount:>=10 amount:<20", {"amount": Amounts(Decimal(10), Decimal(20), short=True)}),
        ("ordered:<2d", {"ordered_from": timedelta(days=-2)}),
        ("ordered:1d..3d", {"ordered_from": timedelta(days=-3), "ordered_until": timedelta(days=-1)}),
        (
            "ordered:2026-01-01..2026-01-31",
            {"ordered_from": datetime(2026, 1, 1, tzinfo=ZONE), "ordered_until": datetime(2026, 2, 1, tzinfo=ZONE)},
        ),
        ("ordered:<=2026-03-01T10:30Z", {"ordered_until": datetime(2026, 3, 1, 10, 30, tzinfo=UTC)}),
        ("ship-by:<now", {"ship_by_until": timedelta(0)}),
        ("ship-by:1d12h", {"ship_by_until": timedelta(hours=36)}),
        ("ship-by:today", {"ship_by_from": Day(0), "ship_by_until": Day(1)}),
        ("ship-by:today..today+2", {"ship_by_from": Day(0), "ship_by_until": Day(3)}),
        ("changed:<15m", {"changed_from": timedelta(minutes=-15)}),
        ("!hold:any !pile:failed,on-hold", {"without": Without(holds=ANY_HOLD, piles=frozenset({Pile.FAILED, Pile.ON_HOLD}))}),
        ('"status:shipped"', {"search": "status:shipped"}),
        ("unknown:word !important", {"search": "unknown:word !important"}),
    ],
)  # fmt: skip
def test_each_way_of_saying(text: str, meant: dict[str, object]) -> None:
    assert filter_of(text, HERE) == OrderFilter(**meant)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("payment:payed", "payment: takes pending, paid, failed, refunded, partially-refunded; 'payed' is none (did you mean paid?)."),
        ("status:failed,shipped", "status:failed stands alone: what stopped has another status beside it, so ask separately."),
        ("shop:Habor", "shop: there is none called 'Habor' (did you mean Harbor Lane?)."),
        ("creator:Zed", "creator: there is none called 'Zed' (there are Ines Falk)."),
        ("pile:overdue pile:failed", "pile: takes one value, and once, as in pile:overdue."),
        ("amount:fifty", "amount: takes an amount, each end once, as in amount:>50; 'fifty' is none."),
        ("!amount:>50", "There is no !amount: turn it around with < or >, as in amount:>50."),
        ("amount:>1 amount:>2", "amount: takes an amount, each end once, as in amount:>50; '>2' is none."),
        ("ship-by:", "ship-by: needs a value, as in ship-by:<24h."),
        (
            "ordered:2026-13-45",
            (
                "ordered: takes a length of time back from now, a day or a moment, each end once,"
                " as in ordered:>2026-01-01; '2026-13-45' is none."
            ),
        ),
        ("priority:7", "priority: takes a priority from 0 to 5, as in priority:>3."),
        ("tag:,", "tag: needs a value, as in tag:gift."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_the_rest_still_holds(text: str, sentence: str) -> None:
    reading = read(f"state:new {text} mugs", HERE)
    assert [mistake.sentence for mistake in reading.mistakes] == [sentence]
    assert reading.filter.workflow_states == {WorkflowState.NEW}
    assert reading.filter.search == "mugs"
    with pytest.raises(Refused, match=r"."):
        filter_of(text, HERE)


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("sta", ("status:", "state:")),
        ("!hol", ("!hold:",)),
        ("mugs status:p", ("pending", "processing")),
        ("status:pending,c", ("confirmed", "cancelled")),
        ('shop:"Har', ('"Harbor Lane"',)),
        ("assigned:", ("me", "nobody", "Mira", "mira")),
        ("tag:go", ("gold",)),
        ("status:pending", ()),
        ("mugs ", ()),
    ],
)
def test_a_half_typed_word_says_what_it_may_become(typed: str, choices: tuple[str, ...]) -> None:
    hint = hint_for(typed, HERE.names)
    assert hint.choices == choices
    for choice in choices:
        whole = completed(typed, choice, hint)
        assert choice.endswith(":") or not read(whole, HERE).mistakes, whole


def test_the_example_of_every_word_holds_and_so_does_the_table_of_the_documentation() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[4] / "docs" / "filters.md").read_text("utf-8")
    for word in WORDS:
        assert read(word.example).mistakes == ()
        assert read(f"!{word.example}").mistakes == () or not word.can_be_turned
        values = ", ".join(f"`{member}`" for member in word.members) or word.takes.value
        turned = "yes" if word.can_be_turned else "no"
        assert f"| `{word.name}:` | {word.meaning} | {values} | `{word.example}` | {turned} |" in page.splitlines()


_text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)
_tags = st.text("abcdefgh-1é", min_size=1, max_size=9).map(lambda text: f"a{text}b").map(normal_tag)
_instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
_moments = st.one_of(
    st.none(),
    _instants,
    st.timedeltas(timedelta(days=-300), timedelta(days=300)).map(lambda length: timedelta(seconds=int(length.total_seconds()))),
    st.integers(-400, 400).map(Day),
)  # fmt: skip
_decimals = st.decimals(0, 10_000_000, places=2)


@st.composite
def _amounts(draw: st.DrawFn) -> Amounts | None:
    low, high = draw(st.one_of(st.none(), _decimals)), draw(st.one_of(st.none(), _decimals))
    if low is None and high is None:
        return None
    return Amounts(low, high, low is not None and draw(st.booleans()), high is not None and draw(st.booleans()))


_sets = {
    "statuses": st.frozensets(st.sampled_from(OrderStatus)),
    "workflow_states": st.frozensets(st.sampled_from(WorkflowState)),
    "executions": st.frozensets(st.sampled_from(ExecutionStatus)),
    "payments": st.frozensets(st.sampled_from(PaymentStatus)),
    "holds": st.frozensets(st.sampled_from(HoldReason)),
    "waits": st.frozensets(st.sampled_from(Wait)),
    "causes": st.frozensets(st.sampled_from(["bad_address", "no_rates"])),
    "priorities": st.frozensets(st.integers(0, 5)),
    "tags": st.frozensets(_tags, max_size=3),
    "shops": st.frozensets(_text, max_size=2),
    "creators": st.frozensets(_text, max_size=2),
    "assigned": st.frozensets(st.one_of(_text, st.sampled_from([NOBODY, "me", "nobody"])), max_size=2),
    "skus": st.frozensets(_text, max_size=2),
}
_rest = {
    "pile": st.sampled_from(Pile),
    "failure_fingerprint": _text,
    "search": st.lists(st.one_of(_text, st.just("status:failed"), st.just('"'))).map(
        lambda words: " ".join(" ".join(words).split())
    ),
    "ordered_from": _moments,
    "ordered_until": _moments,
    "ship_by_from": _moments,
    "changed_until": _moments,
    "amount": _amounts(),
}


@st.composite
def _filters(draw: st.DrawFn) -> OrderFilter:
    def some(fields: dict[str, st.SearchStrategy[object]]) -> dict[str, object]:
        return {
            name: draw(fields[name])
            for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True))
        }

    without = some({**_sets, "piles": st.frozensets(st.sampled_from(Pile), max_size=2)})
    return OrderFilter(**some({**_sets, **_rest}), without=Without(**without))  # type: ignore[arg-type]


@given(_filters())
def test_whatever_filter_is_written_reads_as_the_same_filter(order_filter: OrderFilter) -> None:
    text = write(order_filter, zone=ZONE)
    reading = read(text, Reader(ZONE))
    assert (reading.mistakes, reading.filter) == ((), order_filter), text


@given(st.text(st.sampled_from('status:pending,!shop"<>=.. 0123456789hdtoday-+\\\n\t'), max_size=40))
def test_nothing_typed_breaks_it_and_what_holds_is_written_back(text: str) -> None:
    reading = read(text, Reader(ZONE))
    hint_for(text, HERE.names)
    assert read(write(reading.filter, zone=ZONE), Reader(ZONE)).filter == reading.filter


def test_only_what_can_be_turned_around_takes_a_not() -> None:
    assert {word.name for word in WORDS if not word.can_be_turned} == {
        "failure", *(word.name for word in WORDS if word.takes in {Takes.AMOUNT, Takes.DEADLINE, Takes.PAST})
    }  # fmt: skip
