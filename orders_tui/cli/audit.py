"""`orders-tui audit`: list, verify."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.audit.findings import Finding
from engine.audit.verify import Anchor, Verified
from engine.errors import Misconfigured, NotFound
from orders_tui.cli.audit_list import list_entries
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="audit", help="Who changed what, and whether the record of it is whole.")
app.command(list_entries, name="list")

_ANCHOR = re.compile(r"(\d+):([0-9a-f]{64})")


@app.command
async def verify(
    *,
    order: Annotated[str, Parameter(help="Only this order's chain.")] = "",
    since: Annotated[datetime | None, Parameter(help="Only what has changed since (UTC unless it says).")] = None,
    anchor: Annotated[
        str, Parameter(name="--anchor", help="NUMBER:HASH of a seal as it was noted down elsewhere, a log for example.")
    ] = "",
    json: Annotated[
        bool, Parameter(name="--json", negative=(), help="One JSON object a line, the summary last.")
    ] = False,
) -> int:
    """Look for edits, gaps, swapped entries, cut-off ends and edited seals. No key is needed; exit code 1 tells of findings."""
    known = _anchor(anchor)

    def report(finding: Finding, number: str) -> None:
        if json:
            emit_json(dataclasses.asdict(finding) | {"order_number": number or None})
        else:
            about = f"order {number}" if number else f"subject {finding.subject}" if finding.subject else "seals"
            emit(f"{finding.kind:<12} {about:<28} {finding.sentence}")

    async with open_services(read_settings(), on_wait=narrate) as services:
        order_id = await services.find(order) if order else None
        if order and order_id is None:
            raise NotFound("order.not_found", f"There is no order {order!r}: give its order number.")
        verified = await services.audit.verify(report, order_id=order_id, since=_in_utc(since), anchor=known)
    if json:
        emit_json({"kind": "summary"} | _document(verified))
    else:
        emit(_summary(verified))
    return Exit.OK if verified.clean else Exit.REFUSED


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _anchor(text: str) -> Anchor | None:
    if not text:
        return None
    match = _ANCHOR.fullmatch(text)
    if match is None:
        raise Misconfigured("usage.anchor", "--anchor takes a seal's number and its hash: --anchor 42:9f3a…")
    return Anchor(int(match[1]), bytes.fromhex(match[2]))


def _document(verified: Verified) -> dict[str, object]:
    seal = verified.last_seal
    return {
        "subjects": verified.subjects,
        "entries": verified.entries,
        "seals": verified.seals,
        "cuts": verified.cuts,
        "findings": verified.findings,
        "sealed_until": verified.sealed_until,
        "last_seal": f"{seal.number}:{seal.hash.hex()}" if seal else None,
    }


def _summary(verified: Verified) -> str:
    words = [f"{verified.subjects} chains", f"{verified.entries} entries", f"{verified.seals} seals"]
    if verified.cuts:
        words.append(f"{verified.cuts} cut by retention")
    words.append(f"{verified.findings} findings")
    seal = verified.last_seal
    sealed = ""
    if seal is not None and verified.sealed_until is not None:
        sealed = f"; sealed until {verified.sealed_until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {seal.number}:{seal.hash.hex()}"
    return f"audit: {', '.join(words)}{sealed}"
