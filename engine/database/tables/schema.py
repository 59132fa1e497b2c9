"""The MetaData, the enums and the column shapes that all table modules share.

Columns that hold anything personal are `Sealed`: AES-256-GCM ciphertext (`engine.privacy.cipher`), never plain text.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import Column, DateTime, Enum, ForeignKey, LargeBinary, MetaData, Numeric, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import SchemaItem

from engine.words import ExecutionStatus, FulfilmentStatus, OrderStatus, PaymentStatus, WorkflowState

SCHEMA = "orders"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    },
)

Sealed = LargeBinary
"""Ciphertext; the plain shape is named in the column's comment."""

Time = DateTime(timezone=True)
Amount = Numeric(14, 2)
Texts = ARRAY(Text)
Json = JSONB

NOW = text("now()")


def _enum(words: type[StrEnum], name: str) -> Enum:
    return Enum(*(word.value for word in words), name=name, metadata=metadata)


order_status = _enum(OrderStatus, "order_status_enum")
workflow_status = _enum(WorkflowState, "workflow_status_enum")
payment_status = _enum(PaymentStatus, "payment_status_enum")
fulfillment_status = _enum(FulfilmentStatus, "fulfillment_status_enum")
execution_status = _enum(ExecutionStatus, "workflow_execution_status")


def key() -> Column[object]:
    """A UUID primary key; the program makes UUIDv7s, the database's default serves hand-written rows."""
    return Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()"))


def refer(name: str, target: str, *, nullable: bool = False, cascade: bool = False) -> Column[object]:
    """A foreign key column to `target` ("table.column")."""
    rule: SchemaItem = ForeignKey(f"{SCHEMA}.{target}", ondelete="CASCADE" if cascade else None)
    return Column(name, Uuid, rule, nullable=nullable)


def point(name: str, *, nullable: bool = False) -> Column[object]:
    """A row's id without a foreign key, which would cost every insert a look-up and a lock on the parent.

    For rows only the engine writes, each in the transaction that wrote its parent or holds it, or that another column already guards.
    Orders, products and shops are never deleted; what people or the specification may point anywhere is referred to.
    """
    return Column(name, Uuid, nullable=nullable)


def moment(name: str, *, required: bool = False) -> Column[object]:
    """A UTC instant; `required` ones default to the transaction's time."""
    return Column(name, Time, nullable=not required, server_default=NOW if required else None)


def one_of(column: str, words: Iterable[str]) -> str:
    """The text of a CHECK that `column` is one of `words`."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"
