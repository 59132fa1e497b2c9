"""How the bundled server is set up.

SAFETY goes on the command line at every start: nothing in a file overrides it.
TUNING is written once, when the cluster is made; staff may change it there or with ALTER SYSTEM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

SAFETY = {
    "listen_addresses": "",  # no network at all: the socket is the only door
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    # Statements, their parameters and the rows in error details are personal data: none reaches the log.
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

TUNING = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "wal_compression": "off",  # this build has only pglz, which costs 0.2 ms of processor a page
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "10min",
    "jit": "off",  # compiling costs more than any of our statements runs
    "random_page_cost": "1.1",  # solid-state disks
    # Queues live on rows that change often: vacuum early, in small bites.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_delay": "1ms",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


def command_line(
    socket_directory: Path, port: int, *, also: Sequence[str] = (), options: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """The server's own options for a start; `also` are further socket directories, the private one stays the first."""
    directories = ", ".join(f'"{directory}"' for directory in (socket_directory, *also))
    settings = SAFETY | {"unix_socket_directories": directories, "port": str(port)} | dict(options)
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
