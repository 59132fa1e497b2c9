"""`orders-tui user`: who may use this, and as what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.access import scram
from engine.access.people import NewPerson, Person
from engine.access.roles import Role
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.secret_input import read_secret
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="user", help="People: added, given another role, disabled, listed.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Who = Annotated[str, Parameter(name="WHO", help="A name, a login or an id.")]
PasswordFile = Annotated[Path | None, Parameter(help="Read the password from this file instead of standard input.")]

_NO_LOGIN_LETTERS = re.compile(r"[^a-z0-9_.-]+")


@app.command
async def add(
    name: Annotated[str, Parameter(name="NAME", help="What the person or program is called.")],
    *,
    role: Annotated[Role, Parameter(help="What they are here.")],
    login: Annotated[str, Parameter(help="Their database login, if it is not their name in small letters.")] = "",
    no_login: Annotated[bool, Parameter(negative=(), help="No login: for tokens or notices only.")] = False,
    existing: Annotated[
        bool,
        Parameter(negative=(), help="The login is there already, or is a system account of this machine: no password."),
    ] = False,
    subject: Annotated[str, Parameter(help="The sub of their tokens, where another issuer gives them.")] = "",
    password_file: PasswordFile = None,
    json: Json = False,
) -> int:
    """Make somebody known, with a database login whose password is read from standard input."""
    named = None if no_login else login or _NO_LOGIN_LETTERS.sub("_", name.casefold()).strip("_.-")
    asked = named is not None and not existing
    verifier = scram.verifier(read_secret(f"Password for {named}: ", password_file)) if asked else None
    async with open_services(read_settings(), on_wait=narrate) as services:
        new = NewPerson(name, role, login=named, subject=subject or None, verifier=verifier)
        user_id = await services.people.add(new)
    if json:
        emit_json({"id": user_id, "name": name, "role": role, "login": named})
    else:
        narrate(f"{name} is known as {role}{f', with the login {named}' if named else ''}.")
        emit(str(user_id))
    return Exit.OK


@app.command(name="role")
async def give_role(who: Who, role: Annotated[Role, Parameter(name="ROLE")], *, json: Json = False) -> int:
    """Make somebody something else; one who is disabled may come in again."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        _tell(await services.people.give_role(who, role), json=json)
    return Exit.OK


@app.command
async def password(who: Who, *, password_file: PasswordFile = None, json: Json = False) -> int:
    """Give somebody's login another password, read from standard input."""
    verifier = scram.verifier(read_secret(f"New password for {who}: ", password_file))
    async with open_services(read_settings(), on_wait=narrate) as services:
        _tell(await services.people.set_password(who, verifier), json=json)
    return Exit.OK


@app.command
async def disable(who: Who, *, json: Json = False) -> int:
    """Shut somebody out at once; what they did stays theirs."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        _tell(await services.people.disable(who), json=json)
    return Exit.OK


@app.command(name="list")
async def list_people(*, json: Json = False) -> int:
    """List everybody."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for person in await services.people.list():
            _tell(person, json=json)
    return Exit.OK


def _tell(person: Person, *, json: bool) -> None:
    if json:
        emit_json(person)
        return
    state = f"disabled {person.disabled_at:%Y-%m-%d}" if person.disabled_at else ""
    emit(f"{person.name:<24} {person.role:<10} {person.login or '-':<20} {person.id}  {state}".rstrip())
