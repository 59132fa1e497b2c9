"""What the word that is being typed may become."""

from __future__ import annotations

from dataclasses import dataclass

from engine.orders.filter_language.names import Names
from engine.orders.filter_language.tokens import quoted_if_needed, tokens_of
from engine.orders.filter_language.words import BY_NAME, WORDS

_MOST = 12


@dataclass(frozen=True, slots=True)
class Hint:
    """`choices` are what may stand instead of the text from `start` on; `note` says what is taken there."""

    choices: tuple[str, ...] = ()
    note: str = ""
    start: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether the last word is still being typed, so that nothing about it is a mistake yet."""
        return bool(self.choices or self.note)


def hint_for(text: str, names: Names | None = None) -> Hint:
    """The hint for a text whose end is being typed; an empty one when its last word is whole."""
    if not text or text[-1].isspace():
        return Hint()
    token = tokens_of(text, BY_NAME)[-1]
    if not token.word:
        return _words(text[token.start :], token.start)
    word, piece = BY_NAME[token.word], token.pieces[-1]
    typed = piece.text.lower().replace("_", "-") if word.members else piece.text.lower()
    values = tuple(word.members) or (getattr(names, word.names) if names and word.names else ())
    if word.name == "assigned":
        values = ("me", "nobody", *values)
    choices = tuple(value for value in values if value.lower().startswith(typed) and value.lower() != typed)
    start = len(text) - len(_raw(text, token.start))
    if choices:
        return Hint(tuple(map(quoted_if_needed, choices[:_MOST])), word.meaning, start)
    return Hint(note=f"{word.meaning}, as in {word.example}", start=start) if not typed else Hint()


def completed(text: str, choice: str, hint: Hint) -> str:
    """The text with its last word become this choice; a value is followed by a space, so that the next word may come."""
    return f"{text[: hint.start]}{choice}{'' if choice.endswith(':') else ' '}"


def _words(typed: str, start: int) -> Hint:
    turned = typed.startswith("!")
    name = typed.removeprefix("!").lower()
    if not name and not turned:
        return Hint()
    found = [word for word in WORDS if word.name.startswith(name) and (word.can_be_turned or not turned)]
    choices = tuple(f"{'!' if turned else ''}{word.name}:" for word in found)
    return Hint(choices[:_MOST], found[0].meaning if len(found) == 1 else "", start)


def _raw(text: str, start: int) -> str:
    """What was typed of the last value, with its quote."""
    value = text[text.index(":", start) + 1 :]
    place, quoted = 0, False
    for index, character in enumerate(value):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            place = index + 1
    return value[place:]
