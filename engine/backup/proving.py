"""Is what came back whole: every row that was counted, every link of the audit, every sum of the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audit.findings import Finding
from engine.audit.verify import verify
from engine.reports.accounts import Accounts, account

if TYPE_CHECKING:
    from engine.database.connection import Database

_TOLD = 5


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at and what was wrong with it."""

    rows: int
    chains: int
    entries: int
    seals: int
    accounts: Accounts
    findings: int
    sentences: tuple[str, ...]
    """The first of what was found."""

    @property
    def whole(self) -> bool:
        return not self.findings


async def prove(database: Database, counted: Mapping[str, int], expected: Mapping[str, int]) -> Proof:
    """Compare the rows `counted` with those `expected`, verify the whole audit and add up the books."""
    sentences = [
        f"The table {table} has {counted.get(table, 0)} rows, and {expected.get(table, 0)} were dumped."
        for table in sorted(counted.keys() | expected.keys())
        if counted.get(table, 0) != expected.get(table, 0)
    ]
    told: list[str] = []

    def report(finding: Finding, number: str) -> None:
        if len(told) < _TOLD:
            told.append(f"Order {number}: {finding.sentence}" if number else finding.sentence)

    audit = await verify(database, report)
    accounts = await account(database)
    wrong = [f"The books do not add up: {name} {number}." for name, number in accounts.wrong.items()]
    findings = len(sentences) + audit.findings + len(wrong)
    return Proof(
        rows=sum(counted.values()),
        chains=audit.subjects,
        entries=audit.entries,
        seals=audit.seals,
        accounts=accounts,
        findings=findings,
        sentences=tuple([*sentences, *told, *wrong][:_TOLD]),
    )
