"""`orders-tui privacy`: policy, preview, export, erase, forget-creator.

Whom it is about is read from standard input, so that no name stands in a shell's history or a process list.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import cyclopts
import orjson
from cyclopts import Parameter

from engine.errors import Misconfigured, Refused
from engine.privacy.customers import By, Erased
from engine.privacy.terms import FOR_EVER, Policy
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate, progress
from orders_tui.cli.secret_input import read_secret
from orders_tui.opening import open_services
from orders_tui.services.privacy import Policies
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="privacy", help="How long personal data is kept; one customer exported or erased.")

Order = Annotated[str, Parameter(help="The customer of this order, by its number.")]
Whom = Annotated[By | None, Parameter(name="--by", help="Ask for an e-mail, phone or name, read from standard input.")]
Confirmed = Annotated[str, Parameter(help="What would be typed to confirm, for scripts.")]


@app.command(name="policy")
async def show_or_set(
    *,
    creator: Annotated[str, Parameter(help="For this creator's orders.")] = "",
    shop: Annotated[str, Parameter(help="For this shop's orders.")] = "",
    orders_days: Annotated[
        int | None, Parameter(help="Forget the person of a closed order after so many days; 0: never.")
    ] = None,
    payloads_days: Annotated[
        int | None, Parameter(help="Clear what came in and went out after so many days; 0: never.")
    ] = None,
    unset: Annotated[bool, Parameter(negative=(), help="Let the word above count again.")] = False,
    json: Json = False,
) -> int:
    """Show how long personal data is kept, or set it: for everything, a creator, or a shop. The nearest word counts."""
    if creator and shop:
        raise Misconfigured("usage.place", "A policy is for a creator or for a shop: give one of them.")
    if unset and (orders_days is not None or payloads_days is not None):
        raise Misconfigured("usage.unset", "--unset takes no days.")
    settings = read_settings()
    async with open_services(settings, on_wait=narrate) as services:
        place = await services.privacy.place(creator=creator, shop=shop)
        if unset:
            await services.privacy.unset_policy(place)
        elif orders_days is not None or payloads_days is not None:
            await services.privacy.set_policy(place, orders_days=orders_days, payloads_days=payloads_days)
        policies = await services.privacy.policies(settings.privacy.policy())
    if json:
        emit_json(policies)
    else:
        _print_policies(policies)
    return Exit.OK


@app.command
async def preview(*, json: Json = False) -> int:
    """Count what retention would forget now, shop by shop and table by table; nothing changes."""
    settings = read_settings()
    async with open_services(settings, on_wait=narrate) as services:
        previews = await services.privacy.preview(settings.privacy.policy())
    for each in previews:
        if json:
            emit_json({"shop": each.name or None, "policy": each.policy, "rows": each.counts})
        else:
            emit(f"{each.name or 'beside shops':<24} {_days(each.policy)}  {_counts(each.counts)}")
    return Exit.OK


@app.command
async def export(
    order: Order = "",
    *,
    by: Whom = None,
    output: Annotated[Path | None, Parameter(help="Write it to this file, readable by nobody else.")] = None,
) -> int:
    """Print everything that is held about one customer as one JSON document."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        known_by, text = _whom(order, by)
        found = await services.privacy.find(known_by, text)
        document = await services.privacy.export(found, known_by)
    written = orjson.dumps(document, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)
    if output is None:
        emit(written.decode())
    else:
        _write_privately(output, written)
    narrate(f"{len(found)} orders are held about that customer.")
    return Exit.OK


@app.command
async def erase(
    order: Order = "",
    *,
    by: Whom = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only say what would be erased.")] = False,
    confirm: Confirmed = "",
    json: Json = False,
) -> int:
    """Forget one customer now: names, addresses, labels, notes; numbers and amounts stay. Open orders are kept and named."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        known_by, text = _whom(order, by)
        found = await services.privacy.find(known_by, text)
        planned = await services.privacy.preview_erasure(found)
        if dry_run:
            _print_erased(planned, json=json, would=True)
            return Exit.OK
        count = len(planned.orders) - len(planned.kept)
        if count:
            _print_erased(planned, json=False, would=True, to=narrate)
            _confirm(f"erase {count}", confirm)
        erased = await services.privacy.erase(found, known_by)
    _print_erased(erased, json=json, would=False)
    return Exit.REFUSED if planned.kept else Exit.OK


@app.command(name="forget-creator")
async def forget_creator(
    creator: Annotated[str, Parameter(help="The creator's name or id.")], *, confirm: Confirmed = "", json: Json = False
) -> int:
    """Forget a creator that sells here no more: the people of its orders, then its data keys. Nothing brings it back."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        creator_id, name = await services.privacy.creator_to_forget(creator)
        _confirm(f"forget {name}", confirm)
        show = progress()
        orders = await services.privacy.forget_creator(
            creator_id, on_progress=None if show is None else lambda done: show(done, done + 1)
        )
    if json:
        emit_json({"creator": name, "orders": orders})
    else:
        emit(f"{name} is forgotten: {orders} orders, and what was sealed for it opens no more.")
    return Exit.OK


def _whom(order: str, by: By | None) -> tuple[By, str]:
    if bool(order) == (by is not None and by is not By.ORDER):
        raise Misconfigured(
            "usage.whom",
            "Say who it is about: an order's number, or --by email, phone or name with it on standard input.",
        )
    return (By.ORDER, order) if order else (by or By.ORDER, read_secret(f"{by}: "))


def _confirm(sentence: str, given: str) -> None:
    """Raises Refused unless a person types the sentence, or a script gives it."""
    if not given and sys.stdin.isatty():
        sys.stderr.write(f"This cannot be taken back. Type '{sentence}' to go on: ")
        sys.stderr.flush()
        given = sys.stdin.readline().strip()
    if given != sentence:
        raise Refused("privacy.not_confirmed", f"Nothing was erased: confirm with --confirm '{sentence}'.")


def _write_privately(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise Refused("export.not_written", f"{path} cannot be written: {(error.strerror or '?').lower()}.") from None


def _print_policies(policies: Policies) -> None:
    emit(f"{'configuration':<36} {_days(policies.configured)}")
    for said in policies.said:
        place = f"{said.kind} {said.place}".strip()
        parts = {"orders": said.orders_days, "payloads": said.payloads_days}
        words = ", ".join(f"{name} {_day(days)}" for name, days in parts.items() if days is not None)
        emit(f"{place:<36} {words or 'as said above'}  (set by {said.set_by})")
    for shop in policies.shops:
        emit(f"{'→ ' + shop.name:<36} {_days(shop.policy)}")


def _print_erased(erased: Erased, *, json: bool, would: bool, to: Any = emit) -> None:
    if json:
        emit_json({"orders": erased.orders, "rows": erased.counts, "would": would})
        return
    for order in erased.orders:
        to(
            f"{order.order_number}  {order.shop}  {order.status}  {order.kept_for or ('to be erased' if would else 'erased')}"
        )
    to(f"{'would clear' if would else 'cleared'}: {_counts(erased.counts)}")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{table} {count}" for table, count in sorted(counts.items())) or "nothing"


def _days(policy: Policy) -> str:
    return f"orders {_day(policy.orders_days)}, payloads {_day(policy.payloads_days)}"


def _day(days: int) -> str:
    return "for ever" if days == FOR_EVER else f"{days} days"
