"""What verifying an audit chain finds: pure questions about one chain's stored bytes, without a key and without a database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from engine.audit.chain import GENESIS, Entry, covers

_CONTENT = ("action", "actor", "source", "before", "after", "before_digest", "after_digest")

_MOST_TRIED = 40
"""Among so many broken entries of one chain it is looked for ones that changed places."""


class FindingKind(StrEnum):
    """What is wrong."""

    EDIT = "edit"
    GAP = "gap"
    REORDER = "reorder"
    TRUNCATED = "truncated"
    FOREIGN_HEAD = "foreign_head"
    SEAL = "seal"


class Field(StrEnum):
    """Which part of an entry was edited, as far as it can be told."""

    CONTENT = "content"
    WORDS = "action, actor, source or time"
    VALUES = "before or after"
    LINK = "previous hash"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong; `subject` is None for a seal, `sequence` None where no single entry is meant."""

    kind: FindingKind
    subject: UUID | None
    sequence: int | None
    field: Field | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Witness:
    """What somebody else knows of a chain: its order, a seal."""

    by: str
    sequence: int
    hash: bytes
    is_head: bool = False
    """The order itself: its chain must end exactly here."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where retention cut the beginning off."""

    sequence: int
    hash: bytes


FROM_THE_START = Cut(0, GENESIS)

Opens = Callable[[Entry], bool | None]
"""Whether the sealed values of an entry are its own; None without the keys that could tell."""


def check_chain(
    subject: UUID, entries: Sequence[Entry], witnesses: Sequence[Witness], cut: Cut, opens: Opens
) -> list[Finding]:
    """Everything wrong with one chain, in the order of its entries; a consequence of one finding is no finding of its own."""
    if _is_clean(entries, witnesses, cut):
        return []
    broken = {entry.sequence: entry for entry in entries if not _whole(entry)}
    moved = _changed_places(broken, _missing(entries, cut))
    links = _link_findings(subject, entries, cut, broken)
    found = {
        sequence: _edit(subject, sequence, _field(entry, entries, cut, witnesses, opens))
        for sequence, entry in broken.items()
        if sequence not in moved
    }
    for sequence, finding in links.items():
        if sequence not in broken:
            found.setdefault(sequence, finding)
    findings = [*found.values(), *_reorders(subject, moved), *_gaps(subject, entries, cut, moved)]
    suspect = broken.keys() | found.keys()
    findings += _witnessed(subject, entries, witnesses, cut, suspect)
    return sorted(findings, key=lambda finding: finding.sequence or 0)


def _is_clean(entries: Sequence[Entry], witnesses: Sequence[Witness], cut: Cut) -> bool:
    """Whether nothing is wrong at all, which is what nearly every chain is."""
    sequence, previous = cut.sequence, cut.hash
    hashes = {sequence: previous}
    for entry in entries:
        sequence += 1
        if entry.sequence != sequence or entry.previous_hash != previous or not _whole(entry):
            return False
        previous = hashes[sequence] = entry.hash
    return all(
        hashes.get(witness.sequence) == witness.hash and (not witness.is_head or witness.sequence == sequence)
        for witness in witnesses
        if witness.is_head or witness.sequence >= cut.sequence
    )


def _whole(entry: Entry, **other: object) -> bool:
    """Whether the entry's hash covers what it says, or what it would say with these values."""
    return covers(replace(entry, **other) if other else entry)  # type: ignore[arg-type]


def _missing(entries: Sequence[Entry], cut: Cut) -> list[int]:
    """The places before the last entry that no entry has."""
    taken = {entry.sequence for entry in entries}
    last = max(taken, default=cut.sequence)
    if last - cut.sequence - len(taken) > _MOST_TRIED:
        return []
    return [place for place in range(cut.sequence + 1, last) if place not in taken]


def _changed_places(broken: Mapping[int, Entry], missing: Sequence[int]) -> dict[int, int]:
    """Where broken entries came from: either the entry with all it has stood there, or its content did."""
    places = sorted({*broken, *missing})
    if len(places) > _MOST_TRIED:
        return {}
    moved = {
        sequence: place
        for sequence, entry in broken.items()
        for place in places
        if place != sequence and _whole(entry, sequence=place)
    }
    for sequence, entry in broken.items():
        for place, other in broken.items():
            if place != sequence and sequence not in moved:
                content = {name: getattr(entry, name) for name in _CONTENT}
                if _whole(other, created_at=entry.created_at, **content):
                    moved[sequence] = place
    return moved


