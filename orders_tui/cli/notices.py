"""`orders-tui notices`: what was sent, people, choices, quiet hours; targets and words have files of their own."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured, NotFound
from engine.notices.history import SentView
from engine.notices.quiet_hours import QuietHours
from engine.words import NoticeChannel, SendState
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.secret_input import read_secret
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="notices", help="Who is told what, where and when, and what was sent.")
people = cyclopts.App(name="people", help="Who may get notices.")
preferences = cyclopts.App(name="preferences", help="What each person wants to be told.")
quiet_hours = cyclopts.App(name="quiet-hours", help="When a person is not to be disturbed; alerts come through.")
refusals = cyclopts.App(name="refusals", help="Customers' addresses that want no mail.")
for _app in (people, preferences, quiet_hours, refusals):
    app.command(_app)
app.command("orders_tui.cli.notice_targets:app", name="targets", help="Where notices go.")
app.command("orders_tui.cli.notice_words:app", name="templates", help="The words of notices.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Person = Annotated[str, Parameter(name="PERSON", help="A person's name or database login.")]
Template = Annotated[str, Parameter(help="Only this notice, as order_rejected.")]
Role = Literal["viewer", "operator", "supervisor", "admin", "creator"]


@app.command
async def sent(
    *,
    limit: Annotated[int, Parameter(help="At most so many, the newest first.")] = 50,
    state: Annotated[SendState | None, Parameter(help="Only those in this state.")] = None,
    json: Json = False,
) -> int:
    """List what was sent to whom, and what came of it."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for view in await services.notices.sent(limit=limit, state=state.value if state else ""):
            if json:
                emit_json(view)
            else:
                emit(_line(view))
    return Exit.OK


@people.command(name="list")
async def list_people(*, json: Json = False) -> int:
    """List everybody who may get notices."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for view in await services.notices.people():
            if json:
                emit_json(view)
            else:
                emit(f"{view.name:<24} {view.role:<10} {view.email or '-'}")
    return Exit.OK


@people.command(name="add")
async def add_person(
    name: Annotated[str, Parameter(name="NAME", help="What the person is called.")],
    *,
    role: Annotated[Role, Parameter(help="What the person is here.")] = "operator",
    email: Annotated[bool, Parameter(help="Read the person's mail address from standard input.")] = False,
) -> int:
    """Make a person known, or change the mail address of one who is."""
    address = read_secret("Mail address: ") if email else None
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.put_person(name, role=role, email=address)
    narrate(f"{name} is known.")
    return Exit.OK


@preferences.command(name="list")
async def list_preferences(*, json: Json = False) -> int:
    """List what everybody said; * is every notice, or every channel."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for view in await services.notices.choices():
            if json:
                emit_json(view)
                continue
            hours = view.quiet_hours
            quiet = f"  quiet {hours['begin']}-{hours['end']} {hours['zone']}" if hours else ""
            emit(f"{view.person:<24} {view.template:<20} {view.channel:<15} {'on' if view.enabled else 'off'}{quiet}")
    return Exit.OK


@preferences.command(name="set")
async def set_preference(
    person: Person,
    choice: Annotated[Literal["on", "off"], Parameter(name="CHOICE", help="on or off.")],
    *,
    template: Template = "*",
    channel: Annotated[NoticeChannel | None, Parameter(help="Only on this channel.")] = None,
) -> int:
    """Let a person have notices, or not."""
    on = choice == "on"
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.choose(person, template, channel.value if channel else "*", enabled=on)
    narrate(f"{person} gets {'' if on else 'no '}{'notices' if template == '*' else template}.")
    return Exit.OK


@quiet_hours.command(name="set")
async def set_quiet_hours(
    person: Person,
    begin: Annotated[str, Parameter(name="BEGIN", help="As 22:00.")],
    end: Annotated[str, Parameter(name="END", help="As 07:00; it may lie past midnight.")],
    *,
    zone: Annotated[str, Parameter(help="The person's time zone, as Europe/Berlin.")],
) -> int:
    """Hold a person's notices back every day between two times."""
    hours = QuietHours(_time(begin), _time(end), zone)
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.keep_quiet(person, hours)
    narrate(f"{person} is left alone from {begin} to {end} ({zone}); alerts come through.")
    return Exit.OK


@quiet_hours.command(name="clear")
async def clear_quiet_hours(person: Person) -> int:
    """Take a person's quiet hours away."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.keep_quiet(person, None)
    narrate(f"{person} has no quiet hours.")
    return Exit.OK


@refusals.command(name="add")
async def add_refusal(*, template: Template = "*") -> int:
    """Write no more to a customer's mail address, read from standard input; of it only a fingerprint is kept."""
    address = read_secret("Mail address: ")
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.notices.refuse(address, template)
    narrate("Nothing more is written there.")
    return Exit.OK


@refusals.command(name="remove")
async def remove_refusal() -> int:
    """Write to a customer's mail address again, read from standard input."""
    address = read_secret("Mail address: ")
    async with open_services(read_settings(), on_wait=narrate) as services:
        if not await services.notices.accept(address):
            raise NotFound("notices.not_refused", "This address was written to all along; nothing changed.")
    narrate("It is written to again.")
    return Exit.OK


def _time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  # a time of day has no zone yet
    except ValueError:
        raise Misconfigured("usage.time", f"{text!r} is no time of day; write one like 22:00.") from None


def _line(view: SentView) -> str:
    to = view.label or view.audience
    said = f"  {view.error}" if view.error else ""
    order = view.order_number or "-"
    return f"{view.at:%Y-%m-%d %H:%M:%S}  {view.state:<10} {view.template:<18} {view.channel:<14} {to:<20} {order:<20}{said}"
