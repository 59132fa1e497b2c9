"""`orders-tui demo --headless`: what it prints, what it refuses, and how it goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from orders_tui.cli.exits import Exit
from tests.conftest import FOLDER
from tests.orders_tui.cli.programs import Ended, environment, run


@pytest.fixture
def data(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Path:
    folder = pytestconfig.stash[FOLDER]
    return Path(folder, request.node.name)


@pytest.fixture
def demo(data: Path, tmp_path: Path) -> Callable[..., Ended]:
    def start(*arguments: str) -> Ended:
        return run("demo", "--headless", "--data-directory", str(data), *arguments, env=environment(tmp_path))

    return start


def test_it_gives_up_when_told_and_goes_on_with_the_same_command(demo: Callable[..., Ended], data: Path) -> None:
    cut_off = demo("--orders", "20", "--timeout-seconds", "0.1")
    assert cut_off.code == Exit.REFUSED, cut_off.err
    assert lines(cut_off)[-1].startswith("The seed foretells 1 cancelled, 19 completed, but it became")
    assert orjson.loads((data / "demo.json").read_bytes())["finished"] is False

    finished = demo("--orders", "20")
    assert finished.code == Exit.OK, finished.err
    assert lines(finished)[:2] == ["  cancelled       1", "  completed      19"]
    assert "labels bought 19, packages that needed one 19" in lines(finished)
    assert lines(finished)[-1] == "Every order is accounted for."
    assert "20 of 20 orders settled, 0 at work" in finished.err.splitlines()

    log = (data / "daemon.log").read_text().splitlines()
    assert all("event" in orjson.loads(line) for line in log)
    assert (data / "daemon.log").stat().st_mode & 0o077 == 0


def lines(ended: Ended) -> list[str]:
    return ended.out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--orders", "0"), "--orders must be at least 1."),
        (("--orders", "many"), '"many"'),
        (("--faults", "biblical"), "harsh"),
        (("--seeds", "7"), "--seeds"),
    ],
)
def test_a_mistake_in_the_command_is_one_sentence_and_nothing_is_made(
    demo: Callable[..., Ended], data: Path, arguments: tuple[str, ...], words: str
) -> None:
    ended = demo(*arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (Exit.USAGE, "", 1)
    assert words in ended.err
    assert not data.exists()


def test_a_place_that_cannot_be_written_is_one_sentence(data: Path, demo: Callable[..., Ended]) -> None:
    data.write_text("a file, where a directory should be")
    ended = demo("--orders", "5")
    assert (ended.code, ended.out) == (Exit.UNREACHABLE, "")
    assert ended.err == f"The data directory {data} cannot be used ({data}: File exists).\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs an account that may mount a disk")
def test_a_disk_without_room_is_one_sentence(data: Path, demo: Callable[..., Ended]) -> None:
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(data)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small disk")
    try:
        ended = demo("--orders", "5")
    finally:
        subprocess.run(["umount", str(data)], check=True)
    assert ended.code == Exit.UNREACHABLE
    assert ended.err.splitlines()[-1] == (
        f"The disk that holds {data} is full: free some space on it, then start again; nothing stored is lost."
    )
