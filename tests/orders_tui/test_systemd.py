"""The unit that ships with the documentation: systemd reads it, and it leaves the service little to do harm with."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orders_tui.cli.app import COMMANDS

UNIT = Path(__file__).parents[2] / "docs" / "systemd" / "orders-tui.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")


@needs_systemd
def test_systemd_takes_every_line_of_it_and_calls_it_little_exposed(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    # The program need not be installed where the unit says, nor its account be there, for its lines to be right.
    text = UNIT.read_text().replace("/opt/orders-tui/bin/orders-tui", "/bin/true").replace("orders-tui\n", "root\n")
    copy.write_text(text)
    verified = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if UNIT.name in line]) == (0, [])
    looked_at = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(copy)]
    judged = subprocess.run(looked_at, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout[-400:]


def test_it_starts_commands_that_there_are_and_gives_secrets_by_credentials_only() -> None:
    text = UNIT.read_text()
    commands = re.findall(r"^Exec\w+=/opt/orders-tui/bin/orders-tui (\w+)", text, re.MULTILINE)
    assert set(commands) == {"config", "daemon"} <= COMMANDS.keys()
    given = re.findall(r"^Environment=(\w+)=", text, re.MULTILINE)
    assert given == ["ORDERS_TUI_CONFIG"]
    assert set(re.findall(r"LoadCredential=(\w+):", text)) >= {"master_key", "tiktok_app_secret", "database_password"}
