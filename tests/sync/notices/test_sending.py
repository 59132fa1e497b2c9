"""Targets over real wires: a mail server and hooks on loopback, each tried by itself."""

from __future__ import annotations

import asyncio
import mailbox
from collections.abc import AsyncIterator
from email import message_from_string
from pathlib import Path

import orjson
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.effects.kinds import Retries
from engine.notices.targets import list_targets
from sync.notices.apprise_channel import AppriseChannel, AppriseSettings
from sync.notices.folder import FolderOutbox, FolderSettings
from sync.notices.letter import Outbox
from sync.notices.sending import Sending, SendingSettings
from sync.notices.smtp import Encryption, SmtpOutbox, SmtpSettings
from sync.notices.templates import Templates
from tests.engine.house import House
from tests.engine.notices.told import a_target, hand_over, ledger_of, mean, now_due
from tests.factories import opened
from tests.sync.notices.smtp_server import MailServer, mail_server
from tests.sync.scripted_server import Received, reply, scripted

LOCAL = AppriseSettings(kinds=("json",), at_once=4, timeout_seconds=0.5)


@pytest.fixture
async def house(database: EmbeddedServer) -> AsyncIterator[House]:
    async with opened(database) as store:
        yield await House.open(store)


def sending(store: Database, outbox: Outbox, apprise: AppriseSettings = LOCAL) -> Sending:
    settings = SendingSettings(idle_seconds=0.02, retries=Retries(3, 0.001, 0.002, 1.0))
    return Sending(store, outbox, AppriseChannel(apprise), Templates(), settings)


def folder(path: Path) -> FolderOutbox:
    return FolderOutbox(FolderSettings(path / "Maildir"))


def hook(url: str) -> str:
    return url.replace("http://", "json://") + "/hook?secret=s3cr3t"


async def told(house: House, *rules: str) -> None:
    for rule in rules:
        await mean(house, f"broke:{rule}", "rule_broken", "support", rule=rule, error="It divides by zero.")
    await hand_over(house)
    await now_due(house)


async def test_mail_and_hook_each_get_it_once(house: House, tmp_path: Path) -> None:
    async with scripted(lambda _: reply({})) as server:
        await a_target(house, "Desk", "support")
        await a_target(house, "Room", "support", channel="apprise", address=hook(server.url))
        await told(house, "late")
        worker = sending(house.store, folder(tmp_path))
        assert await worker.send_due(house.daemon_id) == 2
        assert await worker.send_due(house.daemon_id) == 0
    assert await ledger_of(house) == [("Desk", "sent", None), ("Room", "sent", None)]
    (letter,) = mailbox.Maildir(tmp_path / "Maildir", create=False)
    assert (letter["To"], letter["Subject"]) == ("desk@relay.example", "The rule late broke and is left out")
    (received,) = server.received
    body = orjson.loads(received.body)
    assert body["title"] == "The rule late broke and is left out"
    assert "It divides by zero." in body["message"]
    assert [target.state for target in await list_targets(house.store)] == ["fine", "fine"]


async def test_a_burst_is_one_call_that_says_how_many(house: House, tmp_path: Path) -> None:
    async with scripted(lambda _: reply({})) as server:
        await a_target(house, "Room", "support", channel="apprise", address=hook(server.url))
        await told(house, *(f"r{number:02d}" for number in range(40)))
        await sending(house.store, folder(tmp_path)).send_due(house.daemon_id)
    (received,) = server.received
    body = orjson.loads(received.body)
    assert body["title"] == "40 notices: The rule r00 broke and is left out"
    assert body["message"].count("broke and is left out") == 30
    assert "and 10 more" in body["message"]
    assert await ledger_of(house) == [("Room", "sent", None)] * 40


@pytest.mark.parametrize(
    ("status", "state", "error"),
    [
        (404, "dead", "JSON refuses the message (HTTP 404); check the target's URL."),
        (429, "failed", "JSON asks to wait (HTTP 429); the message is sent again."),
        (503, "failed", "JSON asks to wait (HTTP 503); the message is sent again."),
    ],
)
async def test_what_a_hook_says_is_understood(
    house: House, tmp_path: Path, status: int, state: str, error: str
) -> None:
    async with scripted(lambda _: reply({}, status=status)) as server:
        await a_target(house, "Room", "support", channel="apprise", address=hook(server.url))
        await told(house, "r")
        await sending(house.store, folder(tmp_path)).send_due(house.daemon_id)
    assert await ledger_of(house) == [("Room", state, error)]
    assert "s3cr3t" not in str(await house.store.pool.fetch("SELECT * FROM notice_sends"))


