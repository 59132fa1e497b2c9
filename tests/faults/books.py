"""The books after a run: what the engine says, what the outside world counted, and everything that does not add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.audit.verify import verify
from engine.database.connection import Database
from engine.ports.outcomes import HANDED_OVER, SKIPPED
from engine.reports.accounts import account

_TWO_LABELS = """
SELECT count(*) FROM (
    SELECT i.order_id FROM package_items i JOIN packages p ON p.id = i.package_id
    WHERE p.labelled_at IS NOT NULL AND p.state NOT IN ('voiding', 'voided')
    GROUP BY i.order_id, i.order_item_id HAVING sum(i.quantity) > (SELECT quantity FROM order_items WHERE id = i.order_item_id)) o
"""

# A label goes with the person it was for; that it was bought stays on record.
_LABELS_STORED = """
SELECT (SELECT count(*) FROM documents WHERE kind = 'label')
     + (SELECT count(*) FROM effects e JOIN orders o ON o.id = e.order_id
        WHERE e.kind = 'buy_label' AND e.state = 'done' AND o.forgotten_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM documents d
            WHERE d.package_id = e.package_id AND d.kind = 'label' AND d.generation = split_part(e.key, ':', 3)::int))
"""
_LABELS_LIVING = """
SELECT count(*) FROM packages WHERE labelled_at IS NOT NULL AND state NOT IN ('planned', 'voiding', 'voided', 'combined')
"""

_TAKEN_TWICE = """
SELECT count(*) FROM (
    SELECT m.order_id, m.product_id FROM stock_movements m WHERE m.order_id IS NOT NULL
    GROUP BY m.order_id, m.product_id
    HAVING sum(m.delta_on_hand) < -coalesce((SELECT sum(r.quantity) FROM stock_reservations r
                                             WHERE r.order_id = m.order_id AND r.product_id = m.product_id
                                               AND r.state = 'consumed'), 0)) o
"""

_RESERVED_TWICE = """
SELECT count(*) FROM (SELECT order_item_id, product_id FROM stock_reservations WHERE state = 'active'
                      GROUP BY order_item_id, product_id HAVING count(*) > 1) r
"""

_WORKED_TWICE = """
SELECT count(*) FROM (SELECT order_id FROM order_workflow_steps WHERE trigger NOT IN ('fail', 'resume', 'retry')
                      GROUP BY order_id, workflow_id, trigger
                      HAVING count(*) > 1 + (SELECT count(*) FROM order_workflow_steps b WHERE b.order_id = order_workflow_steps.order_id
                                             AND b.trigger IN ('fail', 'resume'))) s
"""

_NEGATIVE = "SELECT count(*) FROM stock_levels WHERE on_hand < 0 OR reserved < 0 OR held < 0 OR reserved > on_hand"

_STUCK_EFFECTS = "SELECT count(*) FROM effects WHERE lease_token IS NOT NULL OR state = 'sent'"


@dataclass(slots=True)
class Verdict:
    """What a run amounts to. `complaints` are sentences; a run without any is right."""

    orders: int = 0
    labels: int = 0
    lost: int = 0
    doubled: int = 0
    negative: int = 0
    complaints: list[str] = field(default_factory=list)


async def check(database: Database, state: Mapping[str, Any], foretold: Mapping[str, int], letters: Path) -> Verdict:
    """Add everything up; nothing may be under way any more."""
    accounts = await account(database)
    ask = database.pool.fetchval
    verdict = Verdict(orders=accounts.orders, labels=state["labels_bought"])
    if accounts.orders != state["orders_total"]:
        verdict.complaints.append(f"{accounts.orders} orders are here, {state['orders_total']} were placed.")
    if dict(accounts.outcomes) != dict(foretold):
        verdict.complaints.append(f"It should have become {dict(foretold)}, it became {dict(accounts.outcomes)}.")
    if not accounts.balanced:
        verdict.complaints.append(f"The accounts do not balance: {accounts}.")
    sold, kept = state["labels_bought"], state["labels_bought"] - state["labels_voided"]
    recorded, living = await ask(_LABELS_STORED), await ask(_LABELS_LIVING)
    if not (sold == recorded and kept == living == state["packages_needing_label"]):
        verdict.complaints.append(
            f"{sold} labels were bought and {kept} kept, {recorded} are stored and {living} in use, "
            f"{state['packages_needing_label']} packages needed one."
        )
    strays = sum(max(count - accounts.outcomes.get(name, 0), 0) for name, count in foretold.items())
    verdict.lost = max(strays, accounts.open_without_work, state["orders_total"] - accounts.orders)
    doubled = {
        "orders have two labels at the carrier": state["orders_with_two_labels"],
        "orders have two labels here": await ask(_TWO_LABELS),
        "orders took more from the shelf than was reserved for them": await ask(_TAKEN_TWICE),
        "lines are reserved twice": await ask(_RESERVED_TWICE),
        "orders went the same way twice": await ask(_WORKED_TWICE),
        "notices were left twice or never": await _wrong_notices(database, letters),
    }
    verdict.doubled = max(*doubled.values(), kept - living, 0)
    verdict.complaints += [f"{count} {what}." for what, count in doubled.items() if count]
    verdict.negative = await ask(_NEGATIVE)
    if verdict.negative:
        verdict.complaints.append(f"{verdict.negative} stock levels are negative or promise more than there is.")
    if held := await ask(_STUCK_EFFECTS):
        verdict.complaints.append(f"{held} effects are still held by somebody.")
    await verify(database, lambda finding, order: verdict.complaints.append(f"Audit of {order}: {finding.sentence}"))
    return verdict


async def _wrong_notices(database: Database, folder: Path) -> int:
    """Notices that were sent without a letter, and letters of none that was sent.

    One that was tried again may have left its letter before it became pointless.
    """
    rows = await database.pool.fetch(
        "SELECT id, provider_reference, attempt FROM effects WHERE kind = 'notice' AND state = 'done'"
    )
    sent = {row["provider_reference"] for row in rows if row["provider_reference"] not in {SKIPPED, HANDED_OVER}}
    sent |= {
        row["reference"] for row in await database.pool.fetch("SELECT reference FROM notice_sends WHERE state = 'sent'")
    }
    maybe = {str(row["id"]) for row in rows if row["provider_reference"] == SKIPPED and row["attempt"] > 1}
    new = folder / "new"
    letters = {letter.name for letter in new.iterdir()} if new.exists() else set()
    strays = {name for name in letters - sent if name.partition(".")[0] not in maybe}
    return len(sent - letters) + len(strays)
