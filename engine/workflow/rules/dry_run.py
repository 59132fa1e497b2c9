"""Rules tried on orders of the past: which would have matched, what they would have done, and why not. Nothing is written.

Each order's past is put to the rules event by event, as it was put to the rules of the day; what a rule would have changed is known to
the rules after it. What a hold or another workflow would have made of the order's later life is not played through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from engine.identifiers import OrderId, UserId, new_id
from engine.workflow.rules.asking import Bench, ask
from engine.workflow.rules.changes import Changes
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.expression import Meter
from engine.workflow.rules.history import Moment, Past, read_pasts
from engine.workflow.rules.model import Draft, Rule, RuleSet
from engine.workflow.rules.names import Value
from engine.workflow.rules.trace import Term, blame, trace

if TYPE_CHECKING:
    from engine.database.connection import Database

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """One rule at one event of one order."""

    rule: str
    event: RuleEvent
    at: datetime
    matched: bool
    done: tuple[str, ...] = ()
    """What it would have done, in words."""
    why_not: str = ""
    """The terms that were false, with their values; or that another rule had stopped; or that it broke."""
    term: Term | None = None
    """The whole condition, term by term; None for a rule that was not asked or broke."""


@dataclass(frozen=True, slots=True)
class OrderTrial:
    """Everything the rules would have said of one order. Without trials `note` says why."""

    order_id: OrderId
    order_number: str
    trials: tuple[Trial, ...]
    note: str = ""

    @property
    def matched(self) -> bool:
        return any(trial.matched for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Tally:
    """One rule over all orders tried. `broke` says why it broke, if it did."""

    rule: str
    asked: int
    matched: int
    orders: int
    """How many orders it matched at least once."""
    broke: str = ""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What came of a dry run."""

    orders: tuple[OrderTrial, ...]
    tallies: tuple[Tally, ...]


def rules_of(drafts: Sequence[Draft], now: datetime) -> list[Rule]:
    """Unsaved rules as they would be asked, in the order of their file."""
    return [
        Rule(new_id(), draft.name, draft.event, draft.condition, draft.actions, draft.stop, now) for draft in drafts
    ]


async def dry_run(
    database: Database,
    creator: UserId,
    rules: Sequence[Rule],
    order_ids: Sequence[OrderId],
    on_progress: Callable[[int, int], None] | None = None,
) -> DryRun:
    """Try these rules on these orders of their creator; other orders are left out. `on_progress(done, total)` between batches."""
    tried: list[OrderTrial] = []
    broken: dict[UUID, str] = {}
    tested = RuleSet(creator, [(rule, "") for rule in rules])
    for start in range(0, len(order_ids), _BATCH):
        async with (
            database.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            pasts = await read_pasts(connection, database.vault, creator, order_ids[start : start + _BATCH], rules)
        bench = Bench()
        tried += [_try(past, tested, bench) for past in pasts]
        broken |= {rule_id: found.why for rule_id, found in bench.broken.items()}
        if on_progress is not None:
            on_progress(min(start + _BATCH, len(order_ids)), len(order_ids))
    return DryRun(tuple(tried), tuple(_tally(rule, tried, broken) for rule in rules))


def _try(past: Past, rules: RuleSet, bench: Bench) -> OrderTrial:
    trials: list[Trial] = []
    held_at: datetime | None = None
    subject = past.subject
    for moment in past.moments:
        if moment.at != held_at:
            subject.holds, held_at = set(), moment.at
        _go_to(past, moment)
        trials += _put(past, moment, rules, bench)
    listened = any(rules.listening(moment.event) for moment in past.moments)
    note = past.note or ("" if listened else "none of the events has happened to it")
    return OrderTrial(past.order_id, past.order_number, tuple(trials), note)


def _go_to(past: Past, moment: Moment) -> None:
    subject = past.subject
    subject.now, subject.state, subject.status = moment.at, moment.state, moment.status
    subject.channel_status, subject.paid, subject.failure_code = (
        moment.channel_status,
        moment.paid,
        moment.failure_code,
    )
    subject.holds |= moment.holds


def _put(past: Past, moment: Moment, rules: RuleSet, bench: Bench) -> list[Trial]:
    terms: dict[UUID, Term] = {}
    broken_before = set(bench.broken)

    def judge(rule: Rule, values: Mapping[str, Value], meter: Meter) -> bool:
        term = terms[rule.rule_id] = trace(rule.condition, values, meter)
        return bool(term.holds)

    matches = {match.rule.rule_id: match for match in ask(rules, moment.event, past.subject, Changes(), bench, judge)}
    trials = []
    stopper = ""
    for rule in rules.listening(moment.event):
        match, term = matches.get(rule.rule_id), terms.get(rule.rule_id)
        if match is not None:
            trials.append(Trial(rule.name, moment.event, moment.at, matched=True, done=match.done, term=term))
            stopper = rule.name if rule.stop else stopper
            continue
        if rule.rule_id in bench.broken:
            why = f"broke: {bench.broken[rule.rule_id].why}" if rule.rule_id not in broken_before else "broke before"
        else:
            why = blame(term) if term is not None else f'"{stopper}" stopped before it'
        trials.append(Trial(rule.name, moment.event, moment.at, matched=False, why_not=why, term=term))
    return trials


def _tally(rule: Rule, tried: Sequence[OrderTrial], broken: Mapping[UUID, str]) -> Tally:
    mine = [(order.order_id, trial) for order in tried for trial in order.trials if trial.rule == rule.name]
    return Tally(
        rule=rule.name,
        asked=sum(trial.term is not None for _, trial in mine),
        matched=sum(trial.matched for _, trial in mine),
        orders=len({order_id for order_id, trial in mine if trial.matched}),
        broke=broken.get(rule.rule_id, ""),
    )
