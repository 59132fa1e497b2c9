"""Views that people keep: whose they are, which key opens them, what cannot be kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.orders.filters import OrderSort
from engine.orders.saved_views import (
    SavedView,
    delete_view,
    on_keys,
    save_view,
    saved_views,
    shared_from_the_start,
    view_named,
)
from engine.words import ChangeSource

MIRA, TOM = Actor("mira", ChangeSource.USER), Actor("tom", ChangeSource.USER)


async def save(store: Database, view: SavedView, actor: Actor = MIRA) -> SavedView:
    return await store.run(lambda connection: save_view(connection, view, actor=actor))


async def names(store: Database, actor: Actor) -> dict[int, str]:
    return {key: view.name for key, view in on_keys(await saved_views(store, actor)).items()}


async def test_a_new_database_has_everybody_s_views_on_their_keys(store: Database) -> None:
    views = await saved_views(store, MIRA)
    assert views == sorted(shared_from_the_start(), key=lambda view: view.position or 0)
    assert [view.position for view in views] == list(range(1, len(views) + 1))
    assert all(view.shared for view in views)


async def test_one_s_own_view_is_one_s_own_and_comes_before_everybody_s_on_its_key(store: Database) -> None:
    shared = await names(store, MIRA)
    gifts = SavedView("Gifts", "tag:gift", OrderSort.TOTAL_AMOUNT, True, ("status", "total"), 1)
    assert await save(store, gifts) == gifts
    assert await names(store, MIRA) == shared | {1: "Gifts"}
    assert await names(store, TOM) == shared
    assert (await saved_views(store, MIRA))[0] == gifts

    await save(store, replace(gifts, name="gifts", words="tag:gift,wrapped", position=9))  # the same one, elsewhere
    assert await names(store, MIRA) == shared | {9: "Gifts"}
    await save(store, SavedView("late", "ship-by:<now", position=9))
    assert await names(store, MIRA) == shared | {9: "late"}
    assert view_named(await saved_views(store, MIRA), "gifts").position is None
    await save(store, replace(gifts, position=2))
    await save(store, SavedView("late", "ship-by:<now", position=2))  # they change places
    assert await names(store, MIRA) == shared | {2: "late", 9: "Gifts"}

    await save(store, SavedView("Gifts", "tag:gift", position=3, shared=True), TOM)
    assert (await names(store, TOM))[3] == "Gifts"
    views = await saved_views(store, MIRA)
    assert [view.shared for view in views if view.name == "Gifts"] == [False, True]
    own = view_named(views, "gifts")
    assert not own.shared
    await store.run(lambda connection: delete_view(connection, own, actor=MIRA))
    assert [view.shared for view in await saved_views(store, MIRA) if view.name == "Gifts"] == [True]
    with pytest.raises(NotFound):
        await store.run(lambda connection: delete_view(connection, own, actor=MIRA))


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (SavedView("", "tag:gift"), "view.name"),
        (SavedView("7", "tag:gift"), "view.name"),
        (SavedView("x" * 41, "tag:gift"), "view.name"),
        (SavedView("x", "tag:gift", position=10), "view.key"),
        (SavedView("x", "status:nonsense"), "filter.word"),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_nothing_changes(store: Database, view: SavedView, code: str) -> None:
    before = await saved_views(store, MIRA)
    with pytest.raises(Refused) as refused:
        await save(store, view)
    assert refused.value.code == code
    assert await saved_views(store, MIRA) == before
    assert await store.pool.fetchval("SELECT count(*) FROM users WHERE login_role = 'mira'") == 0
