"""`orders-tui daemon` as an operator meets it: logs, a clean stop, one sentence for whatever stops it from working."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from engine.database.embedded import EmbeddedServer
from engine.reports.accounts import account, outcomes
from orders_tui.cli.exits import Exit
from sync.simulator.scenario import Timings
from tests.conftest import FOLDER
from tests.factories import MASTER_KEY, environment_for
from tests.orders_tui.cli.programs import Ended, end, environment, launch, run, wait
from tests.sync.connected import Connected, connected

QUICKLY = Timings(0, 0, 0.3, 0.6, 3600)
SECRETS = {"ORDERS_TUI_TIKTOK_APP_SECRET": "app-secret-5f0c", "ORDERS_TUI_EASYPOST_API_KEY": "EZTK-key-77d1"}
APP = {"ORDERS_TUI_TIKTOK__APP_KEY": "6demo4oms9k1"}


def daemon_environment(shop: Connected, server: EmbeddedServer, home: Path) -> dict[str, str]:
    """The settings that let a daemon work for this shop over this database."""
    url, keys = shop.simulator.url, shop.simulator.credentials
    return environment(
        home,
        {
            **environment_for(server),
            "ORDERS_TUI_TIKTOK__BASE_URL": url,
            "ORDERS_TUI_TIKTOK__AUTH_URL": url,
            "ORDERS_TUI_TIKTOK__APP_KEY": keys.app_key,
            "ORDERS_TUI_TIKTOK__POLL_SECONDS": "0.5",
            "ORDERS_TUI_TIKTOK__CALLS_PER_SECOND": "5000",
            "ORDERS_TUI_CARRIER__BASE_URL": url,
            "ORDERS_TUI_CARRIER__CALLS_PER_SECOND": "5000",
            "ORDERS_TUI_CARRIER__TRACKING_SECONDS": "1",
            "ORDERS_TUI_NOTICES__FOLDER": str(home / "notices"),
            "ORDERS_TUI_TIKTOK_APP_SECRET": keys.app_secret,
            "ORDERS_TUI_EASYPOST_API_KEY": keys.easypost_api_key,
        },
    )


@asynccontextmanager
async def working(shop: Connected, server: EmbeddedServer, home: Path) -> AsyncIterator[subprocess.Popen[str]]:
    """A daemon that has registered itself."""
    before = await shop.count("daemons")
    process = launch("daemon", env=daemon_environment(shop, server, home))
    try:
        async with asyncio.timeout(60):
            while await shop.count("daemons") == before and process.poll() is None:
                await asyncio.sleep(0.05)
            yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def log_lines(ended: Ended) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in ended.err.splitlines()]


async def test_it_works_until_sigterm_and_its_log_names_nobody_and_tells_no_secret(
    database: EmbeddedServer, tmp_path: Path
) -> None:
    async with connected(database, tmp_path, orders=60, timings=QUICKLY, faults="harsh") as shop:
        foretold = {name: count for name, count in shop.simulator.scenario.foretold().items() if count}
        async with working(shop, database, tmp_path) as process:
            while await outcomes(shop.database) != foretold:
                await asyncio.sleep(0.1)
            ended = await asyncio.to_thread(end, process)
        assert (ended.code, ended.out) == (Exit.OK, "")
        assert (await account(shop.database)).balanced
        assert await shop.count("daemons WHERE stopped_at IS NOT NULL") == 1

        lines = log_lines(ended)
        assert [lines[0]["event"], lines[-1]["event"]] == ["daemon_started", "daemon_stopped"]
        assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
        assert [line for line in lines if line["level"] in {"error", "critical"}] == []
        told = [word for word in sorted(await private_words(shop, database)) if word in ended.err]
        assert told == []


async def private_words(shop: Connected, server: EmbeddedServer) -> set[str]:
    """Every name, street, number and address of the buyers, and every key there is."""
    words = {server.password.reveal(), MASTER_KEY, shop.simulator.credentials.shop_cipher}
    words |= {shop.simulator.credentials.app_secret, shop.simulator.credentials.easypost_api_key}
    keys = await shop.world.ask("credentials")
    words |= {keys["access_token"], keys["refresh_token"], keys["auth_code"]}
    rows = await shop.database.pool.fetch(
        "SELECT id, customer_name, customer_email, customer_phone, shipping_address FROM orders"
    )
    for row in rows:
        for column in ("customer_name", "customer_email", "customer_phone"):
            words.add(shop.database.vault.open_text(f"orders.{column}", row["id"], row[column]))
        address = shop.database.vault.open("orders.shipping_address", row["id"], row["shipping_address"])
        parts = orjson.loads(address) if address else {}
        words |= {parts.get(name, "") for name in ("name", "phone", "line1")}
    return {word for word in words if len(word) > 4}


async def test_ctrl_c_and_a_closed_terminal_stop_it_in_order_too(database: EmbeddedServer, tmp_path: Path) -> None:
    async with (
        connected(database, tmp_path, orders=2) as shop,
        working(shop, database, tmp_path) as first,
        working(shop, database, tmp_path) as second,
    ):
        for process, number in ((first, signal.SIGINT), (second, signal.SIGHUP)):
            ended = await asyncio.to_thread(end, process, number)
            assert ended.code == Exit.OK, number
            assert log_lines(ended)[-1]["event"] == "daemon_stopped"


@contextmanager
def a_supervisor(home: Path) -> Iterator[tuple[dict[str, str], socket.socket]]:
    """What systemd gives a service, and where it hears from it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(home / "notify"))
        ear.settimeout(60)
        yield {"NOTIFY_SOCKET": str(home / "notify"), "WATCHDOG_USEC": "300000"}, ear


