"""A loopback server that answers exactly what a test tells it to, down to the bytes and the cut connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

import orjson


@dataclass(slots=True)
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Received], Awaitable[bytes | None] | AsyncIterator[bytes] | bytes | None]
"""Answers a request with raw bytes at once or piece by piece, or with None to hang up."""


@dataclass(slots=True)
class ScriptedServer:
    url: str
    received: list[Received] = field(default_factory=list)


def reply(
    document: object = None, *, status: int = 200, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """A whole HTTP answer with a JSON document, or with any other `body`."""
    content = orjson.dumps(document) if body is None else body
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@asynccontextmanager
async def scripted(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedServer]:
    """Serve while the context is open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await _read(reader)
                told.received.append(request)
                answer = script(request)
                if isinstance(answer, AsyncIterator):
                    async for piece in answer:
                        writer.write(piece)
                        await writer.drain()
                    continue
                content = answer if isinstance(answer, bytes) or answer is None else await answer
                if content is None:
                    writer.transport.abort()
                    return
                writer.write(content)
                await writer.drain()

    serving: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    told = ScriptedServer(f"{'https' if tls else 'http'}://127.0.0.1:{port}")
    try:
        yield told
    finally:
        server.close()
        # Clients keep their connections open for later; they would be waited for.
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        # Closed transports are taken down in the loop's next rounds.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Received(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
