"""Letters in a Maildir: each once, private, readable by any mail program."""

from __future__ import annotations

import mailbox
import stat
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from engine.ports.outcomes import Done, NoticeSent, Postponed
from sync.notices.folder import FolderOutbox, FolderSettings
from sync.notices.letter import message_id
from tests.sync.notices.letters import letter


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "notices" / "Maildir"


@pytest.fixture
def outbox(directory: Path) -> FolderOutbox:
    return FolderOutbox(FolderSettings(directory, "orders@harbor-lane.example"))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "new").iterdir())


async def test_a_batch_is_left_as_a_maildir(outbox: FolderOutbox, directory: Path) -> None:
    letters = [letter(), letter("bo@relay.example", subject="Grüße ✓", body="Schön.\n" + "x" * 2000 + "\n")]
    outcomes = await outbox.deliver(letters)
    assert outcomes == [Done(NoticeSent(f"{one.notice_id}.orders-tui")) for one in letters]
    assert names(directory) == sorted(f"{one.notice_id}.orders-tui" for one in letters)
    messages = {message["To"]: message for message in mailbox.Maildir(directory, create=False)}
    ann, bo = messages["ann@relay.example"], messages["bo@relay.example"]
    assert (ann["Subject"], ann["From"]) == ("Your order 577 is on its way", "orders@harbor-lane.example")
    assert ann["Message-ID"] == message_id(letters[0], "orders@harbor-lane.example")
    assert ann["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    assert ann.get_payload() == "Hello,\n\nit left.\n"
    assert str(make_header(decode_header(bo["Subject"]))) == "Grüße ✓"
    body = bo.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode() == "Schön.\n" + "x" * 2000 + "\n"


async def test_nobody_else_may_read_it(outbox: FolderOutbox, directory: Path) -> None:
    await outbox.deliver([letter()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())}
    assert modes == {"Maildir": 0o700, "tmp": 0o700, "new": 0o700, "cur": 0o700}
    (left,) = (directory / "new").iterdir()
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert list((directory / "tmp").iterdir()) == []


async def test_a_repeat_adds_nothing_and_replaces_nothing(outbox: FolderOutbox, directory: Path) -> None:
    first = letter(body="first\n")
    again = letter(body="second\n", notice_id=first.notice_id, repeat=True)
    (left_first,) = await outbox.deliver([first])
    assert await outbox.deliver([again, again]) == [left_first, left_first]
    (left,) = (directory / "new").iterdir()
    assert left.read_text().endswith("first\n")


async def test_a_letter_that_was_read_meanwhile_does_not_come_back(outbox: FolderOutbox, directory: Path) -> None:
    first = letter()
    await outbox.deliver([first])
    (left,) = (directory / "new").iterdir()
    left.rename(directory / "cur" / f"{left.name}:2,RS")
    await outbox.deliver([letter(notice_id=first.notice_id, repeat=True)])
    assert names(directory) == []


async def test_a_draft_that_a_crash_left_behind_is_overwritten(outbox: FolderOutbox, directory: Path) -> None:
    one = letter()
    (directory / "tmp").mkdir(parents=True)
    (directory / "tmp" / f"{one.notice_id}.orders-tui").write_text("half a lett" * 1000)
    await outbox.deliver([one])
    (left,) = (directory / "new").iterdir()
    assert left.read_text().endswith("it left.\n")


async def test_a_recipient_without_an_address_gets_a_letter_without_one(outbox: FolderOutbox, directory: Path) -> None:
    await outbox.deliver([letter("the warehouse\r\nBcc: all@relay.example")])
    (message,) = mailbox.Maildir(directory, create=False)
    assert (message["To"], message["Bcc"], message["X-Audience"]) == (None, None, "customer")


async def test_a_folder_that_cannot_be_written_postpones_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = FolderOutbox(FolderSettings(tmp_path / "file" / "Maildir"))
    outcomes = await outbox.deliver([letter(), letter()])
    assert [type(outcome) for outcome in outcomes] == [Postponed, Postponed]
    assert isinstance(outcomes[0], Postponed)
    assert outcomes[0].code == "notices.folder_refused"
    assert str(tmp_path / "file" / "Maildir") in outcomes[0].sentence
