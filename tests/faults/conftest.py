"""Each test adds its line to a summary that stands at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.database.embedded import postmaster
from tests.conftest import FOLDER

LINES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LINES] = []


@pytest.fixture
def summarise(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Puts a line into the summary."""
    return pytestconfig.stash[LINES].append


@pytest.fixture
def data(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Path]:
    folder: Path = pytestconfig.stash[FOLDER]
    path = folder / request.node.name
    yield path
    # Only after a test that failed half way is there anything to stop.
    if running := postmaster.read(path / "cluster"):
        running.ask_to_stop()


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    yield
    for line in config.stash[LINES]:
        terminalreporter.write_line(line)
