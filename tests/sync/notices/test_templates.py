"""The words of notices: filled in with text, and with nothing but text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Terminal
from sync.notices.templates import Rendered, Templates, plain
from sync.notices.values import VALUES

render = Templates().render

SHIPPED = {"order": "577", "shop": "Harbor Lane", "carrier": "USPS", "tracking_number": "9400111"}


def test_a_notice_is_a_subject_and_a_body() -> None:
    assert render("order_shipped", SHIPPED) == Rendered(
        "Your order 577 is on its way",
        "Hello,\n\nyour order 577 from Harbor Lane left today with USPS.\nIts tracking number is 9400111.\n",
    )


@pytest.mark.parametrize("template", sorted(VALUES))
def test_every_template_says_what_it_needs_and_uses_it(template: str) -> None:
    needed = VALUES[template].names - VALUES[template].optional.intersection({"text"})
    words = render(template, {name: f"<{name}>" for name in needed})
    assert words.subject
    assert "{" not in words.subject + words.body
    assert all(f"<{name}>" in words.subject + words.body for name in VALUES[template].required)


def test_a_missing_value_sends_nothing_and_is_named() -> None:
    with pytest.raises(Terminal) as refused:
        render("order_shipped", {"order": "577", "shop": "Harbor Lane"})
    assert refused.value.code == "notice.missing_value"
    assert refused.value.sentence == "The notice 'order_shipped' lacks carrier, tracking_number; nothing was sent."


def test_an_unknown_template_is_named_with_those_there_are() -> None:
    with pytest.raises(Terminal) as refused:
        render("../secrets", {})
    assert refused.value.code == "notice.unknown_template"
    assert "order_shipped" in refused.value.sentence


def test_a_value_is_never_a_template() -> None:
    words = render("order_shipped", SHIPPED | {"shop": "{{ 7 * 7 }}{% include 'x' %}<b>&amp;</b>"})
    assert "{{ 7 * 7 }}{% include 'x' %}<b>&amp;</b>" in words.body


def test_a_value_with_lines_of_its_own_stays_in_its_place() -> None:
    words = render("order_shipped", SHIPPED | {"order": "577\r\nBcc: all@relay.example\n\nHello"})
    assert words.subject == "Your order 577 Bcc: all@relay.example Hello is on its way"
    assert words.body.startswith("Hello,\n\nyour order 577\n")


def test_several_lines_are_indented_alike() -> None:
    words = render(
        "out_of_stock",
        {"order": "577", "shop": "Harbor Lane", "missing": "2 of MUG-BLU\n1 of BOWL-LG", "alternatives": ""},
    )
    assert "\n    2 of MUG-BLU\n    1 of BOWL-LG\n" in words.body


@given(st.text())
def test_no_value_can_colour_a_terminal_or_add_a_header(text: str) -> None:
    words = render("order_shipped", SHIPPED | {"order": text, "shop": text})
    assert all(character.isprintable() for character in words.subject)
    assert all(character == "\n" or character.isprintable() for character in words.body)
    assert plain(plain(text)) == plain(text)


def owned(directory: Path, **files: str) -> Templates:
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)
    return Templates(directory)


def test_an_owners_words_take_the_place_of_ours_file_by_file(tmp_path: Path) -> None:
    own = owned(
        tmp_path,
        order_shipped__txt="Subject: Off it goes: {{ order }}\n\n{{ carrier }} has it.\n",
        layout__html="<main>{% for each in paragraphs %}<p>{{ each }}</p>{% endfor %}</main>",
    )
    assert own.problems == ()
    assert own.render("order_shipped", SHIPPED) == Rendered("Off it goes: 577", "USPS has it.\n")
    assert own.render("review_request", SHIPPED | {"shop": "<i>"}, html=True).html.startswith("<main><p>Hello,</p><p>")
    assert "&lt;i&gt;" in own.render("review_request", SHIPPED | {"shop": "<i>"}, html=True).html
    assert own.render("review_request", SHIPPED).subject == render("review_request", SHIPPED).subject
    assert (own.is_own("order_shipped.txt"), own.is_own("review_request.txt")) == (True, False)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (
            "order_shipped.txt",
            "Subject: {{ colour }}\n\nx\n",
            "order_shipped.txt uses colour, which this notice does not have; it has carrier, order, shop, tracking_number.",
        ),
        (
            "order_shipped.txt",
            "Subject: x\n\n{% if order %}\n",
            "order_shipped.txt, line 3: Unexpected end of template.",
        ),
        ("order_shipped.txt", "Hello {{ order }}\n", 'order_shipped.txt does not begin with "Subject: "; give it a'),
        ("order_shipped.html", "<p>{{ order | shout }}</p>", "order_shipped.html, line 1: No filter named 'shout'"),
        ("order_shipped.txt", "Subject: x\n\n{{ order / 2 }}\n", "order_shipped.txt cannot be filled in (TypeError)"),
        ("order_shiped.txt", "Subject: x\n\nx\n", "order_shiped.txt is no notice's; name it after one of alert,"),
    ],
)
def test_what_is_wrong_with_an_owners_words_is_one_sentence_and_ours_are_used(
    tmp_path: Path, file: str, text: str, says: str
) -> None:
    (tmp_path / file).write_text(text)
    own = Templates(tmp_path)
    (problem,) = own.problems
    assert says in problem
    assert own.render("order_shipped", SHIPPED) == render("order_shipped", SHIPPED)
    assert own.render("order_shipped", SHIPPED, html=True) == render("order_shipped", SHIPPED, html=True)


def test_an_owners_words_can_reach_nothing_but_their_values(tmp_path: Path) -> None:
    own = owned(tmp_path, order_shipped__txt="Subject: x\n\n{{ order.__class__.__mro__ }}\n")
    (problem,) = own.problems
    assert "order_shipped.txt cannot be filled in (SecurityError)" in problem


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    (problem,) = Templates(tmp_path / "none").problems
    assert problem.endswith("cannot be read (no such file or directory); mend notices.templates.")
