"""Every commit of the daemon is on the list that `make faults` strikes at: a new one fails here until it is added."""

from __future__ import annotations

from tests.faults.boundaries import COMMITS
from tests.faults.census import daemon_commits


def test_every_commit_of_the_daemon_is_struck_by_the_fault_runs() -> None:
    found = daemon_commits()
    assert sorted(found - COMMITS.keys()) == [], "add it to tests/faults/boundaries.py, with the scene that reaches it"
    assert sorted(COMMITS.keys() - found) == [], "no function of the daemon commits under this name any more"
