"""The list of runs: every commit and every call, with every blow, and what does not fit into that table."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

from tests.faults import acts
from tests.faults.boundaries import CALLS, COMMITS
from tests.faults.interception import Blow, Moment, Strike
from tests.faults.runs import Act, Run, struck
from tests.faults.scenes import SCENES

SIZES = (12, 13, 13, 14, 27)
"""Orders of a run: mostly all well, sometimes one cancelled and one out of stock."""


def seed_of(name: str, seed: int) -> int:
    """A run's own seed, from that of the whole list."""
    return crc32(f"{seed}/{name}".encode())


def catalogue(seed: int) -> list[Run]:
    """Every run, in the order in which they are played."""
    return [*_commits(seed), *_calls(seed), *_replies(seed), *_clocks(seed), *_poison(seed), *_load(seed)]


_COMMIT_BLOWS = (
    (Blow.KILL, Moment.BEFORE),
    (Blow.KILL, Moment.SENT),
    (Blow.KILL, Moment.AFTER),
    (Blow.LOSE, Moment.BEFORE),
    (Blow.LOSE, Moment.SENT),
    (Blow.FREEZE, Moment.BEFORE),
    (Blow.FREEZE, Moment.AFTER),
    (Blow.RESTART, Moment.BEFORE),
    (Blow.RESTART, Moment.SENT),
)

_CALL_BLOWS = (
    (Blow.KILL, Moment.BEFORE),
    (Blow.KILL, Moment.SENT),
    (Blow.KILL, Moment.AFTER),
    (Blow.FREEZE, Moment.BEFORE),
    (Blow.FREEZE, Moment.SENT),
    (Blow.FREEZE, Moment.AFTER),
    (Blow.RESTART, Moment.BEFORE),
    (Blow.RESTART, Moment.AFTER),
)


_OFTEN = {
    "POST /v2/shipments": 6,
    "POST /v2/shipments/*/buy": 6,
    "POST /fulfillment/orders/*/packages": 6,
    "GET /easypost-files/*/*": 6,
}
"""Calls that are made for each order."""


def _commits(seed: int) -> Iterator[Run]:
    for boundary, (scene, often) in COMMITS.items():
        for blow, moment in _COMMIT_BLOWS:
            yield _run(f"commit {boundary}", scene, Strike(boundary, often, moment, blow), seed)


def _calls(seed: int) -> Iterator[Run]:
    for call, (scene, _) in CALLS.items():
        for blow, moment in _CALL_BLOWS:
            yield _run(f"call {call}", scene, Strike(call, _OFTEN.get(call, 1), moment, blow), seed)


def _run(what: str, scene: str, latest: Strike, seed: int) -> Run:
    name = f"{what}: {latest.blow}, {latest.moment}"
    own = seed_of(name, seed)
    dice = random.Random(own)
    strike = replace(latest, occurrence=dice.randint(1, latest.occurrence))
    act = struck(strike, whole_server=dice.random() < 0.5)
    return Run(name, own, act, SCENES[scene], dice.choice(SIZES))


WRITES = (
    "easypost.shipments.create",
    "easypost.shipments.buy",
    "tiktok.fulfilment.mark_shipped",
    "tiktok.tokens.refresh",
)
"""Calls that change something on the other side."""

DAY_SECONDS = 86_400.0


def _replies(seed: int) -> Iterator[Run]:
    for scene, operation in CALLS.values():
        if operation:
            for call in (1, 2) if operation in WRITES else (1,):
                yield _other(f"reply of {operation} lost, call {call}", seed, acts.lost_reply(operation, call), scene)
    for operation in WRITES:
        scene = "old token" if "token" in operation else "plain"
        for call in (1, 2, 3):
            yield _other(f"{operation} handed on twice, call {call}", seed, acts.repeated(operation, call), scene)
    for operation in (
        "easypost.shipments.buy",
        "easypost.shipments.create",
        "easypost.label_files",
        "tiktok.fulfilment.mark_shipped",
    ):
        for call in (1, 4):
            yield _other(
                f"reply of {operation} after the lease, call {call}",
                seed,
                acts.delayed(operation, call, then_settles=not operation.endswith(".create")),
            )


def _clocks(seed: int) -> Iterator[Run]:
    for word, days in (("a day ahead", 1), ("a day behind", -1)):
        yield _other(f"clock {word}", seed, acts.wrong_clock(days * DAY_SECONDS))
        yield _other(f"clock set {word} at work", seed, acts.clock_jumps(days * DAY_SECONDS))


def _load(seed: int) -> Iterator[Run]:
    for number in range(12):
        name = f"under load {number}"
        own = seed_of(name, seed)
        faults = ("none", "default", "harsh")[number % 3]
        yield Run(name, own, acts.under_load(own), replace(SCENES["plain"], world={"faults": faults}), orders=30)


def _poison(seed: int) -> Iterator[Run]:
    for scene in ("poison order", "poison payload", "hopeless payload", "corrupted address"):
        yield _other(f"{scene}, nothing else", seed, acts.undisturbed, scene)


def _other(name: str, seed: int, act: Act, scene: str = "plain") -> Run:
    own = seed_of(name, seed)
    return Run(name, own, act, SCENES[scene], random.Random(own).choice(SIZES))
