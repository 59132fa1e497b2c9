"""The bundled PostgreSQL server: no port, a password, shared by the programs of one machine, mended after any kill.

Where to look
    session      `start`, `serve`, `Session.leave`, `discard`: the whole interface, with `EmbeddedServer`
    server       from whatever state it was left in to answering; stopping
    opened       a second door for a group of accounts of this machine
    sharing      who uses it: one locked file per program
    postmaster   what postmaster.pid says, and whether that is true
    cluster      making it once, refusing a foreign one
    settings     what safety rests on, and what staff may tune
    layout       the paths in a data directory, and their owners
    account      whom the server runs as; root's system account
    binaries     PostgreSQL's programs inside the wheel, or a reachable copy
    waiting      long waits: told to the person, given up when they want
    errors       EmbeddedError: one sentence with the mend
"""

from engine.database.embedded.errors import EmbeddedError
from engine.database.embedded.layout import default_data_directory
from engine.database.embedded.session import EmbeddedServer, Session, discard, serve, start

__all__ = ["EmbeddedError", "EmbeddedServer", "Session", "default_data_directory", "discard", "serve", "start"]
