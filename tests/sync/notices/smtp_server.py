"""A small mail server on loopback that answers each step as a test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class MailServer:
    """`answers` replace the reply to a command, by its first word or by `RCPT <address>`; an empty one hangs up.

    `greylists` are put off the first time they are named; `slow` commands are answered after so many seconds.
    """

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    offers: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    connections: int = 0
    messages: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    greylists: frozenset[str] = frozenset()
    slow: dict[str, float] = field(default_factory=dict)
    put_off: set[str] = field(default_factory=set)


@asynccontextmanager
async def mail_server(server: MailServer, *, implicit: bool = False) -> AsyncIterator[MailServer]:
    """Receive mail while the context is open; `implicit` speaks TLS from the first byte."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _session(server, reader, writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server.tls if implicit else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def _session(server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    server.connections += 1
    writer.write(b"220 mail.example\r\n")
    while True:
        line = (await reader.readuntil(b"\r\n")).decode().strip()
        server.commands.append(line)
        word = line.split(" ")[0].upper()
        address = line.partition("<")[2].partition(">")[0]
        answer = server.answers.get(f"{word} {address}", server.answers.get(word))
        if word == "RCPT" and address in server.greylists - server.put_off:
            server.put_off.add(address)
            answer = "451 4.7.1 greylisted, come back later"
        if answer == "":
            writer.transport.abort()
            return
        if word in server.slow:
            await asyncio.sleep(server.slow[word])
        if answer is None:
            answer = {
                "EHLO": "\r\n".join(["250-mail.example", *(f"250-{offer}" for offer in server.offers), "250 8BITMIME"]),
                "DATA": "354 go on",
                "QUIT": "221 bye",
                "STARTTLS": "220 go on",
                "AUTH": "235 welcome",
            }.get(word, "250 fine")
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        if word == "STARTTLS" and answer.startswith("220"):
            assert server.tls is not None
            await writer.start_tls(server.tls)
        if word == "DATA" and answer.startswith("354"):
            server.messages.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            end = server.answers.get(".", "250 taken")
            if end == "":
                writer.transport.abort()
                return
            writer.write(end.encode() + b"\r\n")
        if word == "QUIT":
            return
