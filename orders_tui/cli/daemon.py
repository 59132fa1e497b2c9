"""`orders-tui daemon`: the loop without a screen, JSON logs on stderr, a clean stop on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.output import narrate
from orders_tui.settings import Settings
from orders_tui.settings_file import read_settings
from orders_tui.supervisor import Supervisor

app = cyclopts.App(name="daemon", help="Keep orders, TikTok, carriers and people in step, without a screen.")


@app.default
def daemon(
    *,
    stdin_lifeline: Annotated[
        bool, Parameter(help="Also stop at the end of standard input, which is that of the program that started it.")
    ] = False,
) -> int:
    """Work until SIGTERM or SIGINT; what is under way is finished first."""
    from orders_tui.logs import configure_json_logs
    from orders_tui.loop import run

    configure_json_logs()
    run(_work(read_settings(), stdin_lifeline=stdin_lifeline))
    return Exit.OK


async def _work(settings: Settings, *, stdin_lifeline: bool) -> None:
    from engine.database.connection import open_database
    from orders_tui.assembly import build_daemon

    stopping = asyncio.Event()
    supervisor = Supervisor(os.environ)

    def stop() -> None:
        supervisor.stopping()
        stopping.set()

    def wait(sentence: str) -> None:
        supervisor.waiting(sentence)
        narrate(sentence)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    if stdin_lifeline:
        loop.add_reader(0, _look_at_lifeline, stopping)
    database = await open_database(
        settings.database.for_engine("orders-tui daemon", generic_plans=True),
        os.environ,
        need_key=True,
        on_wait=wait,
    )
    try:
        daemon = build_daemon(settings, database)
        watched = asyncio.create_task(supervisor.keep_watch(daemon.is_well))
        try:
            await daemon.run(stopping, on_ready=supervisor.ready)
        finally:
            watched.cancel()
    finally:
        await database.close()


def _look_at_lifeline(stopping: asyncio.Event) -> None:
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        stopping.set()
