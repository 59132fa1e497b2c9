"""Every commit the daemon makes and every call, and in which scene each is met.

`tests/test_boundaries.py` reads the sources and fails when the daemon has a transaction that is not here; a recording run at the
start of `make faults` fails when one that is here is never met.
"""

from __future__ import annotations

COMMITS: dict[str, tuple[str, int]] = {
    "engine.audit.seals.Sealer.seal": ("sealed", 1),
    "engine.effects.ledger.claim": ("plain", 6),
    "engine.effects.ledger.forget_claims": ("lost claim", 1),
    "engine.effects.settling.settle": ("plain", 6),
    "engine.fleet.daemons.beat": ("plain", 2),
    "engine.fleet.daemons.register": ("plain", 1),
    "engine.fleet.daemons.retire": ("plain", 1),
    "engine.fleet.gates.Gates.closed": ("deaf shop", 1),
    "engine.fleet.gates.Gates.opened": ("deaf shop", 1),
    "engine.fleet.gates.Gates.probe": ("deaf shop", 1),
    "engine.fleet.leases.take": ("plain", 1),
    "engine.fleet.leases.take_turn": ("plain", 1),
    "engine.inventory.alarms.look_over": ("plain", 1),
    "engine.inventory.pushing.checked": ("plain", 1),
    "engine.inventory.pushing.settle_pushes": ("plain", 1),
    "engine.inventory.pushing.take_pushes": ("plain", 2),
    "engine.inventory.pushing.to_check": ("plain", 2),
    "engine.orders.holds.release_ended": ("timed holds", 1),
    "engine.orders.inbox.claim": ("plain", 3),
    "engine.orders.inbox.deliver": ("webhooks", 1),
    "engine.orders.inbox.put_back": ("poison payload", 1),
    "engine.orders.inbox.store": ("plain", 1),
    "engine.orders.intake.apply": ("plain", 3),
    "engine.orders.bulk.journal.sweep": ("taken in", 1),
    "engine.orders.parcels.packages.claim_open_parcels": ("plain", 1),
    "engine.orders.parcels.packages.record_tracking": ("plain", 1),
    "engine.orders.priority.rise_with_time": ("taken in", 1),
    "engine.orders.polls.begin": ("plain", 1),
    "engine.orders.polls.claim": ("plain", 2),
    "engine.orders.polls.fail": ("deaf shop", 1),
    "engine.shops.ending.end_grant": ("revoked", 1),
    "engine.shops.ending.warn_of_ends": ("plain", 1),
    "engine.shops.refreshing.claim_due": ("old token", 2),
    "engine.shops.refreshing.claim_refresh": ("refused token", 1),
    "engine.shops.refreshing.give_back": ("deaf shop", 1),
    "engine.shops.refreshing.store": ("old token", 2),
    "engine.shops.standing._move": ("inactive shop", 1),
    "engine.shops.standing.wake": ("revoked", 1),
    "engine.workflow.runner._divide": ("poison order", 1),
    "engine.workflow.runner._set_aside": ("poison order", 1),
    "engine.workflow.runner.run_batch": ("late stock", 2),
    "engine.workflow.runner.wake_due": ("timed holds", 1),
    "sync.inventory.listing._store": ("plain", 2),
    "sync.inventory.listing.read_shop": ("plain", 1),
    "sync.inventory.push._learn_warehouses": ("second warehouse", 1),
    "sync.intake._set_aside": ("hopeless payload", 1),
    "sync.delivery.EngineDesk._write_checkpoints": ("plain", 4),
}
"""Function whose transaction it is → scene in which it is met, and how often at least."""

CALLS: dict[str, tuple[str, str]] = {
    "GET /easypost-files/*/*": ("plain", "easypost.label_files"),
    "GET /logistics/*/*/shipping_providers": ("plain", "tiktok.lookups.shipping_providers"),
    "GET /order/orders": ("plain", "tiktok.orders.detail"),
    "GET /v2/trackers": ("plain", "easypost.trackers.list"),
    "POST /fulfillment/orders/*/packages": ("plain", "tiktok.fulfilment.mark_shipped"),
    "GET /logistics/warehouses": ("plain", "tiktok.lookups.warehouses"),
    "POST /product/products/search": ("plain", "tiktok.lookups.products"),
    "POST /product/products/*/inventory/update": ("plain", "tiktok.inventory.update"),
    "POST /product/inventory/search": ("plain", "tiktok.inventory.search"),
    "POST /order/orders/search": ("plain", "tiktok.orders.search"),
    "GET /v2/shipments/*": ("unsure", "easypost.shipments.get"),
    "POST /return_refund/cancellations": ("by hand", "tiktok.cancellations.create"),
    "POST /v2/shipments/*/refund": ("by hand", "easypost.shipments.refund"),
    "POST /v2/shipments": ("plain", "easypost.shipments.create"),
    "POST /v2/shipments/*/buy": ("plain", "easypost.shipments.buy"),
    "GET /api/v2/token/refresh": ("old token", "tiktok.tokens.refresh"),
    "letters in the outbox": ("plain", ""),
}
"""Call → scene in which it is made, and the simulator's name for it."""
