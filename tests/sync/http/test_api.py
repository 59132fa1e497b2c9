"""The API's manners: who asks is known first, whatever is refused is a problem, and nothing of what is inside is told."""

from __future__ import annotations

from engine.access.permissions import Permission, may
from engine.access.roles import Role
from engine.database.connection import Database
from tests.sync.http.api_calling import serving


async def test_everybody_is_told_who_they_are_and_what_they_may(store: Database) -> None:
    async with serving(store) as api:
        for role in Role:
            answer = await api.ask("/api/me", role=role)
            assert answer.status_code == 200, answer.text
            assert answer.json() == {
                "id": str(api.users[role]),
                "name": f"Mira the {role}",
                "role": role.value,
                "permissions": [one.value for one in Permission if may(role, one)],
            }
            assert answer.headers["x-content-type-options"] == "nosniff"
        nobody = await api.ask("/api/me")
        assert (nobody.status_code, nobody.json()["code"]) == (401, "access.no_token")
        assert nobody.headers["content-type"] == "application/problem+json"
        assert (await api.ask("/openapi.json")).status_code == 200
