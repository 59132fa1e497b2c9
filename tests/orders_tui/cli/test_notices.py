"""`orders-tui notices`: targets and people by hand, secrets never on the command line nor on the screen."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest

from engine.database.connection import Database
from engine.notices.targets import find_target
from tests.engine.house import House
from tests.engine.notices.told import hand_over, mean
from tests.orders_tui.cli.saying import Command

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"


def say(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


async def test_a_target_is_added_tried_listed_switched_and_forgotten(
    command: Command, store: Database, configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.write_text(f'[notices]\nfolder = "{tmp_path / "letters"}"\n')
    say(monkeypatch, "desk@harbor-lane.example\n")
    added = await command("notices", "targets", "add", "Desk", "support")
    assert (added.code, added.out) == (0, "")
    say(monkeypatch, f"{SLACK}\n")
    room = await command("notices", "targets", "add", "Room", "support", "--channel", "apprise", "--templates", "alert")
    assert room.code == 0
    assert (await find_target(store, "Room")).address == SLACK
    tried = await command("notices", "targets", "test", "Desk")
    assert (tried.code, tried.err) == (0, "A test is on its way to Desk.\n")
    (letter,) = (tmp_path / "letters" / "new").iterdir()
    assert "Subject: A test of Desk" in letter.read_text()
    listed = await command("notices", "targets", "list", "--json")
    desk, in_room = (orjson.loads(line) for line in listed.lines)
    assert (desk["where"], desk["state"], in_room["where"]) == ("desk@harbor-lane.example", "fine", "slack://…")
    assert "TIiajkd" not in listed.out + room.out + room.err
    assert (await command("notices", "targets", "disable", "Room")).code == 0
    assert "off" in (await command("notices", "targets", "list")).lines[1]
    assert (await command("notices", "targets", "remove", "Room")).code == 0
    gone = await command("notices", "targets", "remove", "Room")
    assert (gone.code, gone.err) == (
        1,
        "There is no target 'Room'; orders-tui notices targets lists them.\n",
    )


@pytest.mark.parametrize(
    ("channel", "address", "says"),
    [
        ("email", "nobody", "This is no mail address; give one like support@shop.example."),
        (
            "apprise",
            "json://127.0.0.1/hush",
            "Notices may not go to json:// URLs; add one of them to notices.apprise_kinds if they shall.",
        ),
        (
            "apprise",
            "slack://hush",
            "Apprise does not understand this slack:// URL; see its page on that service for the form.",
        ),
        ("email", "", "Nothing was given on standard input; give one line."),
    ],
)
async def test_an_address_that_is_none_is_refused_without_being_quoted(
    command: Command, store: Database, monkeypatch: pytest.MonkeyPatch, channel: str, address: str, says: str
) -> None:
    say(monkeypatch, f"{address}\n")
    said = await command("notices", "targets", "add", "X", "support", "--channel", channel)
    assert (said.code in {1, 2}, said.err) == (True, f"{says}\n")
    assert await store.pool.fetchval("SELECT count(*) FROM notice_targets") == 0


async def test_people_choose_and_are_left_alone_at_night(
    command: Command, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await command("notices", "people", "add", "Mira")).code == 0
    assert (await command("notices", "preferences", "set", "Mira", "off", "--template", "pick_list")).code == 0
    quiet = await command("notices", "quiet-hours", "set", "Mira", "22:00", "07:00", "--zone", "Europe/Berlin")
    assert (quiet.code, quiet.err) == (
        0,
        "Mira is left alone from 22:00 to 07:00 (Europe/Berlin); alerts come through.\n",
    )
    listed = [orjson.loads(line) for line in (await command("notices", "preferences", "list", "--json")).lines]
    assert [(each["template"], each["enabled"], each["quiet_hours"]) for each in listed] == [
        ("*", True, {"begin": "22:00", "end": "07:00", "zone": "Europe/Berlin"}),
        ("pick_list", False, None),
    ]
    wrong = await command("notices", "quiet-hours", "set", "Mira", "25:00", "07:00", "--zone", "UTC")
    assert (wrong.code, wrong.err) == (2, "'25:00' is no time of day; write one like 22:00.\n")
    say(monkeypatch, "ann@relay.example\n")
    assert (await command("notices", "refusals", "add")).code == 0
    say(monkeypatch, "ann@relay.example\n")
    assert (await command("notices", "refusals", "remove")).code == 0
    say(monkeypatch, "ann@relay.example\n")
    assert (await command("notices", "refusals", "remove")).code == 1


async def test_what_was_sent_and_what_came_of_it_is_listed(
    command: Command, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.open(store)
    say(monkeypatch, "desk@harbor-lane.example\n")
    await command("notices", "targets", "add", "Desk", "support", "--templates", "alert")
    await mean(house, "a", "rule_broken", "support", rule="r", error="e")
    await hand_over(house)
    (line,) = (await command("notices", "sent", "--json")).lines
    sent = orjson.loads(line)
    assert (sent["template"], sent["label"], sent["state"], sent["error"]) == (
        "rule_broken",
        "Desk",
        "suppressed",
        "Desk is for other notices.",
    )
    assert (await command("notices", "sent", "--state", "dead")).out == ""


async def test_an_owners_words_are_checked(command: Command, configured: Path, tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.mkdir()
    configured.write_text(f'[notices]\ntemplates = "{words}"\n')
    shown = await command("notices", "templates", "show", "review_request")
    (words / "review_request.txt").write_text(shown.out)
    assert (await command("notices", "templates", "check")).code == 0
    (words / "review_request.txt").write_text(shown.out + "{{ colour }}\n")
    checked = await command("notices", "templates", "check")
    assert checked.code == 1
    assert "review_request.txt uses colour, which this notice does not have; it has order, shop." in checked.lines[0]
    assert (await command("notices", "templates", "show", "nonsense")).code == 1
