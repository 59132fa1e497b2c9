"""Settings: where values come from, colours seen and kept, keys moved, quiet hours, checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.database.connection import Database
from orders_tui.app import console_options
from orders_tui.console import OrdersApp
from orders_tui.own_themes import own_themes
from orders_tui.settings_file import read_settings
from orders_tui.settings_themes import ThemeSection, read_theme_folder
from tests.factories import Factory
from tests.orders_tui.console.driving import MEDIUM, SMALL, notices, press, text, until, write

FILE = """\
# the desk at the gate
[console]
theme = "quay"   # ours

[console.themes.quay]
based_on = "orders-contrast"
accent = "#ffaa00"

[console.themes.lost]
based_on = "nowhere"

[tiktok]
poll_seconds = 45
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    monkeypatch.setenv("ORDERS_TUI_CONFIG", str(path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "dawn.toml").write_text('based_on = "orders-light"\nprimary = "#804000"\n')
    (tmp_path / "themes" / "dusk.toml").write_text('primary = "purplish"\n')
    (tmp_path / "themes" / "night.toml").write_text("primary = \n")
    return path


@pytest.fixture
def own_app(new_app: Callable[..., OrdersApp], file: Path) -> OrdersApp:
    options = console_options(read_settings().console)
    return new_app(
        theme=options.theme, themes=options.themes, theme_folder=options.theme_folder, memory_file=options.memory_file
    )


async def test_colours_are_seen_at_once_and_kept_and_broken_ones_are_told(
    own_app: OrdersApp, factory: Factory, file: Path
) -> None:
    await factory.shop()
    async with own_app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "comma")
        await until(pilot, lambda: "there is no theme 'nowhere' to base it on" in "\n".join(notices(own_app)))
        told = "\n".join(notices(own_app))
        assert "dusk.toml is passed over: primary: it should be a colour such as #5ea1d8 or ansi_blue." in told
        assert "night.toml is passed over" in told
        assert own_app.theme == "quay"
        assert own_app.current_theme.accent == "#ffaa00"
        assert own_app.current_theme.background == "#000000"
        await press(pilot, "right")
        assert own_app.theme_names[-2:] == ["dawn", "quay"]
        await press(pilot, "end", "up")
        assert own_app.theme == "dawn"
        await press(pilot, "f2", "f10")
        assert own_app.theme == "quay"
        await press(pilot, "home", "enter", "right")
        assert own_app.theme == "orders-dark"
        await press(pilot, "left", "backspace")
        assert own_app.theme == "quay"
        assert "theme =" not in file.read_text()
        assert "# the desk at the gate" in file.read_text()


async def test_what_is_in_force_says_where_it_comes_from_and_own_settings_are_changed(
    own_app: OrdersApp, factory: Factory, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await factory.shop()
    monkeypatch.setenv("ORDERS_TUI_DAEMON__IDLE_SECONDS", "3")
    async with own_app.run_test(size=(120, 200), notifications=True) as pilot:
        await press(pilot, "f10")
        shown = {line.split()[0]: line.split()[1:] for line in text(own_app).splitlines() if len(line.split()) > 2}
        assert shown["tiktok.poll_seconds"] == ["file", "45.0"]
        assert shown["daemon.idle_seconds"] == ["ORDERS_TUI_DAEMON__IDLE_…", "3.0"]
        assert shown["daemon.drain_seconds"] == ["default", "10.0"]
        assert "hush" not in text(own_app)

        screen = own_app.screen
        screen.lines.highlighted = screen.lines.get_option_index("tiktok.poll_seconds")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert notices(own_app)[-1].startswith("This holds for daemons too: orders-tui config set tiktok.poll_seconds")
        screen.lines.highlighted = screen.lines.get_option_index("console.refresh_seconds")  # type: ignore[attr-defined]
        await press(pilot, "enter", *["backspace"] * 8)
        await write(pilot, "soon")
        await press(pilot, "enter")
        assert "console.refresh_seconds is wrong" in text(own_app)
        assert file.read_text() == FILE
        await press(pilot, *["backspace"] * 8)
        await write(pilot, "0.5")
        await press(pilot, "enter")
        assert read_settings().console.refresh_seconds == 0.5
        assert (
            own_app.session.deeds.newest_first().__next__().command
            == "orders-tui config set console.refresh_seconds 0.5"
        )


async def test_a_key_is_moved_by_pressing_the_new_one(own_app: OrdersApp, factory: Factory, file: Path) -> None:
    await factory.order()
    async with own_app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f10", "right", "right")
        screen = own_app.screen
        screen.lines.highlighted = screen.lines.get_option_index("orders.search")  # type: ignore[attr-defined]
        await press(pilot, "enter", "f")
        assert "The key 'f' is given to both" in text(own_app)
        assert file.read_text() == FILE
        await press(pilot, "ctrl+s")
        assert read_settings().console.keys == {"orders.search": "ctrl+s"}
        await press(pilot, "f3", "ctrl+s")
        assert own_app.focused is own_app.orders.bar.field
        await press(pilot, "escape")
        assert "ctrl+s search" in text(own_app)
        await press(pilot, "f10", "backspace")
        assert read_settings().console.keys == {}
        await press(pilot, "f3", "slash")
        assert own_app.focused is own_app.orders.bar.field


async def test_quiet_hours_places_and_checks(
    own_app: OrdersApp, factory: Factory, opened: Database, file: Path
) -> None:
    await factory.shop()
    await opened.pool.execute("INSERT INTO users (display_name, role, login_role) VALUES ('mira', 'operator', 'mira')")
    async with own_app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f10", "right", "right", "right", "n")
        await write(pilot, "22:00-late")
        await press(pilot, "enter")
        assert "These are no quiet hours" in text(own_app)
        assert not await opened.pool.fetchval("SELECT count(*) FROM notice_preferences")
        await press(pilot, *["backspace"] * 4)
        await write(pilot, "06:30 Europe/Berlin")
        await press(pilot, "enter")
        assert "quiet 22:00 to 06:30 Europe/Berlin" in text(own_app)
        assert next(own_app.session.deeds.newest_first()).command == (
            "orders-tui notices quiet-hours set mira 22:00 06:30 --zone Europe/Berlin"
        )
        await press(pilot, "right")
        assert "Main warehouse" in text(own_app)


def test_themes_are_checked_when_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        ThemeSection(accent="orange-ish")
    assert read_theme_folder(tmp_path / "nowhere") == ({}, [])
    made, wrong = own_themes({"one": ThemeSection(primary="#123456"), "two": ThemeSection(based_on="one")})
    assert [theme.primary for theme in made] == ["#123456", "#123456"]
    assert wrong == []
