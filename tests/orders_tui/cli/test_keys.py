"""The console's keys from the command line, and the key document that is written from the registry."""

from __future__ import annotations

from pathlib import Path

from orders_tui.actions import ACTIONS
from orders_tui.cli.keys import document
from tests.orders_tui.cli.programs import PROJECT
from tests.orders_tui.cli.saying import Command


async def test_keys_are_listed_as_they_are_set_with_the_commands_that_do_the_same(
    command: Command, configured: Path
) -> None:
    configured.write_text('[console.keys]\n"table.mark" = "x"\n')
    said = await command("keys", "--json")
    by_name = {document["action"]: document for document in said.documents}
    assert set(by_name) == {action.id for action in ACTIONS}
    assert by_name["table.mark"]["keys"] == ["x"]
    assert by_name["orders.status"]["command"] == "orders set-status"
    assert by_name["orders.status"]["asks_first"]
    line = next(line for line in (await command("keys")).lines if "Mark the order" in line)
    assert line.split()[4] == "x"


def test_the_key_document_is_up_to_date() -> None:
    stale = "write it again: orders-tui keys --markdown > docs/keys.md"
    assert (PROJECT / "docs" / "keys.md").read_text() == document() + "\n", stale