def heard(ear: socket.socket, word: str) -> list[str]:
    """What is said until this word."""
    said: list[str] = []
    while word not in said:
        said += ear.recv(4096).decode().splitlines()
    return said


async def test_its_supervisor_hears_of_it_and_a_request_under_way_is_answered_while_it_drains(
    database: EmbeddedServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with connected(database, tmp_path, orders=2) as shop:
        with a_supervisor(tmp_path) as (given, ear):
            listening = {"ORDERS_TUI_HTTP__ENABLED": "true", "ORDERS_TUI_HTTP__PORT": str(port)}
            process = launch("daemon", env=daemon_environment(shop, database, tmp_path) | given | listening)
            try:
                before = await asyncio.to_thread(heard, ear, "READY=1")
                assert "STOPPING=1" not in before
                # Ready means that it listens: the first call is heard.
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b'POST /webhooks/tiktok HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n{"da')
                await writer.drain()
                await asyncio.to_thread(heard, ear, "WATCHDOG=1")
                process.send_signal(signal.SIGTERM)
                assert "READY=1" not in await asyncio.to_thread(heard, ear, "STOPPING=1")
                while await answers(port):
                    await asyncio.sleep(0.02)
                assert process.poll() is None
                writer.write(b'ta":')
                await writer.drain()
                assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
                writer.close()
                ended = await asyncio.to_thread(wait, process, 30)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.communicate()
    assert ended.code == Exit.OK
    assert "drain_cut_short" not in {line["event"] for line in log_lines(ended)}


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def refused(ended: Ended, code: Exit) -> str:
    """The one sentence with which it refused."""
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.count("\n") == 1, ended.err
    assert "Traceback" not in ended.err
    return ended.err.strip()


@pytest.fixture
def given(database: EmbeddedServer, tmp_path: Path) -> dict[str, str]:
    """Everything a daemon needs, over a database that is there."""
    return environment(tmp_path, {**environment_for(database), **SECRETS, **APP})


def test_without_an_app_key_it_says_where_to_put_it(given: dict[str, str]) -> None:
    del given["ORDERS_TUI_TIKTOK__APP_KEY"]
    assert refused(run("daemon", env=given), Exit.USAGE) == (
        "There is no TikTok app yet: set tiktok.app_key, and tiktok_app_secret as a secret."
    )


def test_without_a_secret_it_names_the_variable(given: dict[str, str]) -> None:
    del given["ORDERS_TUI_TIKTOK_APP_SECRET"]
    assert refused(run("daemon", env=given), Exit.USAGE) == (
        "The secret tiktok_app_secret is missing: set ORDERS_TUI_TIKTOK_APP_SECRET, or name its file in"
        " ORDERS_TUI_TIKTOK_APP_SECRET_FILE."
    )


def test_without_the_master_key_it_does_not_begin(given: dict[str, str]) -> None:
    del given["ORDERS_TUI_MASTER_KEY"]
    assert refused(run("daemon", env=given), Exit.USAGE) == (
        "The master key for personal data is missing: set ORDERS_TUI_MASTER_KEY, or name its file in"
        " ORDERS_TUI_MASTER_KEY_FILE."
    )


