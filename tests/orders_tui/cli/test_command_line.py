"""The command line as a script meets it: data on stdout, narration on stderr, exit codes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.orders import queries
from engine.orders.views import OrderFilter
from engine.words import OrderStatus, WorkflowState
from tests.factories import MUG, NOON, Factory
from tests.orders_tui.cli.saying import Command


async def test_orders_are_listed_newest_first(command: Command, factory: Factory) -> None:
    await factory.order(number="5771", customer="Anna Lopez")
    await factory.order(number="5772", ordered_at=NOON + timedelta(hours=1))
    said = await command("orders", "list")
    assert said.code == 0
    assert said.err == ""
    assert [line.split()[0] for line in said.lines] == ["5772", "5771"]
    assert "Anna Lopez" in said.lines[1]


async def test_json_is_one_object_a_line_with_money_as_text(command: Command, factory: Factory) -> None:
    await factory.order(number="5771", tags=["vip"])
    [document] = (await command("orders", "list", "--json")).documents
    assert document["order_number"] == "5771"
    assert document["total_amount"] == "12.50"
    assert document["order_date"] == "2026-03-02T12:00:00Z"
    assert document["tags"] == ["vip"]
    assert "key" not in document


async def test_a_limit_is_never_silent(command: Command, factory: Factory) -> None:
    await factory.many(3)
    said = await command("orders", "list", "--limit", "2")
    assert len(said.lines) == 2
    assert said.err == "Only the first 2 are shown: --limit 0 gives all.\n"
    whole = await command("orders", "list", "--limit", "3")
    assert (len(whole.lines), whole.err) == (3, "")


async def test_a_long_list_streams_page_after_page(
    command: Command, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders_tui.cli.orders.PAGE", 7)
    await factory.many(30)
    said = await command("orders", "list", "--limit", "0", "--json")
    numbers = [document["order_number"] for document in said.documents]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 30


async def test_a_list_is_narrowed_like_the_table(command: Command, factory: Factory) -> None:
    await factory.failed(number="1")
    await factory.order(number="2", status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED)
    await factory.order(number="3", customer="Anna Lopez")

    async def numbers(*options: str) -> list[str]:
        return [
            document["order_number"] for document in (await command("orders", "list", "--json", *options)).documents
        ]

    assert await numbers("--status", "failed") == ["1"]
    assert await numbers("--status", "shipped") == ["2"]
    assert await numbers("--pile", "failed") == ["1"]
    assert await numbers("--search", "anna lopez") == ["3"]
    assert await numbers("--state", "shipped", "--state", "failed", "--ascending") == ["1", "2"]
    assert await numbers("--since", "2026-03-03") == []


async def test_a_status_that_is_none_is_a_usage_error(command: Command, factory: Factory) -> None:
    said = await command("orders", "list", "--status", "lost")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "There is no status 'lost'; there are pending, confirmed, processing, shipped, delivered, cancelled,"
        " returned.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [("orders", "list", "--pile", "nonsense"), ("orders", "lst"), ("nonsense",), ("orders", "list", "--nonsense")],
)
async def test_a_mistyped_command_is_one_sentence_and_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    said = await command(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "ns" in said.err or "lst" in said.err


async def test_one_order_is_shown_by_number_or_tracking(command: Command, factory: Factory) -> None:
    order_id = await factory.order(number="5771", customer="Anna Lopez", waiting_for="pick")
    await factory.package(order_id, "9400111")
    said = await command("orders", "show", "9400111")
    assert said.code == 0
    assert said.lines[:2] == ["Order 5771: pending (new), payment paid", "Waits to be picked."]
    assert "  1 × MUG-BLU  Stoneware mug, blue: pending, not a known product" in said.lines  # noqa: RUF001
    [document] = (await command("orders", "show", "5771", "--json")).documents
    assert document["row"]["order_id"] == str(order_id)
    assert document["packages"][0]["tracking_number"] == "9400111"
    assert document["workflow"]["allowed"]["pending"] != ""


async def test_an_unknown_order_is_refused_before_anything_is_done(
    command: Command, factory: Factory, store: Database
) -> None:
    order_id = await factory.order(number="5771", status=OrderStatus.CONFIRMED, state=WorkflowState.VALIDATED)
    said = await command("orders", "set-status", "5771", "5799", "processing", "--reason", "a test")
    assert (said.code, said.out) == (1, "")
    assert said.err == "There is no order '5799': give its order number, package id or tracking number.\n"
    assert await queries.versions(store, [order_id]) == {order_id: 1}


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(
    command: Command, factory: Factory, store: Database
) -> None:
    order_id = await factory.order(number="5771", status=OrderStatus.CONFIRMED, state=WorkflowState.VALIDATED)
    said = await command("orders", "set-status", "5771", "returned", "--reason", "a test", "--dry-run")
    assert said.code == 1
    assert said.lines[0].startswith("5771  refused: Order 5771: A return begins in TikTok Shop")
    assert await queries.versions(store, [order_id]) == {order_id: 1}


async def test_a_partly_refused_change_is_exit_code_1_with_a_report(command: Command, factory: Factory) -> None:
    await factory.order(number="5771")
    said = await command("orders", "set-status", "5771", "returned", "--reason", "a test", "--json")
    assert said.code == 1
    [report] = said.documents
    assert (report["processed"], report["failed"], report["errors"][0]["order_number"]) == (1, 1, "5771")


async def test_set_status_needs_an_order_a_status_and_a_reason(command: Command) -> None:
    assert (await command("orders", "set-status", "shipped", "--reason", "x")).code == 2
    missing = await command("orders", "set-status", "5771", "shipped")
    assert missing.code == 2
    assert "--reason" in missing.err
    wrong = await command("orders", "set-status", "5771", "teleported", "--reason", "x")
    assert wrong.code == 2
    assert "no status 'teleported'" in wrong.err


async def test_retrying_an_order_that_did_not_fail_is_refused(command: Command, factory: Factory) -> None:
    await factory.order(number="5771")
    said = await command("orders", "retry", "5771")
    assert said.code == 1
    assert said.lines[0].startswith("5771  refused: ")


async def test_stock_is_received_and_listed(command: Command, factory: Factory) -> None:
    await factory.product(MUG, on_hand=1)
    [received] = (await command("stock", "receive", "MUG-BLU", "4", "--json")).documents
    assert received["on_hand"] == 5
    said = await command("stock", "list", "mug")
    assert said.lines[0].split()[:4] == ["MUG-BLU", received["location"], "5", "free"]
    unknown = await command("stock", "receive", "NO-SUCH", "4")
    assert (unknown.code, unknown.out) == (1, "")
    assert "NO-SUCH" in unknown.err


async def test_a_weight_is_set(command: Command, factory: Factory, store: Database) -> None:
    await factory.product(MUG, weight_grams=None)
    said = await command("product", "set-weight", "MUG-BLU", "420")
    assert (said.code, said.out, said.err) == (0, "", "MUG-BLU weighs 420 g.\n")
    assert await store.pool.fetchval("SELECT weight_grams FROM products") == 420


async def test_the_database_is_checked_and_upgraded(command: Command, factory: Factory) -> None:
    await factory.order()
    checked = await command("db", "check")
    assert checked.code == 0
    assert checked.out.endswith(", 1 orders.\n")
    assert (await command("db", "upgrade")).code == 0
    assert (await command("db", "path")).out.startswith("postgresql://")


async def test_doctor_names_each_dependency_and_what_is_missing(command: Command, factory: Factory) -> None:
    said = await command("doctor")
    found = {line[6:20].strip(): line[:4].strip() for line in said.lines}
    assert found["database"] == found["master key"] == found["notices"] == "ok"
    assert found["tiktok"] == found["daemon"] == "MEND"
    assert said.code == 0


async def test_configuration_is_shown_without_secrets(command: Command, configured: Path) -> None:
    configured.write_text("[console]\ntheme = 'orders-light'\n")
    said = await command("config", "show")
    assert "console.theme = orders-light" in said.lines
    assert "7a7a" not in said.out
    assert (await command("config", "path")).out == f"{configured}\n"


async def test_a_bad_configuration_is_exit_code_2(command: Command, configured: Path) -> None:
    configured.write_text("[console]\ntheem = 'x'\n")
    said = await command("orders", "list")
    assert (said.code, said.out) == (2, "")
    assert said.err == f"{configured}, line 2: there is no setting console.theem; did you mean theme?\n"


async def test_a_database_that_does_not_answer_is_exit_code_3(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TUI_DATABASE__URL", "postgresql://orders@127.0.0.1:1/orders")
    said = await command("orders", "list")
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("The database at 127.0.0.1:1 does not answer")
    assert (await command("doctor")).code == 3


async def test_a_mistake_of_ours_is_one_sentence_and_a_log(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("a bug about Ines Falk")

    monkeypatch.setattr("orders_tui.services.Services.stock", broken)
    said = await command("stock", "list")
    assert (said.code, said.out) == (1, "")
    log = tmp_path / "state" / "orders-tui" / "errors.log"
    assert said.err == f"Something went wrong inside the program (RuntimeError): the details are in {log}.\n"
    assert log.read_text().endswith("RuntimeError\n")
    assert "test_command_line.py" in log.read_text()
    assert "Ines" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_interrupting_is_exit_code_130(configured: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://orders@127.0.0.1:{silent.getsockname()[1]}/orders"
        waiting = subprocess.Popen(
            [sys.executable, "-m", "orders_tui", "orders", "list"],
            env=os.environ | {"ORDERS_TUI_DATABASE__URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        caller, _ = silent.accept()  # the program is past its start and waits for an answer
        with caller:
            waiting.send_signal(signal.SIGINT)
            out, err = waiting.communicate(timeout=30)
    assert (waiting.returncode, out, err) == (130, "", "Interrupted.\n")


def test_what_a_library_grumbles_goes_to_the_log(configured: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import logging\nfrom orders_tui.cli.app import run\nrun(['config', 'path'])\n"
        "logging.getLogger('sync').setLevel(logging.INFO)\nlogging.getLogger('sync').info('an event of every day')\n"
        "name = 'Ines'\nlogging.getLogger('asyncio').error(f'Task exception was never retrieved\\nfuture: <Task {name}>')\n"
        "logging.getLogger('asyncio').error(f'poll {name}')\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{configured}\n", "")
    log = tmp_path / "state" / "orders-tui" / "errors.log"
    composed, unknown = log.read_text().splitlines()
    assert composed.endswith(" asyncio: Task exception was never retrieved")
    assert unknown.endswith(" asyncio: [withheld]")


def test_no_command_draws(configured: Path) -> None:
    modules = ["app", "orders", "stock", "product", "db", "config", "doctor"]
    imports = ", ".join(f"orders_tui.cli.{module}" for module in modules)
    program = f"import sys, {imports}; print([name for name in sys.modules if name.split('.')[0] == 'textual'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_loads_neither_database_nor_settings(configured: Path) -> None:
    program = (
        "import sys; from orders_tui.cli.app import run; code = run(['--help']);"
        " print(code, [name for name in ('asyncpg', 'pydantic', 'engine.orders') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert "doctor" in done.stdout


def test_a_reader_that_has_enough_ends_the_list_quietly(configured: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m orders_tui config show | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


async def test_an_ascii_terminal_gets_question_marks_and_no_crash(
    command: Command, database: EmbeddedServer, factory: Factory, store: Database
) -> None:
    await factory.order(number="5771", customer="Žofie Nová")
    assert [row.order_number for row in (await queries.page(store, OrderFilter(), limit=5)).rows] == ["5771"]
    done = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "orders_tui",
        "orders",
        "list",
        env=os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await done.communicate()
    assert (done.returncode, err) == (0, b"")
    assert b"?ofie Nov?" in out
