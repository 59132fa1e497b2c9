"""The rounds that a daemon makes by the clock: each file is one kind of errand and says how often it is run.

A round never holds the truth: what is due is a row in the database, claimed there, so that any number of daemons make their rounds.

Where to look
    post          what every round works with
    housekeeping  heartbeat, the database kept up, gates, deadlines, the undo journal, the audit's seal
    polls         what changed in each shop
    dependencies  how each dependency is doing, and how many daemons share its rate
    tracking      what the carriers say of open parcels
    channels      what shops list, and what they are told of stock
    stock         alarms, and the nightly check that stock adds up
    backups       the whole database as a file, once a day
    bounces       letters that came back
    monitoring    this daemon's counts and figures told to the fleet, alerts judged
    privacy       old values sealed under new keys, and people forgotten in time
    grants        tokens refreshed early, grants that end, and which shops are reached
"""

from __future__ import annotations

from collections.abc import Callable

from sync.rounds import backups, bounces, channels, dependencies, grants, housekeeping, polls, privacy, stock, tracking
from sync.rounds.post import Post
from sync.schedule import Tick

ROUNDS: tuple[Callable[[Post], list[Tick]], ...] = (
    housekeeping.ticks,
    dependencies.ticks,
    grants.ticks,
    polls.ticks,
    tracking.ticks,
    stock.ticks,
    channels.ticks,
    bounces.ticks,
    backups.ticks,
    privacy.ticks,
)
"""All of them."""
