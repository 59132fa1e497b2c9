"""Backups: the whole database as one file, taken while everybody works, and brought back whole or not at all.

A backup is PostgreSQL's own dump of one snapshot, so it fits any server from 15 on and any machine. Personal data in it stays sealed:
the file tells which master key opens it, and never holds one.

Where to look
    manifest     what a backup says of itself
    archive      the file: a zip of the dump and the manifest, complete under its name or not there
    programs     PostgreSQL's own programs, as children of ours
    taking       a backup taken
    restoring    into a new data directory, or into an empty shared database
    proving      is what came back whole: rows, audit, books
    scratch      a cluster of its own that is gone afterwards; `python -m engine.backup` does that beside a daemon
    keeping      which files of a folder are kept
    record       when the last one was taken, for everybody to see
"""
