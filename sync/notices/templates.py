"""The words of each notice: a text file whose first line is the subject, and for mail an HTML file beside it, where there is one.

Those that ship with the program lie in `templates/`; an owner's own, in a directory from the settings, take their place file by file.
They are checked when they are read: one that is wrong is named, and the notice keeps the words it ships with. Values are text and
nothing else: they are never read as a template, are escaped in HTML, and lose control characters, so that a buyer's message can
neither add a header nor colour a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import Terminal
from sync.notices.values import LAYOUT, VALUES, NoticeValues

# Plain text: autoescaping would put HTML entities into it.
_TEXT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_HTML = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True, trim_blocks=True)

_SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice in words; `subject` is one line, and `html` empty where nobody asked for it."""

    subject: str
    body: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    subject: Template
    body: Template
    html: Template | None


class Templates:
    """The words of every notice; `problems` says in one sentence each what is wrong with the owner's own."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._words: dict[str, _Words] = {}
        self._own: set[str] = set()
        problems = list(self._strays()) if directory is not None else []
        for name, values in {**VALUES, LAYOUT.name: LAYOUT}.items():
            text = None if name == LAYOUT.name else self._read(f"{name}.txt", values, problems)
            html = self._read(f"{name}.html", values, problems)
            if text is None:
                self._layout = html
            else:
                # Apart, so that a value with an empty line in it does not end the subject early.
                subject, _, body = text.partition("\n\n")
                self._words[name] = _Words(
                    _TEXT.from_string(subject.removeprefix(_SUBJECT)),
                    _TEXT.from_string(body),
                    _HTML.from_string(html) if html else None,
                )
        assert self._layout is not None
        self._page = _HTML.from_string(self._layout)
        self.problems = tuple(problems)

    def render(self, template: str, values: Mapping[str, str], *, html: bool = False) -> Rendered:
        """The notice with its values. Raises Terminal for a template that does not exist or a value that is not given."""
        needed = VALUES.get(template)
        if needed is None:
            raise Terminal(
                "notice.unknown_template", f"There is no notice {template!r}; write one of {', '.join(sorted(VALUES))}."
            )
        if missing := sorted(needed.required - values.keys()):
            raise Terminal(
                "notice.missing_value", f"The notice {template!r} lacks {', '.join(missing)}; nothing was sent."
            )
        given = dict.fromkeys(needed.optional, "") | {name: plain(value) for name, value in values.items()}
        written = self._words[template]
        try:
            subject, body = one_line(written.subject.render(given)), written.body.render(given)
            page = self._as_page(written, given, subject, body) if html else ""
        except TemplateError as error:
            raise Terminal(
                "notice.bad_template", f"The notice {template!r} cannot be written: {type(error).__name__}."
            ) from None
        return Rendered(subject, body, page)

    def is_own(self, file: str) -> bool:
        """Whether the owner's file of this name is in use."""
        return file in self._own

    def source(self, template: str) -> str:
        """The text file of a notice as it is in use. Raises Terminal for one that there is not."""
        if template not in VALUES:
            raise Terminal(
                "notice.unknown_template", f"There is no notice {template!r}; write one of {', '.join(sorted(VALUES))}."
            )
        name = f"{template}.txt"
        return self._own_text(name) if name in self._own else built_in(name) or ""

    def _as_page(self, written: _Words, given: Mapping[str, str], subject: str, body: str) -> str:
        if written.html is not None:
            return written.html.render({**given, "subject": subject})
        return self._page.render(subject=subject, paragraphs=[part for part in body.split("\n\n") if part.strip()])

    def _read(self, file: str, values: NoticeValues, problems: list[str]) -> str | None:
        """The owner's file if it is there and right, else the one that ships with the program, if there is one."""
        if self._directory is not None and (self._directory / file).exists():
            problem = self._problem(file, values)
            if problem is None:
                self._own.add(file)
                return self._own_text(file)
            problems.append(problem)
        return built_in(file)

    def _own_text(self, file: str) -> str:
        assert self._directory is not None
        return (self._directory / file).read_text("utf-8")

    def _problem(self, file: str, values: NoticeValues) -> str | None:
        assert self._directory is not None
        path = self._directory / file
        is_page = file.endswith(".html")
        known = values.names | {"subject"} if is_page else values.names
        try:
            text = path.read_text("utf-8")
            if not is_page and not text.startswith(_SUBJECT):
                return f'{path} does not begin with "{_SUBJECT}"; give it a subject and an empty line before its words.'
            environment = _HTML if is_page else _TEXT
            unknown = sorted(meta.find_undeclared_variables(environment.parse(text)) - known)
            if unknown:
                has = ", ".join(sorted(known))
                return f"{path} uses {', '.join(unknown)}, which this notice does not have; it has {has}."
            trial: dict[str, object] = dict.fromkeys(known, "x")
            if values is LAYOUT:
                trial["paragraphs"] = ["x"]
            environment.from_string(text).render(trial)
        except TemplateSyntaxError as error:
            return f"{path}, line {error.lineno}: {error.message}; mend it, or take the file away."
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            return f"{path} cannot be filled in ({type(error).__name__}); mend it, or take the file away."
        except OSError as error:
            return f"{path} cannot be read ({(error.strerror or 'no reason given').lower()}); mend its rights."
        return None

    def _strays(self) -> Iterator[str]:
        assert self._directory is not None
        try:
            names = sorted(path.name for path in self._directory.iterdir())
        except OSError as error:
            reason = (error.strerror or "no reason given").lower()
            yield f"The directory of notices {self._directory} cannot be read ({reason}); mend notices.templates."
            return
        for name in names:
            stem, _, kind = name.rpartition(".")
            if kind in {"txt", "html"} and stem not in VALUES and name != f"{LAYOUT.name}.html":
                yield f"{self._directory / name} is no notice's; name it after one of {', '.join(sorted(VALUES))}."


@cache
def built_in(file: str) -> str | None:
    """A file that ships with the program, if there is one of this name."""
    found = files("sync.notices").joinpath("templates", file)
    return found.read_text("utf-8") if found.is_file() else None


@cache
def built_in_templates() -> Templates:
    """The words that ship with the program."""
    return Templates()


def plain(text: str) -> str:
    """The text without control characters other than line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(character for character in text if character == "\n" or character.isprintable())


def one_line(text: str) -> str:
    """The text on one line, as a header needs it."""
    return " ".join(plain(text).split())
