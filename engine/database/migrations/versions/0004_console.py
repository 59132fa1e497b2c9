"""What the console keeps.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _views()


def _views() -> None:
    op.add_column(
        "saved_views",
        sa.Column("position", sa.Integer(), nullable=True, comment="the key 1 to 9 that opens it; null: by name only"),
        schema="orders",
    )
    op.add_column(
        "saved_views",
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        schema="orders",
    )
    op.create_unique_constraint(
        op.f("saved_views_user_id_position_key"), "saved_views", ["user_id", "position"], schema="orders"
    )
    op.create_check_constraint(
        op.f("saved_views_position_check"), "saved_views", "position BETWEEN 1 AND 9", schema="orders"
    )
