"""`orders-tui views`: list, show, save, delete, move."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.filter_language.reading import Reader, read
from engine.orders.filters import OrderSort
from engine.orders.saved_views import SavedView, view_named
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="views", help="Filters, sorts and columns kept under a name, on the keys 1 to 9.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Name = Annotated[str, Parameter(name="NAME", help="The view's name, or its key.")]
Key = Annotated[int | None, Parameter(help="The key that opens it, 1 to 9.")]


@app.command(name="list")
async def list_views(*, counts: Annotated[bool, Parameter(negative=())] = False, json: Json = False) -> int:
    """List one's own views, then everybody's; with --counts how many orders each shows."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for view in await services.views.list():
            count = await services.views.count(view, Reader(me=services.me)) if counts else None
            if json:
                emit_json({**_document(view), **({"orders": count.number, "exact": count.exact} if count else {})})
                continue
            shown = f"{count.number:>8,}{'' if count.exact else '+'}" if count else ""
            emit(f"{_line(view)}{shown}")
    return Exit.OK


@app.command
async def show(name: Name, *, json: Json = False) -> int:
    """Show one view."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        view = view_named(await services.views.list(), name)
    if json:
        emit_json(_document(view))
        return Exit.OK
    emit(_line(view))
    if view.columns:
        emit(f"columns    {' '.join(view.columns)}")
    return Exit.OK


@app.command
async def save(
    name: Name,
    *,
    words: Annotated[str, Parameter(name="--filter", help="What it shows, in words (docs/filters.md).")] = "",
    sort: OrderSort = OrderSort.ORDER_DATE,
    ascending: Annotated[bool, Parameter(negative=())] = False,
    columns: Annotated[str, Parameter(help="Names of columns, by commas; none: those one has chosen.")] = "",
    key: Key = None,
    shared: Annotated[bool, Parameter(negative=(), help="Everybody's.")] = False,
    json: Json = False,
) -> int:
    """Keep a view, in place of one of that name."""
    if mistakes := read(words).mistakes:
        raise Misconfigured("usage.filter", mistakes[0].sentence)
    chosen = tuple(column.strip() for column in columns.split(",") if column.strip())
    async with open_services(read_settings(), on_wait=narrate) as services:
        view = await services.views.save(SavedView(name, words, sort, ascending, chosen, key, shared))
    return _tell(view, json=json)


@app.command
async def move(
    name: Name, key: Annotated[str, Parameter(name="KEY", help="1 to 9, or none.")], *, json: Json = False
) -> int:
    """Put a view on another key; the one that has it takes this one's."""
    if key != "none" and not key.isdecimal():
        raise Misconfigured("usage.key", f"{key!r} is no key: give 1 to 9, or none.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        view = await services.views.move(name, None if key == "none" else int(key))
    return _tell(view, json=json)


@app.command
async def delete(
    name: Name,
    *,
    shared: Annotated[bool, Parameter(negative=(), help="Everybody's, even where one has one of that name.")] = False,
    json: Json = False,
) -> int:
    """Forget a view."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        view = await services.views.delete(name, shared=True if shared else None)
    if json:
        emit_json(_document(view))
    else:
        narrate(f"The view {view.name} is deleted.")
    return Exit.OK


def _tell(view: SavedView, *, json: bool) -> int:
    if json:
        emit_json(_document(view))
    else:
        narrate(f"The view {view.name} is kept{f' on the key {view.position}' if view.position else ''}.")
    return Exit.OK


def _document(view: SavedView) -> dict[str, object]:
    return {name: getattr(view, name) for name in view.__dataclass_fields__}


def _line(view: SavedView) -> str:
    arrow = "ascending" if view.ascending else "descending"
    whose = "everybody's" if view.shared else "own"
    return (
        f"{view.position or '-'}  {view.name:<20}  {whose:<11}  {view.words or 'all orders'}  (by {view.sort}, {arrow})"
    )
