"""What may be set of backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveFloat, PositiveInt

from orders_tui.settings_outside import OwnPath, Section

if TYPE_CHECKING:
    from sync.daemon_settings import BackupSettings


class BackupSection(Section):
    """Where `orders-tui backup` puts its files, and how often a daemon takes one by itself: never without `directory`.

    With `prove` each is restored into a cluster of its own for a try, which takes as long again.
    """

    directory: OwnPath | None = None
    every_hours: PositiveFloat = 24.0
    keep: PositiveInt = 14
    """So many files that daemons took stay; what a person named otherwise is never removed."""
    prove: bool = True

    def for_daemon(self) -> BackupSettings:
        from sync.daemon_settings import BackupSettings

        return BackupSettings(self.directory, self.every_hours * 3600, self.keep, self.prove)
