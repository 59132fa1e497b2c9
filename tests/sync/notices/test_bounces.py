"""Letters that come back: understood, and left alone where they are none of ours."""

from __future__ import annotations

from email import message_from_string
from pathlib import Path
from uuid import UUID

import pytest

from engine.notices import bounces as ledger
from sync.notices import bounces
from tests.sync.notices.reports import report

ID = UUID("01960000-0000-7000-8000-0000000000b0")


@pytest.mark.parametrize("whole", [False, True])
def test_a_report_names_the_letter_and_why(whole: bool) -> None:
    text = report(ID, "550 5.1.1 <ann@relay.example>: no such mailbox", whole=whole)
    assert bounces.bounce_of(message_from_string(text)) == ledger.Bounce(
        ID, "The letter came back: 550 5.1.1 … no such mailbox.", over=True
    )


@pytest.mark.parametrize(
    ("said", "words", "over"),
    [
        (
            "552 5.2.2 mailbox full",
            "The letter came back, since the mailbox is full: 552 5.2.2 mailbox full.",
            False,
        ),
        ("554 5.7.1 blocked as spam", "The letter came back: 554 5.7.1 blocked as spam.", False),
        ("550 5.1.10 null MX", "The letter came back: 550 5.1.10 null MX.", True),
    ],
)
def test_only_an_address_that_is_none_is_over(said: str, words: str, over: bool) -> None:
    assert bounces.bounce_of(message_from_string(report(ID, said))) == ledger.Bounce(ID, words, over=over)


@pytest.mark.parametrize(
    "text",
    [
        report(ID, "451 4.7.1 greylisted", action="delayed"),
        report(ID, "250 2.0.0 taken", action="delivered"),
        "Subject: I am on holiday\n\nBack on Monday.\n",
        report(ID, "550 5.1.1 x").replace(str(ID), "somebody-elses-id"),
        "\x00\xff not mail",
    ],
    ids=["delayed", "delivered", "holiday", "a stranger's", "no mail"],
)
def test_what_is_no_bounce_of_ours_is_left_alone(text: str) -> None:
    assert bounces.bounce_of(message_from_string(text)) is None


def test_a_folder_is_read_once_and_what_was_read_is_kept(tmp_path: Path) -> None:
    assert bounces.waiting(tmp_path / "none") == []
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.mx").write_text(report(ID, "550 5.1.1 no"))
    (tmp_path / "new" / "2.mx").write_text("Subject: hello\n\nhello\n")
    paths = bounces.waiting(tmp_path)
    assert [bounces.read(path) is not None for path in paths] == [True, False]
    bounces.put_away(tmp_path, paths)
    bounces.put_away(tmp_path, paths)
    assert bounces.waiting(tmp_path) == []
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1.mx:2,S", "2.mx:2,S"]