def _field(entry: Entry, entries: Sequence[Entry], cut: Cut, witnesses: Sequence[Witness], opens: Opens) -> Field:
    before = next((each.hash for each in entries if each.sequence == entry.sequence - 1), None)
    if entry.sequence == cut.sequence + 1:
        before = cut.hash
    if before is not None and _whole(entry, previous_hash=before):
        return Field.LINK
    after = next((each.previous_hash for each in entries if each.sequence == entry.sequence + 1), None)
    known = {after, *(witness.hash for witness in witnesses if witness.sequence == entry.sequence)}
    if any(_whole(entry, hash=each) for each in known if each is not None):
        return Field.HASH
    opened = opens(entry)
    if opened is None:
        return Field.CONTENT
    return Field.WORDS if opened else Field.VALUES


def _link_findings(
    subject: UUID, entries: Sequence[Entry], cut: Cut, broken: Mapping[int, Entry]
) -> dict[int, Finding]:
    """Entries that are whole, but not what their successor follows: rewritten together with their hash."""
    found: dict[int, Finding] = {}
    for before, after in itertools.pairwise(entries):
        if (
            after.sequence == before.sequence + 1
            and after.previous_hash != before.hash
            and after.sequence not in broken
        ):
            found[before.sequence] = _rewritten(subject, before.sequence, f"entry {after.sequence}")
    if entries and entries[0].sequence == cut.sequence + 1 and entries[0].previous_hash != cut.hash:
        found.setdefault(entries[0].sequence, _edit(subject, entries[0].sequence, Field.LINK))
    return found


def _edit(subject: UUID, sequence: int, field: Field) -> Finding:
    sentence = f"Entry {sequence} was edited ({field}): its hash does not cover what it says."
    return Finding(FindingKind.EDIT, subject, sequence, field, sentence)


def _rewritten(subject: UUID, sequence: int, by: str) -> Finding:
    sentence = f"Entry {sequence} was rewritten together with its hash: {by} knows another one."
    return Finding(FindingKind.EDIT, subject, sequence, Field.HASH, sentence)


def _reorders(subject: UUID, moved: Mapping[int, int]) -> Iterator[Finding]:
    told: set[int] = set()
    for sequence, place in sorted(moved.items()):
        if sequence in told:
            continue
        if moved.get(place) == sequence:
            told.add(place)
            sentence = f"Entries {sequence} and {place} stand in each other's place."
        else:
            sentence = f"Entry {sequence} stood at place {place} when it was written."
        yield Finding(FindingKind.REORDER, subject, sequence, None, sentence)


def _gaps(subject: UUID, entries: Sequence[Entry], cut: Cut, moved: Mapping[int, int]) -> Iterator[Finding]:
    expected = cut.sequence + 1
    for entry in entries:
        if entry.sequence > expected and not set(range(expected, entry.sequence)) <= set(moved.values()):
            missing = _span(expected, entry.sequence - 1)
            sentence = f"{missing} missing: the chain goes from {expected - 1} to {entry.sequence}."
            yield Finding(FindingKind.GAP, subject, expected, None, sentence)
        expected = entry.sequence + 1


def _witnessed(
    subject: UUID, entries: Sequence[Entry], witnesses: Sequence[Witness], cut: Cut, suspect: set[int]
) -> Iterator[Finding]:
    hashes = {entry.sequence: entry.hash for entry in entries} | {cut.sequence: cut.hash}
    last = max(hashes)
    beyond = [witness for witness in witnesses if witness.sequence > last]
    if beyond:
        furthest = max(beyond, key=lambda witness: witness.sequence)
        sentence = (
            f"{_span(last + 1, furthest.sequence)} missing at the end: {furthest.by} knows {furthest.sequence} entries."
        )
        yield Finding(FindingKind.TRUNCATED, subject, last + 1, None, sentence)
    told: set[int] = set(suspect)
    for witness in witnesses:
        if witness.is_head and witness.sequence < last:
            sentence = f"{witness.by.capitalize()} knows {witness.sequence} entries, and the chain has {last}."
            yield Finding(FindingKind.FOREIGN_HEAD, subject, last, None, sentence)
        elif witness.sequence in hashes and hashes[witness.sequence] != witness.hash and witness.sequence not in told:
            told.add(witness.sequence)
            if witness.is_head:
                sentence = f"The chain does not end where {witness.by} says: entry {witness.sequence} has another hash."
                yield Finding(FindingKind.FOREIGN_HEAD, subject, witness.sequence, None, sentence)
            else:
                yield _rewritten(subject, witness.sequence, witness.by)


def _span(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
