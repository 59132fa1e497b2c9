"""The server inside the daemon's loop: it takes no signals, writes no log of its own, and ends when the daemon does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator

import structlog
import uvicorn
from starlette.types import ASGIApp

from engine.errors import Misconfigured
from sync.http.settings import HttpSettings

_log = structlog.get_logger(__name__)
_BACKLOG = 1024


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the daemon's."""
        yield


class Listener:
    """Serves one application. `port` is where it listens; None while it does not."""

    def __init__(
        self, settings: HttpSettings, app: ASGIApp, *, again_seconds: float = 15.0, finish_seconds: float = 3.0
    ) -> None:
        self._settings = settings
        self._app = app
        self._again_seconds = again_seconds
        self._finish_seconds = finish_seconds
        self.port: int | None = None

    async def run(self, ends: asyncio.Event, on_settled: Callable[[], None] = lambda: None) -> None:
        """Listen until `ends`; then nothing new is taken, and what is being answered is answered within the time for it.

        While its port is taken, say so once, and look again. `on_settled` is called when it listens, or has said so.
        """
        told = ""
        while not ends.is_set():
            try:
                config, listening = self._config(), self._listen()
            except Misconfigured as error:
                if error.code != told:
                    _log.error("http_not_listening", code=error.code, sentence=error.sentence)
                told = error.code
                on_settled()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ends.wait(), self._again_seconds)
            else:
                await self._serve(config, listening, ends, on_settled)
                return

    async def _serve(
        self, config: uvicorn.Config, listening: socket.socket, ends: asyncio.Event, on_settled: Callable[[], None]
    ) -> None:
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        ended = asyncio.create_task(ends.wait())
        try:
            self.port = listening.getsockname()[1]
            _log.info("http_listening", host=self._settings.host, port=self.port)
            on_settled()
            await asyncio.wait({serving, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.port = None
            ended.cancel()
            server.should_exit = True
            await serving
            listening.close()

    def _listen(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise Misconfigured(
                "http.not_listening",
                f"Port {port} on {host} cannot be listened on ({error.strerror}): orders come by polling meanwhile; end what "
                "holds it, or set another http.port and start again.",
            ) from error
        listening.setblocking(False)
        return listening

    def _config(self) -> uvicorn.Config:
        settings = self._settings
        config = uvicorn.Config(
            self._app,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="critical",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, round(self._finish_seconds)),
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.private_key,
        )
        try:
            config.load()
        except OSError as error:  # an SSLError is one
            raise Misconfigured(
                "http.bad_certificate",
                f"http.certificate and http.private_key cannot be used ({error.strerror or error}): name a certificate and its "
                "key in PEM; orders come by polling meanwhile.",
            ) from error
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
        return config
