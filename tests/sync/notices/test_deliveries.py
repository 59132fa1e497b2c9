"""Notices: rendered, delivered in one go, settled one by one."""

from __future__ import annotations

import mailbox
from collections.abc import Sequence
from pathlib import Path

from engine.ports.outcomes import Claim, Done, Failed, NoticeSent, Outcome
from engine.ports.requests import NoticeRequest
from engine.words import EffectKind
from sync.notices.deliveries import notice_handler
from sync.notices.folder import FolderOutbox, FolderSettings
from sync.notices.letter import Letter
from tests.sync.recorded_desk import RecordedDesk, claim_of

SHIPPED = {"order": "577", "shop": "Harbor Lane", "carrier": "USPS", "tracking_number": "9400111"}


class Counter:
    """An outbox that must not be repeated, and counts."""

    harmless_to_repeat = False
    takes_html = False

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        self.batches.append(len(letters))
        return [Done(NoticeSent(str(letter.notice_id))) for letter in letters]


def wanted(desk: RecordedDesk, template: str = "order_shipped", **values: str) -> Claim:
    claim = claim_of(EffectKind.NOTICE)
    desk.notices[claim.effect_id] = NoticeRequest(
        claim.effect_id, template, "customer", " ann@relay.example ", {**SHIPPED, **values}
    )
    return claim


async def test_a_batch_of_notices_is_left_in_the_folder(tmp_path: Path) -> None:
    desk = RecordedDesk()
    claims = [wanted(desk) for _ in range(25)]
    await notice_handler(FolderOutbox(FolderSettings(tmp_path / "Maildir")))(claims, desk)
    assert [desk.outcomes[claim.effect_id] for claim in claims] == [
        Done(NoticeSent(f"{claim.effect_id}.orders-tui")) for claim in claims
    ]
    messages = list(mailbox.Maildir(tmp_path / "Maildir", create=False))
    assert len(messages) == 25
    assert messages[0]["To"] == "ann@relay.example"
    assert desk.checkpoints == []


async def test_a_claim_delivered_twice_leaves_one_letter(tmp_path: Path) -> None:
    handler = notice_handler(FolderOutbox(FolderSettings(tmp_path / "Maildir")))
    desk = RecordedDesk()
    claim = wanted(desk)
    await handler([claim], desk)
    again = RecordedDesk(notices=desk.notices)
    await handler([claim], again)
    assert again.outcomes == desk.outcomes
    assert len(mailbox.Maildir(tmp_path / "Maildir", create=False)) == 1


async def test_a_notice_that_became_pointless_is_done_without_a_letter() -> None:
    desk, outbox = RecordedDesk(), Counter()
    claim = claim_of(EffectKind.NOTICE)
    await notice_handler(outbox)([claim], desk)
    assert desk.outcomes[claim.effect_id] == Done(NoticeSent("skipped"))
    assert outbox.batches == []


async def test_a_notice_that_cannot_be_written_fails_alone() -> None:
    desk, outbox = RecordedDesk(), Counter()
    bad, good = wanted(desk, "no_such_notice"), wanted(desk)
    await notice_handler(outbox)([bad, good], desk)
    outcome = desk.outcomes[bad.effect_id]
    assert isinstance(outcome, Failed)
    assert outcome.code == "notice.unknown_template"
    assert isinstance(desk.outcomes[good.effect_id], Done)
    assert outbox.batches == [1]


async def test_what_cannot_be_unsent_is_checkpointed_first_and_a_withdrawn_notice_stays_unsent() -> None:
    desk, outbox = RecordedDesk(), Counter()
    kept, withdrawn = wanted(desk), wanted(desk)
    desk.withdrawn.add(withdrawn.effect_id)
    await notice_handler(outbox)([kept, withdrawn], desk)
    assert {effect_id for effect_id, _ in desk.checkpoints} == {kept.effect_id, withdrawn.effect_id}
    assert set(desk.outcomes) == {kept.effect_id}
    assert outbox.batches == [1]
