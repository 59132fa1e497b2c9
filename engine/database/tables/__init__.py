"""Every table of the `orders` schema, one module per noun; `metadata` is what migrations are compared with.

Where to look
    schema       the MetaData, the enums and the column shapes all modules share
    access       tokens the program issued
    privacy      how long personal data is kept, and the errands that see to it
    people       users, grants, shops and their polls, locations, data keys, who gets which notice
    products     products and the stock ledger
    stocktaking  counts of the shelves, alarms
    channels     listings of each shop, its warehouses, the stock it was told
    orders       orders, line items, units, status history, search words
    workflow     workflows, steps, work, holds, failures
    parcels      packages, package items, documents, manifests, cancellations, returns, waves
    paper        stations and their printers, what was printed
    outside      inbox and effects, notices to targets, gates, leases, daemons
    records      audit log, notes, batches, journal, saved views, rules, counters
    monitoring   what the fleet counts and tells of itself, alerts
    tallies      how many orders are where, what they come to, and what happened in each minute
    answers      what the HTTP surface answered to named requests
    backups      which backups were taken, and how they went
"""

from engine.database.tables import (
    access,
    answers,
    backups,
    channels,
    monitoring,
    orders,
    outside,
    paper,
    parcels,
    people,
    privacy,
    products,
    records,
    stocktaking,
    tallies,
    workflow,
)
from engine.database.tables.schema import SCHEMA, metadata

__all__ = [
    "SCHEMA",
    "access",
    "answers",
    "backups",
    "channels",
    "metadata",
    "monitoring",
    "orders",
    "outside",
    "paper",
    "parcels",
    "people",
    "privacy",
    "products",
    "records",
    "stocktaking",
    "tallies",
    "workflow",
]
