"""The personal fields and conditions in a letter's prose: read with Jinja's own parser, and nothing more than read.

No template is ever executed. Its syntax tree is walked against a closed list and becomes plain data (`Expression`,
`Segment`): no calls, attributes, loops or arithmetic are left that could run. So what a person's letter costs is
bounded by the length of its text: every piece is looked at once, and no piece can repeat or lengthen another.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

FIELDS: tuple[str, ...] = ("first_name", "name", "school", "commune", "academie", "status", "quarter")
"""What a letter may say about whoever reads it."""

FILTERS = ("upper", "lower", "default")
DEEPEST = 30
"""Levels of conditions, brackets and filters within each other."""

_ENVIRONMENT = SandboxedEnvironment()
_LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Expression:
    """A value or a test: `op` is "name" or "text", with the word itself, or an operation on what `args` give."""

    op: str
    args: tuple[Expression | str, ...]


@dataclass(frozen=True)
class Prose:
    """A stretch of prose as it was written; `line` is that of its first character."""

    text: str
    line: int


@dataclass(frozen=True)
class Place:
    """Where a value of the reader's is said."""

    value: Expression


@dataclass(frozen=True)
class Condition:
    """Branches in order, the first whose test holds is said; the test of an `else` is None."""

    branches: tuple[tuple[Expression | None, tuple[Segment, ...]], ...]


Segment = Prose | Place | Condition


@dataclass(frozen=True)
class Problem:
    """What a template may not say: `kind` unknown_field or forbidden, and the words found."""

    kind: str
    line: int
    found: str


def parsed(source: str, first_line: int) -> tuple[tuple[Segment, ...], list[Problem]]:
    """The segments of a stretch of a letter that begins on a line, and every problem in it."""
    walk = _Walk(source.splitlines(), first_line)
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as wrong:
        return (), [walk.problem("forbidden", wrong.lineno)]
    except RecursionError:  # thousands of brackets or conditions within each other; nobody can say on which line
        return (), [walk.problem("forbidden", 1)]
    return walk.segments(tree.body, 0), walk.problems


class _Walk:
    """One pass over a syntax tree. What is not in the list becomes a problem, and nothing else."""

    def __init__(self, lines: list[str], first_line: int) -> None:
        self._lines = lines
        self._first_line = first_line
        self.problems: list[Problem] = []

    def problem(self, kind: str, line: int, found: str | None = None) -> Problem:
        """A problem on a line of this stretch; without words of its own it quotes the line."""
        quoted = self._lines[line - 1].strip() if 0 < line <= len(self._lines) else ""
        return Problem(kind, self._first_line + line - 1, found or quoted[:_LONGEST_QUOTE])

    def segments(self, body: list[nodes.Node], depth: int) -> tuple[Segment, ...]:
        """What a list of statements says."""
        found: list[Segment] = []
        for node in body:
            if isinstance(node, nodes.Output):
                found += [self._said(each) for each in node.nodes]
            elif isinstance(node, nodes.If) and depth < DEEPEST:
                found.append(self._condition(node, depth + 1))
            else:
                self._refuse(node)
        return tuple(found)

    def _said(self, node: nodes.Expr) -> Segment:
        if isinstance(node, nodes.TemplateData):
            return Prose(node.data, self._first_line + node.lineno - 1)
        return Place(self._text(node, 0))

    def _condition(self, node: nodes.If, depth: int) -> Condition:
        tests = [(self._test(each.test, 0), self.segments(each.body, depth)) for each in [node, *node.elif_]]
        otherwise = [(None, self.segments(node.else_, depth))] if node.else_ else []
        return Condition((*tests, *otherwise))

    def _text(self, node: nodes.Node, depth: int) -> Expression:
        """An expression that is words: a field, a string, one of them filtered, or the one or the other."""
        if depth > DEEPEST:
            return self._refuse(node)
        if isinstance(node, nodes.Name):
            return self._field(node)
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return _text_of(node.value)
        if isinstance(node, nodes.Filter):
            return self._filtered(node, depth)
        if isinstance(node, nodes.And | nodes.Or):
            return self._joined(node, self._text, depth)
        return self._refuse(node)

    def _test(self, node: nodes.Node, depth: int) -> Expression:
        """An expression that holds or does not. Words hold unless they are empty."""
        if depth > DEEPEST:
            return self._refuse(node)
        if isinstance(node, nodes.Compare):
            return self._compared(node, depth)
        if isinstance(node, nodes.And | nodes.Or):
            return self._joined(node, self._test, depth)
        if isinstance(node, nodes.Not):
            return Expression("not", (self._test(node.node, depth + 1),))
        return self._text(node, depth)

    def _field(self, node: nodes.Name) -> Expression:
        if node.name not in FIELDS:
            self.problems.append(self.problem("unknown_field", node.lineno, node.name))
            return _text_of("")
        return Expression("name", (node.name,))

    def _filtered(self, node: nodes.Filter, depth: int) -> Expression:
        takes = 1 if node.name == "default" else 0
        unheard = node.kwargs or node.dyn_args or node.dyn_kwargs
        if node.name not in FILTERS or len(node.args) != takes or unheard or node.node is None:
            return self._refuse(node)
        return Expression(node.name, tuple(self._text(each, depth + 1) for each in [node.node, *node.args]))

    def _joined(
        self, node: nodes.And | nodes.Or, side: Callable[[nodes.Node, int], Expression], depth: int
    ) -> Expression:
        name = "and" if isinstance(node, nodes.And) else "or"
        return Expression(name, (side(node.left, depth + 1), side(node.right, depth + 1)))

    def _compared(self, node: nodes.Compare, depth: int) -> Expression:
        if len(node.ops) != 1 or node.ops[0].op not in _COMPARISONS:
            return self._refuse(node)
        sides = (self._text(node.expr, depth + 1), self._text(node.ops[0].expr, depth + 1))
        # A field that is compared with "" is asked whether it is known; any other comparison is about known ones.
        plain = "plain_" if _text_of("") in sides else ""
        return Expression(plain + node.ops[0].op, sides)

    def _refuse(self, node: nodes.Node) -> Expression:
        self.problems.append(self.problem("forbidden", node.lineno))
        return _text_of("")


def _text_of(words: str) -> Expression:
    return Expression("text", (words,))


# ---------------------------------------------------------------------------------------------------------- values


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda part, whole: part in whole,
    "notin": lambda part, whole: part not in whole,
}


def _about_known(compare: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    """A comparison that never holds for what is not known: `status != "active"` says nothing about nobody."""
    return lambda left, right: bool(left and right) and compare(left, right)


_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "upper": str.upper,
    "lower": str.lower,
    "default": lambda words, otherwise: words or otherwise,
    "and": lambda left, right: left and right,
    "or": lambda left, right: left or right,
    "not": operator.not_,
    **{op: _about_known(compare) for op, compare in _COMPARISONS.items()},
    **{f"plain_{op}": compare for op, compare in _COMPARISONS.items()},
}


def evaluated(expression: Expression, values: Mapping[str, str]) -> Any:
    """What an expression gives for a reader's values: words, or whether a test holds."""
    if expression.op == "name":
        return values[str(expression.args[0])]
    if expression.op == "text":
        return expression.args[0]
    given = (evaluated(arg, values) for arg in expression.args if isinstance(arg, Expression))
    return _OPERATIONS[expression.op](*given)


def names_in(expression: Expression) -> frozenset[str]:
    """The names that an expression asks for."""
    if expression.op == "name":
        return frozenset(str(arg) for arg in expression.args)
    return frozenset().union(*(names_in(arg) for arg in expression.args if isinstance(arg, Expression)))
