"""The type checker of conditions: every construct, name and type is looked at when a rule is saved.

What it lets through cannot fail for its types when it is evaluated. What it refuses is told in one sentence with the column and the
mend. It answers the tree to evaluate: numbers exact, lists and the words `true` and `false` as constants.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.workflow.rules.functions import FUNCTIONS
from engine.workflow.rules.names import NAMES, PERSONAL, Kind

MOST_CHARACTERS = 1000
MOST_DEPTH = 20
MOST_NODES = 200
MOST_IN_A_LIST = 100
LARGEST_NUMBER = 10**12

_ONE_LINE = re.compile(r"[\r\n\t]+")

_TRUTHS = {"true": True, "false": False}
_EQUAL = (ast.Eq, ast.NotEq)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_AMONG = (ast.In, ast.NotIn)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)

_NOT_ALLOWED: dict[type[ast.AST], str] = {
    ast.Attribute: "a dot after a name",
    ast.Subscript: "an index in square brackets",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.JoinedStr: "an f-text",
    ast.NamedExpr: "an assignment",
    ast.IfExp: "an if",
    ast.Dict: "a table",
    ast.Set: "a set",
    ast.Tuple: "a list in round brackets",
    ast.Starred: "a star",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Pow: "**",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.MatMult: "@",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.Invert: "~",
    ast.Is: "is",
    ast.IsNot: "is not",
}

_MENDS = {
    ast.Is: "use ==",
    ast.IsNot: "use !=",
    ast.BitOr: "use or",
    ast.BitAnd: "use and",
    ast.IfExp: "use and, or, not",
    ast.Tuple: "write the list in square brackets",
    ast.Set: "write the list in square brackets",
}

_USUAL_MEND = "use comparisons, and, or, not, in, + - * / and the functions " + ", ".join(FUNCTIONS)


class Flaw(Exception):
    """What is wrong with a condition: where, and a sentence with the mend."""

    def __init__(self, column: int, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence

    def at(self, place: str) -> str:
        """The sentence with its place before it."""
        return f"{place}, column {self.column}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A condition that may be evaluated: its one line of text, its tree, the names it uses."""

    text: str
    tree: ast.expr
    names: frozenset[str]


def check(text: str) -> Checked:
    """Parse and check a condition; an empty one always holds. Raises Flaw."""
    line = _ONE_LINE.sub(" ", text).strip() or "true"
    if len(line) > MOST_CHARACTERS:
        raise Flaw(
            MOST_CHARACTERS + 1,
            f"the condition has {len(line)} characters, {MOST_CHARACTERS} at most are allowed; make two rules of it.",
        )
    checker = _Checker(line)
    kind, tree = checker.visit(checker.parse(), 1)
    if kind is not Kind.TRUTH:
        raise Flaw(1, f"the condition is {kind}, not {Kind.TRUTH}; compare it with something, {_example(kind)}.")
    return Checked(line, tree, frozenset(checker.names))


def _example(kind: Kind) -> str:
    match kind:
        case Kind.NUMBER:
            return "as in units > 1"
        case Kind.TEXTS:
            return 'as in "vip" in tags'
        case Kind.TEXT | Kind.TRUTH:
            return 'as in country == "US"'


