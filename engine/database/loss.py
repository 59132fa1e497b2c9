"""Telling a database that went away from one that refused something: only the first is worth waiting for."""

from __future__ import annotations

import asyncpg


def is_lost(error: BaseException) -> bool:
    """Whether the error means that the connection or the server is gone and may come back."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return False
    if isinstance(error, asyncpg.InterfaceError):
        # asyncpg's word for a mistake of ours as well as for a connection that was closed under it.
        return not isinstance(error, asyncpg.DataError) and "clos" in str(error)
    # InternalClientError is what a query meets between the server's last word and the end of its connection.
    return isinstance(
        error,
        OSError | asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError | asyncpg.InternalClientError,
    )