async def test_a_hook_that_hangs_holds_up_no_other_target(house: House, tmp_path: Path) -> None:
    never = asyncio.Event()

    async def hang(_: Received) -> bytes | None:
        await never.wait()
        return None

    async with scripted(hang) as slow, scripted(lambda _: reply({})) as quick:
        await a_target(house, "Slow", "support", channel="apprise", address=hook(slow.url))
        await a_target(house, "Quick", "support", channel="apprise", address=hook(quick.url))
        await a_target(house, "Desk", "support")
        worker, stopping = sending(house.store, folder(tmp_path)), asyncio.Event()
        running = asyncio.create_task(worker.run(house.daemon_id, stopping))
        for number in range(3):
            await told(house, f"r{number}")
            worker.look()
            while (await _states(house, "Quick"))[number : number + 1] != ["sent"]:
                await asyncio.sleep(0.01)
        stopping.set()
        await running
        never.set()
    assert await _states(house, "Desk") == ["sent"] * 3
    assert set(await _states(house, "Slow")) <= {"failed", "dead", "queued"}
    errors = [error for label, _, error in await ledger_of(house) if label == "Slow" and error]
    assert "JSON did not answer in 0.5 s; the message is sent again." in errors[0]


async def _states(house: House, label: str) -> list[str]:
    return sorted((state for name, state, _ in await ledger_of(house) if name == label), reverse=True)


async def test_a_target_whose_kind_is_no_longer_allowed_is_told_of_without_its_url(
    house: House, tmp_path: Path
) -> None:
    async with scripted(lambda _: reply({})) as server:
        await a_target(house, "Room", "support", channel="apprise", address=hook(server.url))
        await told(house, "r")
        await sending(house.store, folder(tmp_path), AppriseSettings()).send_due(house.daemon_id)
        assert server.received == []
    [(_, state, error)] = await ledger_of(house)
    assert state == "dead"
    assert error == "Notices may not go to json:// URLs; add one of them to notices.apprise_kinds if they shall."


async def test_a_letter_to_a_target_that_is_lost_after_its_words_comes_again_under_the_same_id(house: House) -> None:
    async with mail_server(MailServer(answers={".": ""})) as server:
        await a_target(house, "Desk", "support")
        await told(house, "r")
        outbox = SmtpOutbox(
            SmtpSettings("127.0.0.1", server.port, "o@shop.example", Encryption.NONE, timeout_seconds=1.0)
        )
        worker = sending(house.store, outbox)
        await worker.send_due(house.daemon_id)
        del server.answers["."]
        await now_due(house)
        await worker.send_due(house.daemon_id)
    first, second = (message_from_string(text) for text in server.messages)
    assert first["Message-ID"] == second["Message-ID"]
    assert [part.get_content_type() for part in second.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    reference = await house.store.pool.fetchval("SELECT reference FROM notice_sends")
    assert (reference, await ledger_of(house)) == (second["Message-ID"], [("Desk", "sent", None)])


async def test_what_was_claimed_before_the_database_went_away_is_sent_as_soon_as_it_is_back(
    house: House, tmp_path: Path
) -> None:
    await a_target(house, "Desk", "support")
    await told(house, "r")
    worker = sending(house.store, folder(tmp_path))
    other = await house.store.connect()
    async with asyncio.timeout(20):
        async with other.transaction():
            await other.execute("LOCK TABLE notice_targets")
            claimed = asyncio.create_task(worker.send_due(house.daemon_id))
            while not await other.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                await asyncio.sleep(0.01)
            assert await claimed == 1
        await other.close()
        assert await ledger_of(house) == [("Desk", "sending", None)]
        assert await worker.send_due(house.daemon_id) == 1
    assert await ledger_of(house) == [("Desk", "sent", None)]
    assert await house.store.pool.fetchval("SELECT attempt FROM notice_sends") == 1
    assert len(mailbox.Maildir(tmp_path / "Maildir", create=False)) == 1
