"""One phrase finds an order by what people have at hand: an id, a parcel, a SKU, a name, a product."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.orders import queries, search
from engine.orders.views import Count, OrderFilter
from tests.factories import BOWL, MUG, Factory, Line, opened


async def found(store: Database, phrase: str) -> set[str]:
    rows = (await queries.page(store, OrderFilter(search=phrase), limit=50)).rows
    return {row.order_number for row in rows}


@pytest.fixture
async def three(factory: Factory) -> None:
    await factory.product(MUG)
    await factory.product(BOWL)
    first = await factory.order(
        number="577100", customer="Anna María Lopez", email="anna@shop.test", phone="+1 555 0101"
    )
    await factory.order(
        number="577200", customer="Anna Berg", email="berg@shop.test", phone="(555) 010-2222", lines=(BOWL,)
    )
    await factory.order(
        number="688300", customer="Lopez", email="", phone="", lines=(Line("TEE-01", "Cotton tee, large"),)
    )
    await factory.package(first, "9400ABC", tiktok_package_id="115700")


@pytest.mark.parametrize(
    ("phrase", "numbers"),
    [
        ("577100", {"577100"}),
        ("577", {"577100", "577200"}),
        ("9400ABC", {"577100"}),
        ("9400ab", {"577100"}),
        ("115700", {"577100"}),
        ("MUG-BLU", {"577100"}),
        ("mug", {"577100"}),
        ("anna", {"577100", "577200"}),
        ("ANNA lopez", {"577100"}),
        ("lopez", {"577100", "688300"}),
        ("maría", {"577100"}),
        ("anna@shop.test", {"577100"}),
        ("+1 (555) 0101", {"577100"}),
        ("5550102222", {"577200"}),
        ("salad", {"577200"}),
        ("bowl larg", {"577200"}),
        ("ann", set()),
        ("nobody", set()),
        ("%", set()),
        ("'; DROP TABLE orders; --", set()),
        ("\x00", {"577100", "577200", "688300"}),
        ("   ", {"577100", "577200", "688300"}),
    ],
)
async def test_a_phrase_finds(store: Database, three: None, phrase: str, numbers: set[str]) -> None:
    assert await found(store, phrase) == numbers


async def test_a_search_narrows_with_the_rest_of_the_filter(store: Database, three: None, factory: Factory) -> None:
    await factory.failed(number="577400", customer="Anna Holm")
    wanted = OrderFilter(search="anna", failure_fingerprint="out_of_stock:MUG-BLU")
    assert [row.order_number for row in (await queries.page(store, wanted, limit=9)).rows] == ["577400"]


async def test_without_the_master_key_people_are_not_found_but_ids_are(
    database: EmbeddedServer, store: Database, three: None
) -> None:
    async with opened(database, with_key=False) as keyless:
        assert await found(keyless, "anna") == set()
        assert await found(keyless, "577100") == {"577100"}


async def test_a_phrase_that_fits_very_many_orders_gives_the_newest_of_them(
    store: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await factory.many(200)
    exact = await queries.page(store, OrderFilter(search="5760"), limit=20)
    # 200 candidates are few in life and many here.
    monkeypatch.setattr(search, "CANDIDATES", 100)
    broad = await queries.page(store, OrderFilter(search="5760"), limit=20)
    assert broad == exact
    assert await queries.count(store, OrderFilter(search="5760"), cap=1000) == Count(200, exact=False)
    assert await queries.count(store, OrderFilter(search="5760"), cap=None) == Count(200, exact=True)
    assert await queries.ids_matching(store, OrderFilter(search="5760"), limit=20) == [
        row.order_id for row in exact.rows
    ]


@pytest.mark.parametrize("phrase", ["anna", "anna lopez", "mug", "577", "9400ab", "bowl larg"])
async def test_broad_and_narrow_answers_are_the_same(
    store: Database, three: None, monkeypatch: pytest.MonkeyPatch, phrase: str
) -> None:
    narrow = await found(store, phrase)
    monkeypatch.setattr(search, "CANDIDATES", 0)
    assert await found(store, phrase) == narrow


async def test_a_scan_names_one_order_exactly(store: Database, three: None) -> None:
    wanted = await queries.find(store, "577100")
    package_id = await store.pool.fetchval("SELECT id FROM packages")
    for text in ("9400abc", "9400ABC", "115700", str(package_id), str(wanted), " 577100\n"):
        assert await queries.find(store, text) == wanted
    for text in ("5771", "9400", "", "no such thing"):
        assert await queries.find(store, text) is None
