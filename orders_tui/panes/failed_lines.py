"""Failures as lines: a group or one of its orders; and below, everything known of what is under the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import FailureGroup, FailureView
from orders_tui.formatting import deadline, fit, moment, words
from orders_tui.panes.summary import labelled
from orders_tui.reach import MENDABLE
from orders_tui.state import Viewer


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a group, or one failed order of an opened group."""

    group: FailureGroup
    failure: FailureView | None = None

    @property
    def id(self) -> str:
        return str(self.failure.failure_id) if self.failure else self.group.fingerprint

    @property
    def about(self) -> str:
        """What the group is about, mostly a SKU: the part of the fingerprint after its code."""
        return self.group.fingerprint.partition(":")[2]


def line_content(line: Line, viewer: Viewer, *, opened: bool, here: str = "") -> Content:
    """One line of the list; `here` is who else has it before them."""
    group, failure = line.group, line.failure
    if failure is not None:
        since = f"failed {moment(failure.created_at, viewer)}"
        tries = f"{failure.attempts} {'try' if failure.attempts == 1 else 'tries'}"
        return Content.assemble(
            "     ", failure.order_number, (f"  {since}, {tries}", "$text-muted"), *_people(_standing(failure, viewer, here))
        )  # fmt: skip
    name = fit(f"{'▾' if opened else '▸'} {words(group.code)} {line.about}", 36)
    return Content.assemble(
        (f"{name}{group.orders:>7,}", "bold"),
        f"{deadline(group.nearest_ship_by, viewer):>10}   ",
        *_people(_group_standing(group, here)),
        (plain(group.what_to_do), "$text-muted"),
    )


def cause_content(line: Line, viewer: Viewer) -> Content:
    """The cause, the mend, the evidence, what was tried, and what happens next."""
    group, failure = line.group, line.failure or next(iter(line.group.sample), None)
    facts = [
        ("cause", plain(line.failure.cause if line.failure else group.cause)),
        ("do", plain(group.what_to_do)),
        ("mend", f"e: {MENDABLE[group.code].lower()}, then it is retried" if group.code in MENDABLE else ""),
        ("class", group.error_class),
        ("failed", f"{moment(group.oldest_at, viewer)} to {moment(group.newest_at, viewer)}"),
    ]
    if line.failure is None and group.snoozed:
        facts.append(("snoozed", f"{group.snoozed:,} more rest for a while; v shows them"))
    if failure is not None:
        facts.append(("from", words(failure.failed_from)))
        facts.extend((plain(name)[:8], plain(text)) for name, text in failure.evidence.items())
        facts.append(("next", _next(failure, viewer)))
    if line.failure is not None:
        facts.append(("people", "; ".join(_standing(line.failure, viewer, ""))))
        facts.extend(
            ("tried" if not place else "", f"{moment(each.at, viewer)}  {plain(each.what)}: {plain(each.outcome)}")
            for place, each in enumerate(reversed(line.failure.tried))
        )
    return labelled(facts)


def _next(failure: FailureView, viewer: Viewer) -> str:
    if failure.comes_back_at is not None:
        return f"tried again by itself {moment(failure.comes_back_at, viewer)}"
    return "waits for a person"


def _standing(failure: FailureView, viewer: Viewer, here: str) -> list[str]:
    """Whose it is, who is at it, until when it rests."""
    asleep = failure.snoozed_until is not None and failure.snoozed_until > viewer.now
    return [
        *([f"{failure.assigned_to}'s"] if failure.assigned_to else []),
        *([f"{failure.acknowledged_by} at it"] if failure.acknowledged_by else []),
        *([f"rests until {moment(failure.snoozed_until, viewer)}"] if asleep else []),
        *([f"{here} here"] if here else []),
    ]


def _group_standing(group: FailureGroup, here: str) -> list[str]:
    return [
        *(f"{name}'s" for name in group.assigned_to),
        *(f"{name} at it" for name in group.acknowledged_by),
        *([f"{group.snoozed:,} snoozed"] if group.snoozed else []),
        *([f"{here} here"] if here else []),
    ]


def _people(parts: list[str]) -> list[tuple[str, str]]:
    return [(f"{', '.join(map(plain, parts))}  ", "bold $text-accent")] if parts else []
