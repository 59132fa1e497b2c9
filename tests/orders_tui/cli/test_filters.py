"""The filter language on the command line."""

from __future__ import annotations

from engine.words import OrderStatus
from tests.factories import Factory
from tests.orders_tui.cli.saying import Command


async def test_a_filter_in_words_lists_and_chooses(command: Command, factory: Factory) -> None:
    await factory.order(number="5771", tags=["gift"])
    await factory.order(number="5772", tags=["gift"], status=OrderStatus.SHIPPED)
    await factory.order(number="5773")
    listed = await command("orders", "list", "--filter", "!status:shipped tag:gift mug")
    assert [line.split()[0] for line in listed.lines] == ["5771"]
    beside = await command("orders", "list", "--filter", "tag:gift", "--status", "shipped")
    assert [line.split()[0] for line in beside.lines] == ["5772"]
    by_number = await command("orders", "list", "--sort", "order-number", "--ascending")
    assert [line.split()[0] for line in by_number.lines] == ["5771", "5772", "5773"]

    tagged = await command("orders", "bulk", "tag", "--filter", "!tag:gift", "--to", "late", "--yes", "--reason", "x")
    assert tagged.code == 0
    late = await command("orders", "list", "--filter", "tag:late")
    assert [line.split()[0] for line in late.lines] == ["5773"]


async def test_a_mistake_in_a_filter_is_one_sentence_and_nothing_is_changed(command: Command, factory: Factory) -> None:
    await factory.order(number="5771")
    for arguments in (("list",), ("bulk", "tag", "--to", "late", "--yes", "--reason", "x")):
        said = await command("orders", *arguments, "--filter", "status:payed")
        assert (said.code, said.out) == (2, "")
        assert "payed" in said.err
        assert len(said.err.splitlines()) == 1
    said = await command("orders", "list", "--filter", "shop:Habor")
    assert said.code == 1
    assert said.err == "There is no shop called 'Habor'; there are Alder Goods.\n"
    assert (await command("orders", "list", "--filter", "tag:late")).lines == []
