"""Delivery by a mail server: one encrypted connection for a batch."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import aiosmtplib

from engine.errors import Misconfigured
from engine.ports.outcomes import Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from sync.http_client import is_this_machine
from sync.notices.letter import Letter, compose, is_mail_address, message_id

_STAFF = frozenset({"warehouse", "support"})
_FIRST_WAIT_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 3600.0
_GIVE_UP_SECONDS = 3 * 86_400.0
"""As long as mail servers themselves try."""
_ENHANCED = re.compile(r"\b[45]\.(?P<rest>\d{1,3}\.\d{1,3})\b")
"""The finer code of RFC 3463: x.2.2 is a full mailbox."""


class Encryption(StrEnum):
    """How the connection is protected; `NONE` is for a server on this machine only."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail server and who signs. `authorities` is a file of certificates to trust besides the system's."""

    host: str
    port: int
    sender: str
    encryption: Encryption = Encryption.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 20.0
    authorities: str | None = None


class SmtpOutbox:
    """Hands letters to a mail server. Raises Misconfigured for a server that would be spoken to in the clear."""

    harmless_to_repeat = False
    takes_html = True

    def __init__(self, settings: SmtpSettings) -> None:
        if settings.encryption is Encryption.NONE and not is_this_machine(settings.host):
            raise Misconfigured(
                "notices.not_encrypted", f"Mail to {settings.host} would not be encrypted; set starttls or tls."
            )
        self._settings = settings
        self._tls = ssl.create_default_context()
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.authorities:
            self._tls.load_verify_locations(settings.authorities)

    async def check(self) -> str:
        """What is wrong with the mail server, in one sentence; empty when it lets us in."""
        client = self._client()
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError:
            return self._refused_login()
        except (aiosmtplib.SMTPException, OSError) as error:
            return f"The mail server {self._settings.host}:{self._settings.port} could not be used ({type(error).__name__})."
        await self._leave(client)
        return ""

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """4xx replies postpone, 5xx fail; a connection lost inside a letter leaves it unsure and postpones the rest.

        What is written for staff and has no address goes to the sender, whose mailbox is the shop's own.
        """
        outcomes: list[Outcome] = []
        client = self._client()
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError:
            return [patiently(letter, "notices.credentials", self._refused_login()) for letter in letters]
        except (aiosmtplib.SMTPException, OSError) as error:
            return [self._unreachable(letter, error) for letter in letters]
        try:
            for letter in letters:
                outcomes.append(await self._send(client, letter))
                if not client.is_connected:
                    break
        finally:
            await self._leave(client)
        return outcomes + [self._unreachable(letter, ConnectionError()) for letter in letters[len(outcomes) :]]

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password or None,
            use_tls=settings.encryption is Encryption.TLS,
            start_tls=settings.encryption is Encryption.STARTTLS,
            tls_context=None if settings.encryption is Encryption.NONE else self._tls,
            timeout=settings.timeout_seconds,
        )

    def _refused_login(self) -> str:
        return f"The mail server {self._settings.host} refuses the user name or password; check both."

    async def _send(self, client: aiosmtplib.SMTP, letter: Letter) -> Outcome:
        if not letter.recipient and letter.audience in _STAFF:
            letter = replace(letter, recipient=self._settings.sender)
        if not is_mail_address(letter.recipient):
            return Failed(
                "notices.no_recipient", f"There is no mail address for the {letter.audience}; enter one, then retry."
            )
        try:
            await client.send_message(
                compose(letter, self._settings.sender), sender=self._settings.sender, recipients=[letter.recipient]
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(letter, error.recipients[0].code, error.recipients[0].message, by_mailbox=True)
        except aiosmtplib.SMTPServerDisconnected:
            return Unsure("notices.no_answer", "The mail server hung up before it took the letter; it is sent again.")
        except aiosmtplib.SMTPResponseException as error:
            return _refused(letter, error.code, error.message, by_mailbox=False)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            kind = type(error).__name__
            return Unsure(
                "notices.no_answer", f"The mail server gave no clear answer ({kind}); the letter is sent again."
            )
        return Done(NoticeSent(message_id(letter, self._settings.sender)))

    async def _leave(self, client: aiosmtplib.SMTP) -> None:
        try:
            if client.is_connected:
                await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            pass  # everything is answered already
        finally:
            client.close()

    def _unreachable(self, letter: Letter, error: Exception) -> Outcome:
        sentence = (
            f"The mail server {self._settings.host} could not be used ({type(error).__name__}); it is tried again."
        )
        return patiently(letter, "notices.unreachable", sentence)


def patiently(letter: Letter, code: str, sentence: str) -> Outcome:
    """The letter waits, ever longer and for days, while nothing is wrong with itself; that uses up no tries."""
    waited = letter.waiting_seconds
    if waited >= _GIVE_UP_SECONDS:
        return Failed("notices.waited_in_vain", f"The letter waited {round(waited / 86_400)} days in vain: {sentence}")
    return Postponed(
        code, sentence, min(max(waited / 2, _FIRST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS), burns_attempt=False
    )


def _refused(letter: Letter, code: int, message: str, *, by_mailbox: bool) -> Outcome:
    # Servers repeat the address they refuse.
    words = " ".join(re.sub(r"\S+@\S+", "…", message).split())[:160].rstrip(". ")
    enhanced = _ENHANCED.search(message)
    # Without the finer code these two speak of the mailbox only where a mailbox was named.
    full = enhanced["rest"] == "2.2" if enhanced else code in {452, 552} and by_mailbox
    if 400 <= code < 500:
        if full:
            return patiently(
                letter,
                "notices.mailbox_full",
                f"The mailbox of the {letter.audience} is full; it is tried again later.",
            )
        return patiently(letter, "notices.put_off", f"The mail server asks to wait: {code} {words}.")
    if full:
        return Failed("notices.mailbox_full", f"The mailbox of the {letter.audience} is full and takes no letter.")
    return Failed("notices.refused", f"The mail server refuses the letter: {code} {words}.")
