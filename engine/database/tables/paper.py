"""Stations with their printers, and what was printed. Nothing personal: what was on the paper is not kept."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, desc, text

from engine.database.tables.schema import Json, key, metadata, moment, one_of, point, refer
from engine.words import PaperKind, PrintState

stations = Table(
    "stations",
    metadata,
    key(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    refer("location_id", "locations.id"),
    Column(
        "printers",
        Json,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="kind of paper → the printer's name, or the path of a folder",
    ),
    moment("created_at", required=True),
    moment("updated_at", required=True),
)

prints = Table(
    "prints",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="sending"),
    Column("station", Text, nullable=False, server_default="", comment="its code then"),
    Column("destination", Text, nullable=False, comment="the printer's name, or the folder"),
    Column("actor", Text, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("reprints", Integer, nullable=False, server_default="0", comment="how many of them were printed before"),
    Column("error", Text, nullable=False, server_default=""),
    moment("created_at", required=True),
    moment("settled_at"),
    CheckConstraint(one_of("kind", PaperKind), name="kind"),
    CheckConstraint(one_of("state", PrintState), name="state"),
)
Index("prints_recent_index", desc(prints.c.created_at), desc(prints.c.id))

print_subjects = Table(
    "print_subjects",
    metadata,
    refer("print_id", "prints.id", cascade=True),
    Column("place", Integer, nullable=False, comment="its place in the document"),
    point("subject"),
    Column("generation", Integer, nullable=False, server_default="0", comment="of a parcel: which of its labels"),
    PrimaryKeyConstraint("print_id", "place"),
)
Index("print_subjects_subject_index", print_subjects.c.subject)
