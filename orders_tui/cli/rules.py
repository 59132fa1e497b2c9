"""`orders-tui rules`: list, show, save, write, enable, disable, move, delete; trying and tracing are in `rules_tried`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.workflow.rules.file import load, written
from engine.workflow.rules.model import RuleView
from engine.workflow.rules.spoken import read_draft
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="rules", help="When this happens, if that holds, do these: written, tried, switched.")
for _name, _function in {"test": "try_file", "dry-run": "dry_run", "runs": "runs", "history": "history"}.items():
    app.command(f"orders_tui.cli.rules_tried:{_function}", name=_name)

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Creator = Annotated[str, Parameter(help="Whose rules: a creator's name; needed where there are several.")]
File = Annotated[Path, Parameter(name="FILE", help="A rules file (TOML).")]
Name = Annotated[str, Parameter(name="NAME", help="The rule's name.")]
Names = Annotated[str, Parameter(name="NAME...", help="The rules' names.")]


@app.command(name="list")
async def list_rules(*, creator: Creator = "", json: Json = False) -> int:
    """List rules in the order in which they are asked, the broken ones with their cause."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rules = await services.rules.list(creator)
    for rule in rules:
        if json:
            emit_json(rule)
        else:
            emit(_line(rule))
    return Exit.OK


@app.command
async def show(name: Name, *, creator: Creator = "", json: Json = False) -> int:
    """Show one rule as a rules file says it, ready to be saved again."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rule = await services.rules.show(name, creator)
    if json:
        emit_json(rule)
        return Exit.OK
    for line in written(rule):
        emit(line)
    broke = f": {rule.error}" if rule.error else ""
    narrate(f"It is {rule.creator}'s, number {rule.position}, {_standing(rule).lower()}{broke}")
    return Exit.OK


@app.command
async def save(file: File, *, creator: Creator = "", json: Json = False) -> int:
    """Check a file and store its rules under their names; new ones are switched off unless the file says otherwise."""
    drafts = load(file)
    async with open_services(read_settings(), on_wait=narrate) as services:
        saved = await services.rules.save(drafts, creator)
    for each in saved:
        if json:
            emit_json(each)
        else:
            emit(f"{each.saving:<9} {'on ' if each.enabled else 'off'}  {each.name}")
    return Exit.OK


@app.command
async def write(
    name: Name,
    *,
    when: Annotated[str, Parameter(help="The event, as order.created.")],
    if_: Annotated[str, Parameter(name="--if", help="The condition; empty always holds.")] = "",
    do: Annotated[str, Parameter(help="What it does, in words: `tag vip; hold fraud 24 h: look at it`.")],
    stop: Annotated[bool, Parameter(negative=(), help="The rules after it are not asked about this event.")] = False,
    creator: Creator = "",
    json: Json = False,
) -> int:
    """Write one rule without a file, or change the one of that name; a new one is off."""
    draft = read_draft(name, when, if_, do, stop=stop)
    async with open_services(read_settings(), on_wait=narrate) as services:
        [saved] = await services.rules.save([draft], creator)
    if json:
        emit_json(saved)
    else:
        emit(f"{saved.saving:<9} {'on ' if saved.enabled else 'off'}  {saved.name}")
    return Exit.OK


@app.command
async def enable(*names: Names, creator: Creator = "", json: Json = False) -> int:
    """Switch rules on."""
    return await _switch(names, creator, on=True, json=json)


@app.command
async def disable(*names: Names, creator: Creator = "", json: Json = False) -> int:
    """Switch rules off."""
    return await _switch(names, creator, on=False, json=json)


@app.command
async def move(
    name: Name,
    place: Annotated[int, Parameter(name="PLACE", help="The place it shall have, counted from 1.")],
    *,
    creator: Creator = "",
    json: Json = False,
) -> int:
    """Put a rule in another place; the first is asked first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.rules.move(name, place, creator)
        rule = await services.rules.show(name, creator)
    if json:
        emit_json(rule)
    else:
        emit(_line(rule))
    return Exit.OK


@app.command
async def delete(name: Name, *, creator: Creator = "", json: Json = False) -> int:
    """Drop a rule; what it did stays in the traces of its orders."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.rules.delete(name, creator)
    if json:
        emit_json({"name": name, "deleted": True})
    else:
        narrate(f"The rule {name} is dropped.")
    return Exit.OK


async def _switch(names: tuple[str, ...], creator: str, *, on: bool, json: bool) -> int:
    if not names:
        raise Misconfigured("usage.rules", "Give at least one rule's name: rules enable NAME...")
    async with open_services(read_settings(), on_wait=narrate) as services:
        changed = await services.rules.switch(names, on=on, creator=creator)
    for name in names:
        if json:
            emit_json({"name": name, "enabled": on, "changed": name in changed})
        else:
            emit(f"{'on ' if on else 'off'}  {name}{'' if name in changed else '  (it was already)'}")
    return Exit.OK


def _line(rule: RuleView) -> str:
    broke = f"  {rule.error}" if rule.error else ""
    return (
        f"{rule.position:>3}  {_standing(rule):<6}  {rule.event:<16} {rule.name:<32.32}  if {rule.condition}"
        f" do {rule.does}{broke}"
    )


def _standing(rule: RuleView) -> str:
    return "BROKEN" if rule.error else "on" if rule.enabled else "off"
