"""Letters by mail server: one connection a batch, and every reply means something."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Misconfigured
from engine.ports.outcomes import Done, Failed, NoticeSent, Postponed, Unsure
from sync.notices.letter import message_id
from sync.notices.smtp import Encryption, SmtpOutbox, SmtpSettings
from sync.notices.templates import Templates
from tests.sync.certificates import self_signed
from tests.sync.notices.letters import letter
from tests.sync.notices.smtp_server import MailServer, mail_server

SENDER = "orders@harbor-lane.example"


def outbox(server: MailServer, encryption: Encryption = Encryption.NONE, **more: Any) -> SmtpOutbox:
    return SmtpOutbox(
        SmtpSettings("127.0.0.1", server.port, SENDER, encryption=encryption, timeout_seconds=1.0, **more)
    )


async def test_a_batch_goes_through_one_connection() -> None:
    letters = [letter(), letter("bo@relay.example", subject="Grüße"), letter("cy@relay.example")]
    async with mail_server(MailServer()) as server:
        outcomes = await outbox(server).deliver(letters)
    assert outcomes == [Done(NoticeSent(message_id(one, SENDER))) for one in letters]
    assert (server.connections, len(server.messages)) == (1, 3)
    first = message_from_string(server.messages[0])
    assert (first["To"], first["From"], first["Message-ID"]) == (
        "ann@relay.example",
        SENDER,
        message_id(letters[0], SENDER),
    )
    assert server.commands[-1] == "QUIT"


async def test_a_repeat_has_the_same_message_id() -> None:
    one = letter()
    async with mail_server(MailServer()) as server:
        first = await outbox(server).deliver([one])
        second = await outbox(server).deliver([letter(notice_id=one.notice_id, repeat=True)])
    assert first == second


async def test_one_refused_recipient_does_not_hold_up_the_others() -> None:
    answers = {
        "RCPT bo@relay.example": "550 5.1.1 <bo@relay.example>: no such user",
        "RCPT cy@relay.example": "451 later",
    }
    letters = [letter(), letter("bo@relay.example"), letter("cy@relay.example"), letter("di@relay.example")]
    async with mail_server(MailServer(answers=answers)) as server:
        ann, bo, cy, di = await outbox(server).deliver(letters)
    assert isinstance(ann, Done)
    assert isinstance(di, Done)
    assert bo == Failed("notices.refused", "The mail server refuses the letter: 550 5.1.1 … no such user.")
    assert isinstance(cy, Postponed)
    assert cy.code == "notices.put_off"
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"MAIL": "452 full"}, Postponed),
        ({"MAIL": "550 no"}, Failed),
        ({"DATA": "451 later"}, Postponed),
        ({"DATA": "554 spam"}, Failed),
        ({".": "451 later"}, Postponed),
        ({".": "554 spam"}, Failed),
        ({".": ""}, Unsure),
    ],
)
async def test_every_step_may_be_put_off_refused_or_lost(answers: dict[str, str], expected: type) -> None:
    async with mail_server(MailServer(answers=answers)) as server:
        (outcome,) = await outbox(server).deliver([letter()])
    assert isinstance(outcome, expected)


async def test_after_a_hang_up_only_the_letter_in_hand_is_unsure() -> None:
    async with mail_server(MailServer(answers={".": ""})) as server:
        outcomes = await outbox(server).deliver([letter(), letter(), letter()])
    assert [type(outcome) for outcome in outcomes] == [Unsure, Postponed, Postponed]
    assert len(server.messages) == 1


async def test_a_server_that_is_away_postpones_everything() -> None:
    async with mail_server(MailServer()) as server:
        pass
    outcomes = await outbox(server).deliver([letter(), letter()])
    assert [type(outcome) for outcome in outcomes] == [Postponed, Postponed]


async def test_a_letter_without_a_mail_address_fails_alone() -> None:
    async with mail_server(MailServer()) as server:
        first, second = await outbox(server).deliver([letter(""), letter()])
    assert first == Failed("notices.no_recipient", "There is no mail address for the customer; enter one, then retry.")
    assert isinstance(second, Done)


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
async def test_an_encrypted_connection_is_used_when_its_certificate_is_trusted(
    tmp_path: Path, encryption: Encryption
) -> None:
    tls, certificate = self_signed(tmp_path)
    server = MailServer(tls=tls, offers=("STARTTLS", "AUTH PLAIN"))
    async with mail_server(server, implicit=encryption is Encryption.TLS):
        given = {"authorities": str(certificate), "username": "orders", "password": "hush-hush"}
        (outcome,) = await outbox(server, encryption, **given).deliver([letter()])
    assert isinstance(outcome, Done)
    assert any(command.startswith("AUTH") for command in server.commands)


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
async def test_a_certificate_that_nobody_vouches_for_gets_no_letter(tmp_path: Path, encryption: Encryption) -> None:
    tls, _ = self_signed(tmp_path)
    server = MailServer(tls=tls, offers=("STARTTLS",))
    async with mail_server(server, implicit=encryption is Encryption.TLS):
        (outcome,) = await outbox(server, encryption).deliver([letter()])
    assert isinstance(outcome, Postponed)
    assert server.messages == []


async def test_a_server_that_offers_no_encryption_gets_no_letter() -> None:
    async with mail_server(MailServer()) as server:
        (outcome,) = await outbox(server, Encryption.STARTTLS).deliver([letter()])
    assert isinstance(outcome, Postponed)
    assert server.messages == []


async def test_a_wrong_password_is_named_and_not_shown(tmp_path: Path) -> None:
    tls, certificate = self_signed(tmp_path)
    server = MailServer(tls=tls, offers=("STARTTLS", "AUTH PLAIN"), answers={"AUTH": "535 no"})
    async with mail_server(server):
        given = {"authorities": str(certificate), "username": "orders", "password": "hush-hush"}
        (outcome,) = await outbox(server, Encryption.STARTTLS, **given).deliver([letter()])
    assert isinstance(outcome, Postponed)
    assert (outcome.code, outcome.burns_attempt) == ("notices.credentials", False)
    assert outcome.sentence == "The mail server 127.0.0.1 refuses the user name or password; check both."
    assert "hush-hush" not in repr(outcome) + repr(SmtpSettings("h", 1, SENDER, password="hush-hush"))


def test_another_machine_is_never_written_to_in_the_clear() -> None:
    with pytest.raises(Misconfigured) as refused:
        SmtpOutbox(SmtpSettings("mail.example", 25, SENDER, encryption=Encryption.NONE))
    assert refused.value.code == "notices.not_encrypted"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"RCPT": "452 4.2.2 over quota"}, "later"),
        ({"RCPT": "452 mailbox is full"}, "later"),
        ({".": "552 5.2.2 over quota"}, "never"),
        ({"RCPT": "552 mailbox is full"}, "never"),
        ({"MAIL": "452 4.3.1 no space left here"}, "server"),
        ({"MAIL": "452 no space left here"}, "server"),
    ],
)
async def test_a_full_mailbox_is_said_in_one_sentence_and_the_rest_goes_on(
    answers: dict[str, str], expected: str
) -> None:
    async with mail_server(MailServer(answers=answers)) as server:
        (outcome,) = await outbox(server).deliver([letter()])
        server.answers.clear()
        (after,) = await outbox(server).deliver([letter()])
    assert isinstance(after, Done)
    if expected == "never":
        assert outcome == Failed("notices.mailbox_full", "The mailbox of the customer is full and takes no letter.")
        return
    assert isinstance(outcome, Postponed)
    assert not outcome.burns_attempt
    full = "The mailbox of the customer is full; it is tried again later."
    assert (outcome.code == "notices.mailbox_full", outcome.sentence == full) == (expected == "later",) * 2


async def test_a_greylisted_letter_is_taken_later_in_the_same_batch_as_others() -> None:
    one, two = letter("grey@relay.example"), letter("bo@relay.example")
    async with mail_server(MailServer(greylists=frozenset({"grey@relay.example"}))) as server:
        first = await outbox(server).deliver([one, two])
        second = await outbox(server).deliver([one])
    assert [type(each) for each in first] == [Postponed, Done]
    assert isinstance(first[0], Postponed)
    assert (first[0].code, first[0].after_seconds, first[0].burns_attempt) == ("notices.put_off", 60.0, False)
    assert isinstance(second[0], Done)


@pytest.mark.parametrize(
    ("waited", "expected"), [(timedelta(minutes=10), 300.0), (timedelta(hours=30), 3600.0), (timedelta(days=3), None)]
)
async def test_a_letter_waits_ever_longer_and_not_for_ever(waited: timedelta, expected: float | None) -> None:
    async with mail_server(MailServer(answers={"RCPT": "451 4.7.1 later"})) as server:
        (outcome,) = await outbox(server).deliver([letter(waited=waited)])
    if expected is None:
        assert isinstance(outcome, Failed)
        assert outcome.code == "notices.waited_in_vain"
    else:
        assert isinstance(outcome, Postponed)
        assert outcome.after_seconds == expected


async def test_a_server_that_is_slow_costs_its_letter_the_time_and_no_more(tmp_path: Path) -> None:
    async with mail_server(MailServer(slow={"RCPT": 5.0})) as server:
        outcomes = await outbox(server).deliver([letter(), letter()])
    assert isinstance(outcomes[0], Unsure)
    assert isinstance(outcomes[1], Postponed)
    assert server.messages == []


async def test_staff_without_a_target_are_written_to_at_the_senders_own_mailbox() -> None:
    async with mail_server(MailServer()) as server:
        (outcome,) = await outbox(server).deliver([letter("", audience="support")])
    assert isinstance(outcome, Done)
    assert f"RCPT TO:<{SENDER}>" in server.commands


async def test_plain_and_html_travel_together_and_what_buyers_wrote_is_escaped() -> None:
    values = {"order": "577<b>", "shop": "A & B", "carrier": "USPS", "tracking_number": "1\r\nBcc: all@relay.example"}
    words = Templates().render("order_shipped", values, html=True)
    async with mail_server(MailServer()) as server:
        await outbox(server).deliver([replace(letter(), words=words)])
    message = message_from_string(server.messages[0])
    _, plain, html = message.walk()
    assert [part.get_content_type() for part in (plain, html)] == ["text/plain", "text/html"]
    assert "order 577<b> from A & B" in str(plain.get_payload())
    assert "<strong>577&lt;b&gt;</strong> from A &amp; B" in str(html.get_payload())
    assert message["Bcc"] is None


async def test_whether_the_server_lets_us_in_is_asked_without_a_letter(tmp_path: Path) -> None:
    tls, certificate = self_signed(tmp_path)
    given = {"authorities": str(certificate), "username": "orders", "password": "hush-hush"}
    server = MailServer(tls=tls, offers=("STARTTLS", "AUTH PLAIN"))
    async with mail_server(server):
        assert await outbox(server, Encryption.STARTTLS, **given).check() == ""
        server.answers["AUTH"] = "535 no"
        refused = "The mail server 127.0.0.1 refuses the user name or password; check both."
        assert await outbox(server, Encryption.STARTTLS, **given).check() == refused
    assert "could not be used" in await outbox(server, Encryption.STARTTLS, **given).check()
    assert server.messages == []