def test_a_configuration_file_that_is_not_there_is_named(given: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert refused(run("daemon", env=given | {"ORDERS_TUI_CONFIG": str(path)}), Exit.USAGE) == (
        f"There is no file {path}, which ORDERS_TUI_CONFIG names: write it, or unset the variable."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[daemon\n",
            "is not TOML: Expected ']' at the end of a table declaration (at line 1, column 8); mend that line.",
        ),
        ("[daemon]\nidle_second = 2\n", ", line 2: there is no setting daemon.idle_second; did you mean idle_seconds?"),
        ("[daemon]\nidle_seconds = 0\n", ", line 2: daemon.idle_seconds is wrong: it should be greater than 0."),
    ],
)
def test_a_mistake_in_the_configuration_file_is_named_with_its_line(
    given: dict[str, str], tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    said = refused(run("daemon", env=given | {"ORDERS_TUI_CONFIG": str(path)}), Exit.USAGE)
    assert said.removeprefix(str(path)).strip() == sentence.strip()


def at(server: EmbeddedServer, **changes: Any) -> dict[str, str]:
    return dict(environment_for(replace(server, **changes)))


def test_a_database_that_does_not_answer_is_named(given: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    place = f"127.0.0.1:{port}"
    url = f"postgresql://orders@{place}/orders"
    assert refused(run("daemon", env=given | {"ORDERS_TUI_DATABASE__URL": url}), Exit.UNREACHABLE) == (
        f"The database at {place} does not answer (connection refused): start it, or mend database.url."
    )
    with_standby = f"postgresql://orders@{place},{place}/orders"
    assert refused(run("daemon", env=given | {"ORDERS_TUI_DATABASE__URL": with_standby}), Exit.UNREACHABLE) == (
        f"The database at {place},{place} does not answer (connection refused): start it, or mend database.url."
    )


def test_a_wrong_password_is_said_and_where_the_right_one_goes(given: dict[str, str]) -> None:
    said = refused(run("daemon", env=given | {"ORDERS_TUI_DATABASE_PASSWORD": "guessed"}), Exit.UNREACHABLE)
    assert re.fullmatch(
        r"The database at \S+ refuses the login 'orders_tui': give the right password in"
        r" ORDERS_TUI_DATABASE_PASSWORD or its credential file\.",
        said,
    )


def test_a_password_in_the_address_is_refused_unrepeated(given: dict[str, str]) -> None:
    url = "postgresql://orders:hunter2@db.example/orders"
    said = refused(run("daemon", env=given | {"ORDERS_TUI_DATABASE__URL": url}), Exit.USAGE)
    assert "ORDERS_TUI_DATABASE_PASSWORD" in said
    assert "hunter2" not in said


def test_a_database_that_is_not_there_is_named(given: dict[str, str], database: EmbeddedServer) -> None:
    said = refused(run("daemon", env=given | at(database, database="no_such")), Exit.UNREACHABLE)
    assert re.fullmatch(r"There is no database 'no_such' at \S+: create it, or mend database\.url\.", said)


async def test_a_database_that_was_not_migrated_is_left_untouched(
    given: dict[str, str], database: EmbeddedServer, connection: Any
) -> None:
    await connection.execute(f"CREATE DATABASE bare_{database.database}")
    bare = replace(database, database=f"bare_{database.database}")
    said = refused(await asyncio.to_thread(run, "daemon", env=given | at(bare, database=bare.database)), Exit.USAGE)
    assert "orders-tui db upgrade" in said
    looking = await asyncpg.connect(**bare.dsn_parameters())
    assert await looking.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname = 'orders'") == 0
    await looking.close()
    await connection.execute(f"DROP DATABASE {bare.database}")


def own_database(home: Path, data: Path) -> dict[str, str]:
    return environment(home, {"ORDERS_TUI_DATABASE__DATA_DIRECTORY": str(data), **SECRETS, **APP})


@pytest.fixture
def folder(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Path:
    """A folder that the account of the embedded server may pass through, when the tests run as root."""
    path: Path = pytestconfig.stash[FOLDER] / request.node.name
    path.mkdir(mode=0o711)
    return path


@contextmanager
def mounted(disk: Path, options: str) -> Iterator[Path]:
    """A small disk of its own."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("this account may not mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_data_directory_that_it_may_not_write_is_named(folder: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:  # whom no mode stops
        with mounted(folder, "ro,size=1m"):
            said = refused(run("daemon", env=own_database(tmp_path, folder / "data")), Exit.UNREACHABLE)
        reason = "Read-only file system"
    else:
        folder.chmod(0o555)
        said = refused(run("daemon", env=own_database(tmp_path, folder / "data")), Exit.UNREACHABLE)
        reason = "Permission denied"
    assert said == (
        f"The data directory {folder}/data cannot be written by this account ({folder}/data: {reason}):"
        " mend its permissions or choose another data directory."
    )


def test_a_full_disk_is_named_before_anything_is_made(folder: Path, tmp_path: Path) -> None:
    with mounted(folder, "size=8m,mode=0711"):
        assert refused(run("daemon", env=own_database(tmp_path, folder / "data")), Exit.UNREACHABLE) == (
            f"The disk that holds {folder}/data is full: free some space on it, then start again; nothing stored is"
            " lost."
        )
        assert not (folder / "data" / "cluster").exists()


def test_an_option_that_it_does_not_know_is_a_mistake_in_the_command(given: dict[str, str]) -> None:
    said = refused(run("daemon", "--quickly", env=given), Exit.USAGE)
    assert "--quickly" in said
