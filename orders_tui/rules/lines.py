"""A rule as a line of the list, and all there is to say of it."""

from __future__ import annotations

from textual.content import Content

from engine.orders.plain_text import plain
from engine.workflow.rules.dry_run import DryRun
from engine.workflow.rules.model import RuleView
from engine.workflow.rules.trace import Term
from orders_tui.formatting import fit, moment
from orders_tui.panes.summary import labelled
from orders_tui.state import Viewer

HEADING = f"{'':>3}  {'':<6} {'today':>7}  {'when':<16} rule"

EXAMPLES_SHOWN = 12


def standing(rule: RuleView) -> str:
    """On, off or broken, in a word."""
    return "BROKEN" if rule.error else "on" if rule.enabled else "off"


def line(rule: RuleView, today: int, *, several: bool) -> Content:
    """One line of the list; `several`: rules of several creators are listed."""
    word = standing(rule)
    style = {"on": "bold $text-success", "BROKEN": "bold $text-error"}.get(word, "$text-muted")
    ran = f"{today:,}{'+' if today >= 10_000 else ''}" if today else "·"
    whose = f"{plain(rule.creator)}: " if several else ""
    return Content.assemble(
        f"{rule.position:>3}  ",
        (f"{word:<6}", style),
        f" {ran:>7}  {fit(rule.event, 16)} ",
        (f"{whose}{plain(rule.name)}", "bold"),
        (f"   if {plain(rule.condition)} do {plain(rule.does)}", "$text-muted"),
    )


def about(rule: RuleView, today: int, viewer: Viewer) -> Content:
    """The whole rule."""
    return labelled(
        [
            (
                "rule",
                f"{plain(rule.name)}, number {rule.position} of {plain(rule.creator)}'s, {standing(rule).lower()}",
            ),
            ("when", rule.event),
            ("if", plain(rule.condition)),
            ("do", plain(rule.does) or "nothing that this program knows"),
            ("then", "the rules after it are not asked about this event" if rule.stop else ""),
            ("broke", f"{moment(rule.broke_at, viewer)} {plain(rule.error)}" if rule.error else ""),
            ("today", f"matched {today:,} times" if today else "matched nothing yet"),
            ("changed", moment(rule.updated_at, viewer)),
        ]
    )


def tried(found: DryRun, name: str) -> Content:
    """What a dry run found: how many, what to how many, examples, and why the nearest miss was one."""
    lines: list[Content | str] = []
    for tally in found.tallies:
        lines.append(
            Content.assemble(
                (f"{tally.orders:,} of {len(found.orders):,} orders would have matched", "bold"),
                f", {tally.matched:,} of {tally.asked:,} times it was asked.",
            )
        )
        if tally.broke:
            lines.append(Content.styled(f"It broke: {tally.broke}", "$text-error"))
    trials = [(order.order_number, trial) for order in found.orders for trial in order.trials if trial.rule == name]
    counts: dict[str, int] = {}
    for _, trial in trials:
        for what in trial.done:
            counts[what] = counts.get(what, 0) + 1
    lines += [f"{times:>7,} x {plain(what)}" for what, times in sorted(counts.items(), key=lambda pair: -pair[1])]
    matched = [(number, trial) for number, trial in trials if trial.matched]
    if matched:
        lines.append(Content.styled("For example", "bold"))
        lines += [
            f"{plain(number):<20} {trial.event:<16} {plain(', '.join(trial.done))}"
            for number, trial in matched[:EXAMPLES_SHOWN]
        ]
        if len(matched) > EXAMPLES_SHOWN:
            lines.append(Content.styled(f"and {len(matched) - EXAMPLES_SHOWN:,} more", "$text-muted"))
    missed = next(((number, trial) for number, trial in trials if not trial.matched and trial.why_not), None)
    if missed:
        lines.append(Content.styled(f"Not {plain(missed[0])}: {plain(missed[1].why_not)}", "$text-muted"))
    if not trials and found.orders:
        lines.append(Content.styled("It was never asked: its event happened to none of them.", "$text-muted"))
    return Content("\n").join([each if isinstance(each, Content) else Content(each) for each in lines])


def traced(found: DryRun) -> Content:
    """What one order says to a rule, event by event, its condition term by term."""
    lines: list[Content] = []
    for order in found.orders:
        if order.note:
            lines.append(Content(f"{order.order_number}: {order.note}"))
        for trial in order.trials:
            said = f"would have {', '.join(trial.done)}" if trial.matched else f"no, {trial.why_not}"
            lines.append(Content.styled(f"{trial.event}: {plain(said)}", "bold"))
            if trial.term is not None:
                lines += _terms(trial.term, 2)
    return Content("\n").join(lines or [Content("The order is not this creator's.")])


def _terms(term: Term, indent: int) -> list[Content]:
    answer = {True: "yes", False: "no", None: "not asked"}[term.holds]
    values = ", ".join(f"{name} is {value}" for name, value in term.values.items())
    text = f"all of ({term.text})" if term.joined == "and" else f"any of ({term.text})" if term.joined else term.text
    lines = [Content(f"{' ' * indent}{answer:<9} {plain(text)}" + (f"  ({plain(values)})" if values else ""))]
    for each in term.terms:
        lines += _terms(each, indent + 2)
    return lines
