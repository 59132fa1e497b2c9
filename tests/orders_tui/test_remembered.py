"""What the console remembers on one machine: whole or not at all, its owner's alone, and never in the way."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orders_tui.remembered import Memory, Remembered


def test_what_is_kept_is_there_the_next_time_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "console.json"
    one, other = Memory(file), Memory(file)
    one.keep(theme="orders-light", columns=("status", "tags"))
    other.keep(sort="ship_by")  # read before the first was written, and yet both stay
    assert Memory(file).now == Remembered(theme="orders-light", columns=("status", "tags"), sort="ship_by")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["console.json"]


@pytest.mark.parametrize("content", ["", "{", '{"columns": 5}', "[]", '{"theme": "' + "x" * 70_000 + '"}'])
def test_a_damaged_file_is_passed_over_with_one_sentence_and_written_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "console.json"
    file.write_text(content, "utf-8")
    memory = Memory(file)
    assert memory.now == Remembered()
    assert memory.complaint == f"{file} is damaged, so nothing is remembered from before; it is written anew."
    memory.keep(screen="orders")
    assert (Memory(file).now.screen, Memory(file).complaint) == ("orders", "")


def test_where_nothing_can_be_written_the_console_remembers_as_long_as_it_runs(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where a directory should be", "utf-8")
    memory = Memory(tmp_path / "occupied" / "console.json")
    memory.keep(screen="orders")
    assert memory.now.screen == "orders"
    assert str(tmp_path / "occupied") in memory.complaint
    assert (tmp_path / "occupied").read_text("utf-8") == "a file where a directory should be"


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    memory = Memory()
    memory.keep(screen="orders")
    assert memory.now.screen == "orders"
    assert list(tmp_path.iterdir()) == []
