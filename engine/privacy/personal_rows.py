"""Where an order's personal data and people's own words about it lie beside the order itself, as data: what forgetting clears.

Each place is a table, which of its rows, and what becomes of them; `$1` is the orders' ids. Numbers, amounts, states, who did what and
when stay.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonalRows:
    """Rows of one table that belong to orders which are to be forgotten."""

    table: str
    where: str
    sets: str = ""
    """What they are set to; rows are deleted where it is empty."""

    @property
    def count(self) -> str:
        return f"SELECT count(*) FROM {self.table} WHERE {self.where}"  # noqa: S608

    @property
    def clear(self) -> str:
        if self.sets:
            return f"UPDATE {self.table} SET {self.sets} WHERE {self.where}"  # noqa: S608
        return f"DELETE FROM {self.table} WHERE {self.where}"  # noqa: S608


_OF = "order_id = ANY($1::uuid[])"
_EFFECTS = f"effect_id IN (SELECT e.id FROM effects e WHERE e.{_OF})"  # noqa: S608

# A parcel of several orders keeps its label as long as one of them is not forgotten.
_PARCELS = f"""
IN (SELECT c.package_id FROM package_items c WHERE c.{_OF}
    EXCEPT SELECT x.package_id FROM package_items x JOIN orders o ON o.id = x.order_id
    WHERE x.package_id IN (SELECT y.package_id FROM package_items y WHERE y.{_OF}) AND o.forgotten_at IS NULL
      AND o.id <> ALL($1::uuid[]))
"""  # noqa: S608

PERSONAL_ROWS: tuple[PersonalRows, ...] = (
    PersonalRows("notes", _OF),
    PersonalRows("holds", f"{_OF} AND note IS NOT NULL", "note = NULL"),
    PersonalRows("journal", _OF),
    PersonalRows("rule_runs", _OF),
    PersonalRows("cancellations", f"{_OF} AND answer_comment IS NOT NULL", "answer_comment = NULL"),
    PersonalRows("returns", f"{_OF} AND answer_comment IS NOT NULL", "answer_comment = NULL"),
    PersonalRows("documents", f"package_id {_PARCELS}"),
    PersonalRows("packages", f"label_address IS NOT NULL AND id {_PARCELS}", "label_address = NULL"),
    PersonalRows(
        "order_status_history",
        f"{_OF} AND (status_reason IS NOT NULL AND change_source = 'user' OR metadata IS NOT NULL)",
        "status_reason = CASE WHEN change_source = 'user' THEN NULL ELSE status_reason END, metadata = NULL",
    ),
    PersonalRows(
        "order_workflow_steps", f"{_OF} AND reason <> '' AND actor NOT IN ('system', 'tiktok_shop')", "reason = ''"
    ),
    PersonalRows("order_workflows", f"{_OF} AND last_error IS NOT NULL", "last_error = NULL"),
    PersonalRows(
        "failures",
        f"{_OF} AND (cause <> '' OR evidence <> '{{}}' OR retry_reason IS NOT NULL OR resolution IS NOT NULL)",
        "cause = '', evidence = '{}', retry_reason = NULL, resolution = NULL",
    ),
    PersonalRows("effects", f"{_OF} AND (error IS NOT NULL OR result IS NOT NULL)", "error = NULL, result = NULL"),
    PersonalRows("effect_tries", f"error IS NOT NULL AND {_EFFECTS}", "error = NULL"),
    PersonalRows("notice_sends", f"error IS NOT NULL AND {_EFFECTS}", "error = NULL"),
)
