"""The driver's connection for logins that row-level security may hold for: to them PostgreSQL refuses COPY, so rows go by INSERT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from engine.database.rows import insert_each


class SessionConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """As the driver's; whether the login is held to the policies is asked once, when it first has rows to copy."""

    __slots__ = ("_held",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._held: bool | None = None

    async def copy_records_to_table(
        self,
        table_name: str,
        *,
        records: Iterable[Sequence[Any]],
        columns: Sequence[str],
        schema_name: str,
        **options: Any,
    ) -> object:
        """As the driver's, for named columns of a table of ours."""
        if self._held is None:
            self._held = await self.fetchval("SELECT row_security_active('orders.orders')")
        if self._held:
            await insert_each(self, table_name, records=records, columns=columns, schema_name=schema_name)
            return None
        return await super().copy_records_to_table(
            table_name, records=records, columns=columns, schema_name=schema_name, **options
        )