class _Checker:
    def __init__(self, line: str) -> None:
        self._line = line
        self._bytes = line.encode(errors="replace")
        self._nodes = 0
        self.names: set[str] = set()

    def parse(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about escapes and digits: they are read as they stand
                return ast.parse(self._line, mode="eval").body
        except SyntaxError as error:
            end = len(self._line) + 1
            column = min(error.offset or end, end)  # none at the end of the text
            raise Flaw(column, f"the condition cannot be read here; {self._hint()}.") from None
        except (ValueError, MemoryError, RecursionError):
            raise Flaw(1, f"the condition cannot be read; {self._hint()}.") from None

    def visit(self, node: ast.expr, depth: int) -> tuple[Kind, ast.expr]:
        """The node's kind, and the node to evaluate."""
        self._nodes += 1
        if depth > MOST_DEPTH:
            raise self._flaw(
                node, f"the condition is nested more than {MOST_DEPTH} deep; make it flatter, or two rules of it"
            )
        if self._nodes > MOST_NODES:
            raise self._flaw(node, f"the condition has more than {MOST_NODES} parts; make two rules of it")
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.BoolOp():
                values = [self._of_kind(value, Kind.TRUTH, depth + 1) for value in node.values]
                return Kind.TRUTH, ast.copy_location(ast.BoolOp(node.op, values), node)
            case ast.UnaryOp():
                return self._unary(node, depth)
            case ast.BinOp():
                self._only(node, node.op, _ARITHMETIC)
                sides = [self._of_kind(side, Kind.NUMBER, depth + 1) for side in (node.left, node.right)]
                if isinstance(node.op, ast.Div) and isinstance(sides[1], ast.Constant) and sides[1].value == 0:
                    raise self._flaw(node.right, "it divides by zero; divide by something else")
                return Kind.NUMBER, ast.copy_location(ast.BinOp(sides[0], node.op, sides[1]), node)
            case ast.Compare():
                return Kind.TRUTH, self._compare(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.List():
                raise self._flaw(node, 'a list stands only after in; write as in country in ["US", "CA"]')
            case _:
                raise self._not_allowed(node, node)

    def _constant(self, node: ast.Constant) -> tuple[Kind, ast.expr]:
        value = node.value
        if isinstance(value, bool):
            return Kind.TRUTH, node
        if isinstance(value, str):
            return Kind.TEXT, node
        if isinstance(value, int | float):
            if abs(value) > LARGEST_NUMBER:
                raise self._flaw(node, f"the number is too large; {LARGEST_NUMBER} at most are allowed")
            # Exact as it is written: money is never compared with a binary fraction.
            exact = Decimal(repr(value)) if isinstance(value, float) else value
            return Kind.NUMBER, _constant(exact, node)
        raise self._flaw(node, f"{self._text(node)} is no value here; write a number, a text in quotes, true or false")

    def _name(self, node: ast.Name) -> tuple[Kind, ast.expr]:
        if node.id in _TRUTHS:
            return Kind.TRUTH, _constant(_TRUTHS[node.id], node)
        if node.id in NAMES:
            self.names.add(node.id)
            return NAMES[node.id].kind, node
        if node.id in FUNCTIONS:
            raise self._flaw(node, f"{node.id} is a function; write {node.id}(…)")
        if node.id.lower() in PERSONAL:
            raise self._flaw(
                node,
                f"{node.id} is personal and not offered to rules; of the address there are country, state and postal_prefix",
            )
        raise self._flaw(node, f"there is no name {node.id}; {_nearest(node.id, list(NAMES))}")

    def _unary(self, node: ast.UnaryOp, depth: int) -> tuple[Kind, ast.expr]:
        self._only(node, node.op, (ast.Not, ast.USub, ast.UAdd))
        kind = Kind.TRUTH if isinstance(node.op, ast.Not) else Kind.NUMBER
        operand = self._of_kind(node.operand, kind, depth + 1)
        return kind, ast.copy_location(ast.UnaryOp(node.op, operand), node)

    def _compare(self, node: ast.Compare, depth: int) -> ast.expr:
        left_source, (left_kind, left) = node.left, self.visit(node.left, depth + 1)
        comparators: list[ast.expr] = []
        for operator, right_source in zip(node.ops, node.comparators, strict=True):
            self._only(node, operator, (*_EQUAL, *_ORDERED, *_AMONG))
            if isinstance(operator, _AMONG):
                right_kind, right = self._among(left_source, left_kind, right_source, depth + 1)
            else:
                right_kind, right = self.visit(right_source, depth + 1)
                self._comparable(operator, (left_source, left_kind), (right_source, right_kind))
            comparators.append(right)
            left_source, left_kind = right_source, right_kind
        return ast.copy_location(ast.Compare(left, node.ops, comparators), node)

    def _comparable(self, operator: ast.cmpop, left: tuple[ast.expr, Kind], right: tuple[ast.expr, Kind]) -> None:
        (left_node, left_kind), (right_node, right_kind) = left, right
        if left_kind is not right_kind:
            raise self._flaw(
                right_node,
                f"{self._text(left_node)} is {left_kind} and {self._text(right_node)} is {right_kind}; "
                f"{_compare_like(left_kind)}",
            )
        if left_kind is Kind.TEXTS:
            raise self._flaw(left_node, f"{self._text(left_node)} is {left_kind}; ask with in, any_of or all_of")
        if isinstance(operator, _ORDERED) and left_kind is not Kind.NUMBER:
            raise self._flaw(left_node, f"{self._text(left_node)} is {left_kind}, which has no order; use == or !=")
        self._known_word(left_node, right_node)
        self._known_word(right_node, left_node)

    def _among(self, left: ast.expr, kind: Kind, right: ast.expr, depth: int) -> tuple[Kind, ast.expr]:
        if isinstance(right, ast.List):
            values = [self._member(left, kind, element, depth + 1) for element in right.elts]
            if len(values) > MOST_IN_A_LIST:
                raise self._flaw(right, f"the list has more than {MOST_IN_A_LIST} values; make two rules of it")
            return Kind.TEXTS, _constant(tuple(values), right)
        right_kind, node = self.visit(right, depth)
        if right_kind is not Kind.TEXTS or kind is not Kind.TEXT:
            mend = f"contains({self._text(right)}, {self._text(left)})" if right_kind is kind is Kind.TEXT else "a list"
            raise self._flaw(
                right, f"in asks whether a text is in a list, and {self._text(right)} is {right_kind}; write {mend}"
            )
        return right_kind, node

    def _member(self, left: ast.expr, kind: Kind, element: ast.expr, depth: int) -> object:
        element_kind, node = self.visit(element, depth)
        if not isinstance(node, ast.Constant):
            raise self._flaw(element, "a list holds numbers or texts only, no names; compare the name by itself")
        if element_kind is not kind:
            raise self._flaw(
                element,
                f"{self._text(left)} is {kind} and {self._text(element)} in the list is {element_kind}; "
                f"{_compare_like(kind)}",
            )
        self._known_word(left, element)
        return node.value

    def _known_word(self, name: ast.expr, literal: ast.expr) -> None:
        """Refuse a word that a name of a closed set never is."""
        if isinstance(name, ast.Name) and isinstance(literal, ast.Constant) and name.id in NAMES:
            words = NAMES[name.id].words
            if words and literal.value not in words:
                raise self._flaw(
                    literal, f"{name.id} is never {self._text(literal)}; {_nearest(str(literal.value), list(words))}"
                )

    def _call(self, node: ast.Call, depth: int) -> tuple[Kind, ast.expr]:
        if not isinstance(node.func, ast.Name):
            raise self._not_allowed(node.func, node.func)
        function = FUNCTIONS.get(node.func.id)
        if function is None:
            raise self._flaw(node, f"there is no function {node.func.id}; {_nearest(node.func.id, list(FUNCTIONS))}")
        least = len(function.takes)
        if node.keywords or len(node.args) < least or (len(node.args) > least and not function.more):
            shape = ", ".join(kind.value for kind in function.takes) + (", …" if function.more else "")
            raise self._flaw(node, f"{node.func.id} takes ({shape}); give it that")
        kinds: Sequence[Kind] = [*function.takes, *[function.takes[-1]] * (len(node.args) - least)]
        arguments = [self._of_kind(each, kind, depth + 1) for each, kind in zip(node.args, kinds, strict=True)]
        return function.gives, ast.copy_location(ast.Call(node.func, arguments, []), node)

    def _of_kind(self, node: ast.expr, wanted: Kind, depth: int) -> ast.expr:
        kind, checked = self.visit(node, depth)
        if kind is not wanted:
            mend = f"compare it, {_example(kind)}" if wanted is Kind.TRUTH else f"give {wanted}"
            raise self._flaw(node, f"{self._text(node)} is {kind}, and {wanted} is needed here; {mend}")
        return checked

    def _only(self, node: ast.expr, operator: ast.AST, allowed: tuple[type[ast.AST], ...]) -> None:
        if not isinstance(operator, allowed):
            raise self._not_allowed(node, operator)

    def _not_allowed(self, node: ast.expr, what: ast.AST) -> Flaw:
        kind = type(what)
        words = _NOT_ALLOWED.get(kind, "this")
        return self._flaw(node, f"{words} is not allowed in a condition; {_MENDS.get(kind, _USUAL_MEND)}")

    def _flaw(self, node: ast.expr, sentence: str) -> Flaw:
        # The parser counts bytes, people count characters.
        before = self._bytes[: node.col_offset].decode(errors="replace")
        return Flaw(len(before) + 1, sentence if sentence.endswith("?") else f"{sentence}.")

    def _text(self, node: ast.expr) -> str:
        segment = ast.get_source_segment(self._line, node) or "this"
        return segment if len(segment) <= 40 else f"{segment[:39]}…"

    def _hint(self) -> str:
        for found, mend in (("&&", "use and"), ("||", "use or"), ("<>", "use !="), ("!", "use not, or !=")):
            if found in self._line and not (found == "!" and "!=" in self._line):
                return f"instead of {found} {mend}"
        if "=" in self._line and not any(sign in self._line for sign in ("==", "!=", "<=", ">=")):
            return "to compare, use =="
        return 'write it as in total > 100 and country == "US"'


def _constant(value: Any, place: ast.expr) -> ast.expr:
    """A constant of any type: the tree is never compiled, so exact numbers and tuples may stand in it."""
    return ast.copy_location(ast.Constant(value), place)


def _compare_like(kind: Kind) -> str:
    match kind:
        case Kind.NUMBER:
            return "compare a number with a number, without quotes"
        case Kind.TEXT:
            return "compare a text with a text in quotes"
        case Kind.TRUTH:
            return "compare it with true or false, or leave the comparison out"
        case Kind.TEXTS:
            return "ask with in, any_of or all_of"


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
