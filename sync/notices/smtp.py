"""Delivery by a mail server: one encrypted connection for a batch."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import aiosmtplib

from engine.errors import Misconfigured
from engine.ports import Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from sync.http_client import is_this_machine
from sync.notices.letter import Letter, compose, is_mail_address, message_id


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

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """4xx replies postpone, 5xx fail; a connection lost inside a letter leaves it unsure and postpones the rest."""
        outcomes: list[Outcome] = []
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password or None,
            use_tls=settings.encryption is Encryption.TLS,
            start_tls=settings.encryption is Encryption.STARTTLS,
            tls_context=None if settings.encryption is Encryption.NONE else self._tls,
            timeout=settings.timeout_seconds,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError:
            sentence = f"The mail server {settings.host} refuses the user name or password; check both."
            return [Failed("notices.credentials", sentence)] * len(letters)
        except (aiosmtplib.SMTPException, OSError) as error:
            return [self._unreachable(error)] * len(letters)
        try:
            for letter in letters:
                outcomes.append(await self._send(client, letter))
                if not client.is_connected:
                    break
        finally:
            await self._leave(client)
        lost = self._unreachable(ConnectionError())
        return outcomes + [lost] * (len(letters) - len(outcomes))

    async def _send(self, client: aiosmtplib.SMTP, letter: Letter) -> Outcome:
        if not is_mail_address(letter.recipient):
            return Failed(
                "notices.no_recipient", f"There is no mail address for the {letter.audience}; enter one, then retry."
            )
        try:
            await client.send_message(
                compose(letter, self._settings.sender), sender=self._settings.sender, recipients=[letter.recipient]
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(error.recipients[0].code, error.recipients[0].message)
        except aiosmtplib.SMTPServerDisconnected:
            return Unsure("notices.no_answer", "The mail server hung up before it took the letter; it is sent again.")
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code, error.message)
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

    def _unreachable(self, error: Exception) -> Postponed:
        kind = type(error).__name__
        return Postponed(
            "notices.unreachable",
            f"The mail server {self._settings.host} could not be used ({kind}); it is tried again.",
            None,
        )


def _refused(code: int, message: str) -> Outcome:
    # Servers repeat the address they refuse.
    words = " ".join(re.sub(r"\S+@\S+", "…", message).split())[:160].rstrip(". ")
    if 400 <= code < 500:
        return Postponed("notices.put_off", f"The mail server asks to wait: {code} {words}.", None)
    return Failed("notices.refused", f"The mail server refuses the letter: {code} {words}.")
