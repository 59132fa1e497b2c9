"""What `orders-tui doctor` finds of notices: the mail server, the owner's own words, targets that get nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from engine.database.connection import Database
from engine.errors import OrdersError, Refused
from engine.notices.directory import DirectoryKeeper
from engine.notices.targets import list_targets
from engine.privacy.secrets import Secrets
from engine.words import NoticeChannel
from orders_tui.cli.exits import Exit
from orders_tui.cli.findings import Finding
from orders_tui.settings import Settings

CONNECT_SECONDS = 3.0


async def notice_findings(settings: Settings, secrets: Secrets, data_directory: Path) -> AsyncIterator[Finding]:
    """The way letters leave, and the words of the owner's own."""
    yield await _letters(settings, secrets, data_directory)
    if settings.notices.templates is not None:
        from sync.notices.templates import Templates

        for problem in Templates(settings.notices.templates).problems:
            yield Finding("notice words", fine=False, sentence=problem)


async def target_findings(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    """The targets to which nothing goes, and those whose URL is none that may be used."""
    from sync.notices.apprise_channel import check_url

    for view in await list_targets(database):
        if view.state == "failing":
            mend = f"{view.label} gets nothing: {view.problem} Mend it, then orders-tui notices targets enable."
            yield Finding("notice target", fine=False, sentence=mend)
    directory = await DirectoryKeeper(database).current()
    kinds = settings.notices.for_apprise().kinds
    for target in directory.targets.values():
        if target.channel is NoticeChannel.APPRISE and target.usable and target.address:
            try:
                check_url(target.address, kinds)
            except Refused as refusal:
                yield Finding("notice target", fine=False, sentence=f"{target.label}: {refusal.sentence}")


async def _letters(settings: Settings, secrets: Secrets, data_directory: Path) -> Finding:
    from dataclasses import replace

    from sync.notices.smtp import SmtpOutbox

    smtp = settings.notices.smtp
    if smtp is None:
        folder = settings.notices.folder or data_directory / "notices"
        return Finding("notices", fine=True, sentence=f"left in {folder}; no mail server is set")
    password = secrets.read("smtp_password") if smtp.username else None
    if smtp.username and password is None:
        return Finding("notices", fine=False, sentence="the secret smtp_password is missing (ORDERS_TUI_SMTP_PASSWORD)")
    try:
        found = settings.notices.for_smtp(password.reveal() if password else "")
        assert found is not None
        problem = await SmtpOutbox(replace(found, timeout_seconds=CONNECT_SECONDS)).check()
    except (OrdersError, OSError) as error:
        problem = error.sentence if isinstance(error, OrdersError) else f"{smtp.authorities} cannot be read."
    if problem:
        return Finding("notices", fine=False, sentence=problem, exit_code=Exit.UNREACHABLE)
    return Finding("notices", fine=True, sentence=f"{smtp.host}:{smtp.port} takes mail")
