"""The audit, read and verified on request."""

from __future__ import annotations

from datetime import datetime

from engine.audit import reading, verify
from engine.database.connection import Database
from engine.identifiers import OrderId
from orders_tui.services.door import lost_is_unreachable


class Audit:
    """Who changed what, and whether the record of it is whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: reading.AuditFilter, *, before: reading.AuditKey | None = None, limit: int
    ) -> reading.AuditPage:
        """Entries before a key, newest first; without a key the newest."""
        with lost_is_unreachable():
            return await reading.read_audit(self._database, wanted, before=before, limit=limit)

    async def verify(
        self,
        report: verify.Report,
        *,
        order_id: OrderId | None = None,
        since: datetime | None = None,
        anchor: verify.Anchor | None = None,
    ) -> verify.Verified:
        """Verify every chain and seal, or one order's chain, or what has changed since; findings are reported as they come."""
        with lost_is_unreachable():
            return await verify.verify(self._database, report, subject=order_id, since=since, anchor=anchor)
