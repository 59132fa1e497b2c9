"""A refusal, as the document describes it (RFC 9457)."""

from __future__ import annotations

from sync.http.api.shapes.shape import Told


class Wrong(Told):
    """One thing that is wrong with a request."""

    where: str
    problem: str


class ProblemShape(Told):
    """`code` never changes; `detail` is one sentence for a person."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Wrong] | None = None
