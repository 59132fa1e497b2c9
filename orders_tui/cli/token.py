"""`orders-tui token`: issue, list, revoke."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="token", help="Tokens that open the REST interface to services and people.")


@app.command
async def issue(
    name: Annotated[str, Parameter(help="What it is for; without --for the service of this name holds it.")],
    *,
    holder: Annotated[
        str | None, Parameter(name="--for", help="Who holds it: a user's name, login, subject or id.")
    ] = None,
    days: Annotated[int, Parameter(help="How long it lasts.")] = 90,
    json: Json = False,
) -> int:
    """Print a new token. It is told this once: what is kept of it opens nothing."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        text, ends = await services.tokens.issue(name, holder=holder, days=days)
    if json:
        emit_json({"token": text, "name": name, "expires_at": ends})
    else:
        emit(text)
        narrate(f"It opens until {ends:%Y-%m-%d}; keep it like a password: it is not shown again.")
    return Exit.OK


@app.command(name="list")
async def list_tokens(*, json: Json = False) -> int:
    """List every token that was issued: whose it is, until when, when it was last used."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for token in await services.tokens.list():
            if json:
                emit_json(token)
                continue
            used = f"used {token.used_at:%Y-%m-%d}" if token.used_at else "never used"
            state = token.standing or f"until {token.expires_at:%Y-%m-%d}"
            emit(f"{token.id}  {state:<16} {used:<16} {token.role:<10} {token.user}  {token.name}")
    return Exit.OK


@app.command
async def revoke(
    which: Annotated[str, Parameter(help="The token's id or name; of a name all that still open.")],
    *,
    json: Json = False,
) -> int:
    """End a token now; within seconds no daemon takes it."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        token = await services.tokens.revoke(which)
    if json:
        emit_json({"id": token.id, "name": token.name, "revoked": True})
    else:
        emit(f"{token.id}  {token.name}  revoked")
    return Exit.OK
