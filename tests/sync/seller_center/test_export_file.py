"""Whole exports: any market's columns, what is skipped, which rows are refused, and files that are meant to harm."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.errors import Misconfigured, Refused
from engine.identifiers import ShopId, new_id
from engine.ports.facts import Address, OrderFact
from engine.words import ChannelStatus, PaymentStatus
from sync.seller_center.documents import document_of, imported_fact
from sync.seller_center.export_file import FoundOrder, found_orders, survey
from sync.seller_center.markets import market_of
from sync.seller_center.words import packaged_words, words_with
from tests.sync.seller_center.exports import (
    ANOTHER,
    BOWLS,
    HEADER,
    MUGS,
    ORDER,
    as_csv,
    as_xlsx,
    moved,
    table,
)

SHOP = ShopId(new_id())
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def orders_of(path: Path, market: str = "US", *, words: Path | None = None) -> list[FoundOrder]:
    chosen = market_of(market)
    zone = ZoneInfo(chosen.zone if chosen else "UTC")
    found = survey(path, words_with(words) if words else packaged_words(), chosen, zone)
    return list(found_orders(path, found, now=NOW))


def fact_of(found: FoundOrder) -> OrderFact:
    assert found.bad == ()
    return imported_fact(SHOP, document_of(found.rows, packaged_words()))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("described", [True, False])
def test_an_order_is_the_same_from_csv_and_xlsx(tmp_path: Path, kind: str, *, described: bool) -> None:
    cells = table([MUGS, BOWLS], described=described)
    path = as_csv(tmp_path / "e.csv", cells) if kind == "csv" else as_xlsx(tmp_path / "e.xlsx", cells)
    [found] = orders_of(path)
    assert [row.number for row in found.rows] == ([3, 4] if described else [2, 3])
    fact = fact_of(found)
    assert (fact.tiktok_order_id, fact.channel_status, fact.payment_status) == (
        ORDER,
        ChannelStatus.AWAITING_SHIPMENT,
        PaymentStatus.PAID,
    )
    assert (fact.currency, fact.total_amount, fact.shipping_cost) == ("USD", Decimal("62.74"), Decimal("3.99"))
    assert fact.order_time == datetime(2026, 3, 2, 17, 15, tzinfo=UTC)
    assert fact.update_time == datetime(2026, 3, 2, 17, 16, tzinfo=UTC)
    assert [(unit.seller_sku, unit.unit_price, unit.tiktok_line_id) for unit in fact.units] == [
        ("MUG-BLU", Decimal("22.49"), "import:1729000000000000501:1"),
        ("MUG-BLU", Decimal("22.49"), "import:1729000000000000501:2"),
        ("BOWL-LG", Decimal("8.99"), "import:1729000000000000601:1"),
    ]
    assert fact.address == Address(
        "Ines Falk", "(+1)5550100", "7 Quay Street", "", "Port Alder", "Washington", "98000", "US"
    )
    assert (fact.imported, fact.masked, fact.shipping_type) == (True, False, "SELLER")


def test_columns_are_found_by_name_in_any_order_and_language(tmp_path: Path) -> None:
    brazil = {
        "Valor do pedido": "BRL 1.234,50",
        "ID do pedido": f"{ORDER}\t",
        "Status do pedido": "A enviar",
        "Substatus do pedido": "Aguardando coleta",
        "SKU do vendedor": "CANECA",
        "Nome do produto": "Caneca",
        "Quantidade": "1",
        "Hora da criação": "25/02/2026 21:15:00",
        "Destinatário": "Inês Falk",
        "Bairro": "Centro",
        "Cidade": "Porto",
        "CEP": "01000-000",
        "Forma de pagamento": "Pagamento na entrega",
    }
    path = as_csv(tmp_path / "br.csv", table([brazil], described=False, header=list(brazil)), delimiter=";")
    fact = fact_of(orders_of(path, "BR")[0])
    assert (fact.channel_status, fact.currency, fact.total_amount) == (
        ChannelStatus.AWAITING_COLLECTION,
        "BRL",
        Decimal("1234.50"),
    )
    assert fact.order_time == datetime(2026, 2, 26, 0, 15, tzinfo=UTC)
    assert fact.cash_on_delivery
    assert fact.address is not None
    assert (fact.address.line2, fact.address.city, fact.address.country) == ("Centro", "Porto", "BR")


@pytest.mark.parametrize(
    ("status", "substatus", "means"),
    [
        ("Perlu dikirim", "Menunggu pengambilan", ChannelStatus.AWAITING_COLLECTION),
        ("PERLU DIKIRIM", "", ChannelStatus.AWAITING_SHIPMENT),
        ("Selesai", "", ChannelStatus.COMPLETED),
        ("Shipped", "Delivered", ChannelStatus.DELIVERED),
        ("Shipped", "a word from the future", ChannelStatus.IN_TRANSIT),
        ("Canceled", "Awaiting shipment", ChannelStatus.CANCELLED),
        ("รอจัดส่ง", "", ChannelStatus.AWAITING_SHIPMENT),
        ("À expédier", "", ChannelStatus.AWAITING_SHIPMENT),
    ],
)
def test_a_status_is_understood_in_each_market_s_words(
    tmp_path: Path, status: str, substatus: str, means: ChannelStatus
) -> None:
    path = as_csv(tmp_path / "e.csv", table([moved(MUGS, status, substatus)]))
    assert fact_of(orders_of(path)[0]).channel_status is means


def test_an_unknown_status_is_refused_and_a_seller_s_own_words_mend_it(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "e.csv", table([moved(MUGS, "Por despachar", "")]))
    [found] = orders_of(path)
    assert [(bad.number, bad.code) for bad in found.bad] == [(3, "import.unknown_status")]
    assert "'Por despachar'" in found.bad[0].reason
    own = tmp_path / "words.toml"
    own.write_text('[statuses]\nAWAITING_SHIPMENT = ["por despachar"]\n')
    assert fact_of(orders_of(path, words=own)[0]).channel_status is ChannelStatus.AWAITING_SHIPMENT
    own.write_text('[statuses]\nNOT_ONE = ["x"]\n')
    with pytest.raises(Misconfigured) as caught:
        orders_of(path, words=own)
    assert "[statuses] NOT_ONE" in caught.value.sentence


def test_missing_columns_are_named(tmp_path: Path) -> None:
    header = [name for name in HEADER if name not in {"Quantity", "Seller SKU", "SKU ID"}]
    with pytest.raises(Refused) as caught:
        orders_of(as_csv(tmp_path / "e.csv", table([MUGS], header=header)))
    assert caught.value.code == "import.columns"
    assert "Quantity, Seller SKU or SKU ID" in caught.value.sentence
    with pytest.raises(Refused) as other:
        orders_of(as_csv(tmp_path / "list.csv", [["name", "age"], ["Mira", "40"]]))
    assert other.value.code == "import.no_export"


BAD: Sequence[tuple[Mapping[str, str], str]] = [
    ({"Order ID": "5.76E+17"}, "import.damaged_id"),
    ({"SKU ID": "1.729E+18"}, "import.damaged_id"),
    ({"Quantity": "two"}, "import.bad_quantity"),
    ({"Created Time": "yesterday"}, "import.bad_time"),
    ({"Created Time": ""}, "import.empty_cell"),
    ({"Created Time": "03/02/2027 9:15:00 AM"}, "import.future"),
    ({"Order Amount": "free"}, "import.bad_amount"),
    ({"Product Name": ""}, "import.empty_cell"),
    ({"SKU ID": "", "Seller SKU": ""}, "import.empty_cell"),
]


@pytest.mark.parametrize(("change", "code"), BAD)
def test_a_bad_row_refuses_its_order_alone(tmp_path: Path, change: Mapping[str, str], code: str) -> None:
    broken = dict(BOWLS) | {"Order ID": ANOTHER} | dict(change)
    path = as_csv(tmp_path / "e.csv", table([MUGS, broken, dict(BOWLS) | {"Order ID": ANOTHER}]))
    found = {each.order_id: each for each in orders_of(path)}
    assert fact_of(found[ORDER]).tiktok_order_id == ORDER
    [bad] = [each for each in found.values() if each.bad]
    assert [(row.number, row.code) for row in bad.bad] == [(4, code)]
    assert bad.order_id == ("" if "Order ID" in change else ANOTHER)


def test_a_row_that_was_cut_off_or_has_a_loose_comma_is_refused(tmp_path: Path) -> None:
    cells = table([MUGS, dict(BOWLS) | {"Order ID": ANOTHER}])
    cells[3] = cells[3][:4]
    cells.append([*cells[2], "loose"])
    cells[4][0] = "576461412345678903"
    found = {each.order_id: each for each in orders_of(as_csv(tmp_path / "e.csv", cells))}
    assert found[ORDER].bad == ()
    assert [row.code for row in found[ANOTHER].bad] == ["import.empty_cell"]
    assert [row.code for row in found["576461412345678903"].bad] == ["import.bad_row"]


def test_rows_of_one_order_meet_wherever_they_stand(tmp_path: Path) -> None:
    other = dict(MUGS) | {"Order ID": ANOTHER}
    first, second = orders_of(as_csv(tmp_path / "e.csv", table([MUGS, other, BOWLS])))
    assert (first.order_id, [row.number for row in first.rows]) == (ANOTHER, [4])
    assert (second.order_id, [row.number for row in second.rows]) == (ORDER, [3, 5])


def test_statuses_of_rows_make_the_order_s(tmp_path: Path) -> None:
    def status(*rows: Mapping[str, str]) -> ChannelStatus:
        return fact_of(orders_of(as_csv(tmp_path / "e.csv", table(rows)))[0]).channel_status

    shipped, cancelled = moved(BOWLS, "Shipped", "In transit"), moved(BOWLS, "Canceled", "")
    assert status(MUGS, shipped) is ChannelStatus.PARTIALLY_SHIPPING
    assert status(MUGS, cancelled) is ChannelStatus.AWAITING_SHIPMENT
    assert status(moved(MUGS, "Canceled", ""), cancelled) is ChannelStatus.CANCELLED
    assert status(moved(MUGS, "Completed", ""), shipped) is ChannelStatus.IN_TRANSIT


def test_several_packages_and_numbers_in_one_cell_go_to_their_units(tmp_path: Path) -> None:
    def packages(cell: str) -> list[str]:
        row = dict(MUGS) | {"Package ID": cell, "Tracking ID": "1Z999, 1Z998"}
        return [
            unit.tiktok_package_id for unit in fact_of(orders_of(as_csv(tmp_path / "e.csv", table([row])))[0]).units
        ]

    assert packages("1153000000000000009\t") == ["1153000000000000009"] * 2
    assert packages("1153000000000000009,1153000000000000010") == ["1153000000000000009", "1153000000000000010"]
    assert packages("1,2,3") == ["", ""]


def test_text_of_a_buyer_is_never_a_formula_or_an_escape(tmp_path: Path) -> None:
    row = dict(MUGS) | {"Buyer Message": '=HYPERLINK("http://x")\x1b[2J', "Recipient": "I*** F***"}
    cells = table([row])
    fact = fact_of(orders_of(as_csv(tmp_path / "e.csv", cells))[0])
    assert fact.buyer_message == '=HYPERLINK("http://x")[2J'
    assert fact.masked
    cells[2] = [cell.replace("\x1b", "") for cell in cells[2]]
    assert fact_of(orders_of(as_xlsx(tmp_path / "e.xlsx", cells))[0]).buyer_message == '=HYPERLINK("http://x")[2J'


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-16", "UTF-16"), ("gb18030", "GB18030"), ("cp1252", "Windows-1252")]
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, name: str) -> None:
    city = "Porto Alegre São" if encoding == "cp1252" else "北京"
    with pytest.raises(Refused) as caught:
        orders_of(as_csv(tmp_path / "e.csv", table([dict(MUGS) | {"City": city}]), encoding=encoding))
    assert caught.value.code == "import.encoding"
    assert name in caught.value.sentence


def test_files_that_are_broken_or_meant_to_harm_give_one_sentence(tmp_path: Path) -> None:
    def code(path: Path) -> str:
        with pytest.raises(Refused) as caught:
            orders_of(path)
        assert caught.value.sentence.endswith(".")
        assert "\n" not in caught.value.sentence
        return caught.value.code

    good = as_xlsx(tmp_path / "good.xlsx", table([MUGS])).read_bytes()
    for name, data, expected in [
        ("empty.csv", b"", "import.empty"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "import.old_excel"),
        ("picture.csv", b"\x89PNG\x00\x00", "import.binary"),
        ("cut.xlsx", good[: len(good) // 2], "import.broken_xlsx"),
        ("bits.xlsx", good[:400] + bytes(200) + good[600:], "import.broken_xlsx"),
        ("quote.csv", ",".join(HEADER).encode() + b'\n"' + b"x" * 200_000, "import.broken_csv"),
    ]:
        (tmp_path / name).write_bytes(data)
        assert code(tmp_path / name) == expected, name
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(32 * 1024 * 1024))
    assert code(tmp_path / "bomb.xlsx") == "import.bomb"
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    assert code(tmp_path / "other.xlsx") == "import.broken_xlsx"
    assert code(tmp_path / "not-there.csv") == "import.unreadable"


def test_a_sheet_of_a_million_empty_rows_and_columns_is_no_trouble(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table([MUGS]):
        sheet.append(row)
    sheet["XFD3"] = "far away"
    book.save(tmp_path / "wide.xlsx")
    [found] = orders_of(tmp_path / "wide.xlsx")
    assert fact_of(found).tiktok_order_id == ORDER
