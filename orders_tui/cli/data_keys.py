"""`orders-tui keys rotate|status`: keys of encryption."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.privacy.rotation import KeyStates
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings


async def rotate(
    *,
    master: Annotated[
        bool, Parameter(negative=(), help="The master key instead: every data key is wrapped by the new one.")
    ] = False,
    creator: Annotated[
        tuple[str, ...], Parameter(negative=(), help="Only this creator's data key; may be given more than once.")
    ] = (),
    reason: Annotated[str, Parameter(help="Why, for the audit.")] = "",
    json: Json = False,
) -> int:
    """Make new data keys while everything works; daemons seal old values anew and delete the old keys once nothing is under them."""
    if master and creator:
        raise Misconfigured("usage.keys", "The master key is one for all creators: give --master or --creator.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        if master:
            count, in_place = await services.keys.rotate_master()
            if json:
                emit_json({"master": True, "keys": count, "in_place": in_place})
            else:
                emit(f"{count} data keys are wrapped by the new master key.")
            if not in_place:
                narrate(
                    "Now give every program the new key as master_key and start it again; the old one is of no use any more."
                )
            return Exit.OK
        rotated = await services.keys.rotate(creator, reason=reason)
        for each in rotated:
            if json:
                emit_json(each)
            else:
                emit(f"{each.creator}: data key {each.old} is retired, {each.new} is in use")
        if rotated:
            narrate("Daemons seal what lies under retired keys anew: orders-tui keys status shows how far.")
        else:
            narrate("There is no data key yet: the first order makes one.")
    return Exit.OK


async def status(*, json: Json = False) -> int:
    """Show every data key, the master key in force, and how far old values are sealed anew."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        states = await services.keys.states()
    if json:
        emit_json(states)
    else:
        for line in _lines(states):
            emit(line)
    return Exit.OK


def _lines(states: KeyStates) -> list[str]:
    known = "known here" if states.master_known else "NOT known here"
    lines = [f"master key   {states.master or 'none yet'}  {known}"]
    if states.master_rotated_at is not None:
        lines[0] += f"  since {states.master_rotated_at:%Y-%m-%d %H:%M} UTC"
    for key in states.keys:
        since = f"retired {key.retired_at:%Y-%m-%d %H:%M} UTC" if key.retired_at else "in use"
        lines.append(f"data key {key.number:<4}{key.creator:<24}made {key.created_at:%Y-%m-%d}  {since}")
    if states.progress and any(key.retired_at for key in states.keys):
        looked = sum(each.looked_at for each in states.progress)
        changed = sum(each.changed for each in states.progress)
        done = sum(each.finished for each in states.progress)
        what = "proving that nothing is left" if states.proving else "sealing anew"
        lines.append(f"{what}: {done} of {len(states.progress)} tables, {looked} rows looked at, {changed} changed")
        lines += [
            f"{each.table}: {each.stuck} values cannot be sealed anew and keep their key"
            for each in states.progress
            if each.stuck
        ]
    return lines
