"""`orders-tui notices targets`: list, add, enable, disable, remove, test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.notices.targets import NewTarget, TargetView
from engine.ports.outcomes import Done
from engine.words import Audience, NoticeChannel
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.secret_input import read_secret
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="targets", help="Where notices go.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Label = Annotated[str, Parameter(name="LABEL", help="What the target is called.")]


@app.command(name="list")
async def list_targets(*, json: Json = False) -> int:
    """List the targets and how they fare; of their secrets only the kind is shown."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        views = await services.notices.targets()
    for view in views:
        if json:
            emit_json(view)
        else:
            emit(_line(view))
    if not views:
        narrate("There are no targets: staff notices go to the sender's mailbox or the folder, customers get mail.")
    return Exit.OK


@app.command
async def add(
    label: Label,
    audience: Annotated[Audience, Parameter(name="AUDIENCE", help="Whose notices go there.")],
    *,
    channel: Annotated[NoticeChannel, Parameter(help="How they travel.")] = NoticeChannel.EMAIL,
    address_file: Annotated[Path | None, Parameter(help="A file with the address, instead of standard input.")] = None,
    person: Annotated[str, Parameter(help="Whose choices and quiet hours hold there.")] = "",
    shop: Annotated[str, Parameter(help="Only what is about this shop.")] = "",
    templates: Annotated[tuple[str, ...], Parameter(help="Only these notices; as often as needed.")] = (),
) -> int:
    """Add a target; its mail address or Apprise URL comes from standard input, for it is secret."""
    from sync.notices.trial import check_address

    settings = read_settings()
    address = ""
    if channel is not NoticeChannel.TIKTOK_MESSAGE:
        given = read_secret("Mail address: " if channel is NoticeChannel.EMAIL else "Apprise URL: ", address_file)
        address = check_address(channel, given, settings.notices.for_apprise().kinds)
    async with open_services(settings, on_wait=narrate) as services:
        await services.notices.add_target(NewTarget(label, audience, channel, address, person, shop, templates))
    narrate(f"{label} is added; try it with orders-tui notices targets test {label!r}.")
    return Exit.OK


@app.command
async def enable(label: Label) -> int:
    """Switch a target on, also one that was failing and is mended."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.switch_target(label, on=True)
    narrate(f"{label} is on.")
    return Exit.OK


@app.command
async def disable(label: Label) -> int:
    """Switch a target off; what waits for it is left out."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.switch_target(label, on=False)
    narrate(f"{label} is off.")
    return Exit.OK


@app.command
async def remove(label: Label) -> int:
    """Forget a target and its address; what was sent there stays on record."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.remove_target(label)
    narrate(f"{label} is forgotten.")
    return Exit.OK


@app.command(name="test")
async def send_test(label: Label, *, json: Json = False) -> int:
    """Send a test to a target."""
    from orders_tui.assembly import notice_outbox
    from sync.notices.apprise_channel import AppriseChannel
    from sync.notices.templates import Templates

    settings = read_settings()
    apprise = AppriseChannel(settings.notices.for_apprise())
    try:
        async with open_services(settings, on_wait=narrate) as services:
            outbox = notice_outbox(settings, services.database)
            words = Templates(settings.notices.templates)
            outcome = await services.notices.test_target(label, outbox, apprise, words)
    finally:
        apprise.close()
    well = isinstance(outcome, Done)
    sentence = f"A test is on its way to {label}." if isinstance(outcome, Done) else outcome.sentence
    if json:
        emit_json({"label": label, "sent": well, "sentence": sentence})
    else:
        narrate(sentence)
    return Exit.OK if well else Exit.REFUSED


def _line(view: TargetView) -> str:
    standing = "off" if not view.enabled else view.state.upper() if view.state == "failing" else view.state
    whose = "  ".join(part for part in (view.person, view.shop, ",".join(view.templates), view.problem) if part)
    return f"{view.label:<24} {view.audience:<10} {view.channel:<15} {standing:<10} {view.where}  {whose}".rstrip()
