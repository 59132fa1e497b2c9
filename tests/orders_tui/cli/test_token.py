"""Tokens from the command line: told once, listed, taken back."""

from __future__ import annotations

from engine.access import tokens
from engine.access.caller import Caller
from engine.access.roles import Role
from engine.access.tokens import Shut, Standing
from tests.factories import Factory
from tests.orders_tui.cli.saying import Command


async def test_tokens_are_issued_to_services_and_people_listed_and_taken_back(
    command: Command, factory: Factory
) -> None:
    store = factory.database
    assert (await command("token", "list")).lines == []
    issued = await command("token", "issue", "storefront", "--days", "30")
    [text] = issued.lines
    assert text.startswith("orders_")
    assert "it is not shown again" in issued.err
    found = await tokens.find(store, text)
    assert isinstance(found, Caller)
    assert (found.role, found.name) == (Role.SERVICE, "storefront")
    [again] = (await command("token", "issue", "storefront", "--json")).documents
    assert await store.pool.fetchval("SELECT count(*) FROM users WHERE display_name = 'storefront'") == 1

    for name in ("Ines Falk", "Mira", "Mira"):
        await store.pool.execute(
            "INSERT INTO users (display_name, role, login_role) VALUES ($1, 'viewer', $2)",
            name,
            "ines" if name == "Ines Falk" else None,
        )
    [person] = (await command("token", "issue", "at home", "--for", "ines")).lines
    held = await tokens.find(store, person)
    assert isinstance(held, Caller)
    assert (held.role, held.name) == (Role.VIEWER, "Ines Falk")
    for arguments, sentence in (
        (("token", "issue", "x", "--for", "Nobody"), "Nobody is called 'Nobody'"),
        (("token", "issue", "x", "--for", "Mira"), "2 people are called 'Mira'"),
        (("token", "issue", "x", "--days", "0"), "A token lasts 1 to 3650 days."),
        (("token", "issue", " "), "A token's name is 1 to 80 characters"),
        (("token", "revoke", "nothing"), "There is no token 'nothing'"),
    ):
        said = await command(*arguments)
        assert (said.code, said.out, sentence in said.err) == (1, "", True), arguments
    assert await store.pool.fetchval("SELECT count(*) FROM access_tokens") == 3
    assert await store.pool.fetchval("SELECT count(*) FROM users WHERE display_name = 'x'") == 0

    assert (await command("token", "revoke", "storefront")).code == 0
    for revoked in (text, again["token"]):
        found = await tokens.find(store, revoked)
        assert isinstance(found, Shut)
        assert found.standing is Standing.REVOKED
    listed = (await command("token", "list", "--json")).documents
    assert [(token["name"], token["standing"]) for token in listed] == [
        ("at home", None),
        ("storefront", "revoked"),
        ("storefront", "revoked"),
    ]
    assert text not in (await command("token", "list")).out
    actions = await store.pool.fetch("SELECT action FROM audit_log ORDER BY created_at, action")
    assert [row["action"] for row in actions] == [
        "person.added",
        "token.issued",
        "token.issued",
        "token.issued",
        "token.revoked",
        "token.revoked",
    ]
