"""Rules: what is looked at, switched, written, moved, dropped."""

from __future__ import annotations

from engine.actors import Actor
from engine.identifiers import DEFAULT_CREATOR
from engine.words import ChangeSource
from engine.workflow.rules import store
from engine.workflow.rules.file import parse
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.console.parity.case import Case, Scene
from tests.orders_tui.console.test_rules import RULES

MIRA = Actor("mira", ChangeSource.USER)


async def two_rules(factory: Factory) -> None:
    """Two rules that are off; the first has matched ORD-1."""
    order_id = await factory.order(number="ORD-1", lines=(MUG, BOWL), ordered_at=NOON)
    await store.save(factory.database, DEFAULT_CREATOR, parse(RULES, "rules.toml"), actor=MIRA)
    await factory.database.pool.execute(
        "INSERT INTO rule_runs (rule_id, rule, order_id, event, done, created_at)"
        " SELECT id, name, $1, event, '[\"tagged large\"]', $2 FROM rules WHERE name = 'Large'",
        order_id,
        NOON,
    )


SCENES = (
    Scene(
        "looking",
        (
            Case("go.rules", ("f8",), ("rules", "list"), shows="Large"),
            Case("rules.open", ("f8", "home", "enter"), ("rules", "history", "Large"), shows="Large matched 1 times"),
            Case("rule_runs.back", ("f8", "home", "enter", "escape"), shows="matched"),
            Case("rule_runs.open", ("f8", "home", "enter", "enter"), shows="Timeline"),
            Case(
                "rules.dry_run", ("f8", "home", "d"), ("rules", "dry-run", "Large"), shows="orders would have matched"
            ),
            Case(
                "rules.trace",
                ("f8", "home", "t", "type:ORD-1", "enter"),
                ("rules", "dry-run", "Large", "--search", "ORD-1", "--trace", "--days", "0"),
                shows="order.created",
            ),
        ),
        two_rules,
    ),
    Scene(
        "changing",
        (
            Case("rules.on", ("f8", "home", "o", "enter"), ("rules", "enable", "Large")),
            Case("rules.off", ("f8", "home", "x"), ("rules", "disable", "Large")),
            Case("rules.down", ("f8", "home", "J"), ("rules", "move", "Large", "2")),
            Case("rules.up", ("f8", "end", "K"), ("rules", "move", "Large", "1")),
            Case(
                "rules.edit",
                ("f8", "home", "e", "tab", "tab", "type: and held", "enter"),
                (
                    "rules",
                    "write",
                    "Large",
                    "--when",
                    "order.created",
                    "--if",
                    "total > 20 and held",
                    "--do",
                    "tag large",
                ),
            ),
            Case(
                "rules.new",
                ("f8", "n", "type:Far", "enter", "type:tag far", "enter"),
                ("rules", "write", "Far", "--when", "order.created", "--do", "tag far"),
            ),
            Case("rules.delete", ("f8", "end", "D", "type:Far", "enter"), ("rules", "delete", "Far")),
        ),
        two_rules,
    ),
)
