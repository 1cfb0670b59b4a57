"""Texts that follow a custom tool's grammar: a regular expression, or Lark's syntax.

A grammar is anybody's: it is read and unfolded within bounds, nothing is parsed with it, and one that asks for more than they
allow is answered with the prompt.
"""

import ast
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from classroom.standin.generation.patterns import invent_match
from classroom.standin.incoming import errors

_LONGEST = 20_000  # characters of a grammar
_LONGEST_TEXT = 4_000
_MOST_STEPS = 5_000
_MOST_TIMES = 3  # of what may be repeated for ever
_FREELY = 8  # rules deeper than the shortest text
_IMPORT = re.compile(r"^\s*%import\s+(?!common\b)", re.MULTILINE)


@dataclass(frozen=True)
class Grammar:
    """What a text has to follow. `syntax`: "regex" or "lark"."""

    syntax: str
    definition: str


@dataclass(frozen=True)
class _Rules:
    """A Lark grammar as it was read: of each rule and terminal its tree.

    Attributes:
        depths: of each rule and terminal, how deep its shortest unfolding goes.
        gap: what may be written between two terminals.
    """

    trees: Mapping[str, Any]
    terminals: frozenset[str]
    depths: Mapping[str, float]
    gap: str


class _TooMuch(Exception):
    """The bounds are reached."""


def read(format: Any) -> Grammar | None:
    """The grammar of a custom tool's format, as Responses or Chat Completions write it; None for free text."""
    if not isinstance(format, Mapping) or format.get("type") != "grammar":
        return None
    inner = format.get("grammar") or format
    return Grammar(str(inner.get("syntax")), str(inner.get("definition")))


def check(grammar: Grammar, param: str) -> None:
    """Refuse a grammar that can't be read.

    Raises:
        APIError: 400 `invalid_grammar`, with what is wrong with it.
    """
    try:
        if grammar.syntax == "regex":
            re.compile(grammar.definition)
        else:
            _unfolded(grammar.definition)
    except (re.error, ValueError, OverflowError, RecursionError) as problem:
        raise errors.invalid(
            f"Invalid grammar: {str(problem).splitlines()[0][:200]}", param, "invalid_grammar"
        ) from None


def write(grammar: Grammar, prompt: str, seed: str) -> str:
    """A text that follows the grammar; the prompt, where it can't be read or asks for too much."""
    chance = random.Random(seed)  # noqa: S311  # the same request gets the same text
    if grammar.syntax == "regex":
        return invent_match(grammar.definition.removeprefix("^").removesuffix("$"), chance)
    try:
        return _Writer(_unfolded(grammar.definition), chance).text()
    except (_TooMuch, ValueError, OverflowError, RecursionError):
        return prompt


@lru_cache(maxsize=32)
def _unfolded(definition: str) -> _Rules:
    """Raises ValueError for a grammar that is too long, or none."""
    from lark.exceptions import LarkError  # here: few ask for it
    from lark.load_grammar import load_grammar

    load: Callable[..., Any] = load_grammar

    if len(definition) > _LONGEST:
        raise ValueError(f"it has {len(definition)} characters; at most {_LONGEST} are read.")
    if _IMPORT.search(definition):
        raise ValueError("only what 'common' has can be imported.")
    try:
        read, _ = load(definition, "<grammar>", [], False)
    except (LarkError, AssertionError, KeyError, TypeError, AttributeError, OSError) as problem:
        raise ValueError(str(problem) or "it can't be read.") from None
    trees: dict[str, Any] = {str(name): tree for name, (tree, _) in read.term_defs}
    terminals = frozenset(trees)
    trees |= {str(name): tree for name, parameters, tree, _ in read.rule_defs if not parameters}
    if "start" not in trees:
        raise ValueError("it has no rule 'start'.")
    depths = _depths(trees)
    if depths["start"] == math.inf:
        raise ValueError("no text follows the rule 'start'.")
    blank = any(_takes_blank(trees.get(str(name))) for name in read.ignore)
    return _Rules(trees, terminals, depths, " " if blank else "")


def _takes_blank(tree: Any) -> bool:
    """Whether what a grammar ignores can be a blank; read off its text, since matching may take for ever."""
    return any(sign in str(tree) for sign in (" \\", "\\s", '" "', "[ ", "/ "))


def _depths(trees: Mapping[str, Any]) -> dict[str, float]:
    depths: dict[str, float] = dict.fromkeys(trees, math.inf)
    for _ in range(len(trees)):
        found = {name: 1 + _depth(tree, depths) for name, tree in trees.items()}
        if found == depths:
            break
        depths = found
    return depths


def _depth(node: Any, depths: Mapping[str, float]) -> float:
    """How deep the shortest unfolding of a node goes; infinite while that is not known."""
    kind = getattr(node, "data", None)
    if kind is None:
        return depths.get(node.name, math.inf) if hasattr(node, "name") else 0
    match str(kind):
        case "expansions":
            return min(_depth(each, depths) for each in node.children)
        case "maybe" | "literal" | "range":
            return 0
        case "alias":
            return _depth(node.children[0], depths)
        case "expr":
            return 0 if _times(node)[0] == 0 else _depth(node.children[0], depths)
        case "template_usage":
            return math.inf  # a rule with parameters: the ways around it are taken
    return max((_depth(each, depths) for each in node.children), default=0)


def _times(node: Any) -> tuple[int, int]:
    """How often the node of an operator may come."""
    sign, numbers = str(node.children[1]), [int(each) for each in node.children[2:]]
    if sign == "~":
        return numbers[0], numbers[-1]
    return (1 if sign == "+" else 0), (1 if sign == "?" else _MOST_TIMES)


class _Writer:
    """Unfolds the rule `start`: freely at first, and by the shortest way once it has gone deep."""

    def __init__(self, rules: _Rules, chance: random.Random) -> None:
        self._rules = rules
        self._chance = chance
        self._steps = 0
        self._length = 0

    def text(self) -> str:
        """Raises _TooMuch for a text beyond the bounds."""
        words: list[str] = []
        self._unfold(self._rules.trees["start"], self._rules.depths["start"] + _FREELY, words)
        return self._rules.gap.join(words)

    def _unfold(self, node: Any, left: float, words: list[str]) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS or self._length > _LONGEST_TEXT:
            raise _TooMuch
        kind = getattr(node, "data", None)
        if kind is None:
            self._named(node, left, words)
            return
        match str(kind):
            case "expansions":
                self._unfold(self._chosen(node.children, left), left, words)
            case "maybe":
                if left > 0 and self._chance.random() < 0.5:
                    self._unfold_if_it_ends(node.children[0], left, words)
            case "alias":
                self._unfold(node.children[0], left, words)
            case "expr":
                least, most = _times(node)
                times = least if left <= 0 else self._chance.randint(least, min(most, least + _MOST_TIMES))
                for index in range(times):
                    unfold = self._unfold if index < least else self._unfold_if_it_ends
                    unfold(node.children[0], left, words)
            case "literal":
                self._write(_literal(str(node.children[0]), self._chance), words)
            case "range":
                low, high = (ord(_literal(str(each), self._chance)[:1] or "a") for each in node.children)
                self._write(chr(self._chance.randint(min(low, high), max(low, high))), words)
            case _:
                for each in node.children:
                    self._unfold(each, left, words)

    def _unfold_if_it_ends(self, node: Any, left: float, words: list[str]) -> None:
        if _depth(node, self._rules.depths) < math.inf:
            self._unfold(node, left, words)

    def _chosen(self, options: Sequence[Any], left: float) -> Any:
        depths = [(_depth(each, self._rules.depths), each) for each in options]
        shortest = min(depth for depth, _ in depths)
        bound = max(shortest, left) if left > shortest else shortest
        return self._chance.choice([each for depth, each in depths if depth <= bound and depth < math.inf])

    def _named(self, symbol: Any, left: float, words: list[str]) -> None:
        name = str(symbol.name)
        tree = self._rules.trees.get(name)
        if tree is None:
            raise _TooMuch
        if name not in self._rules.terminals:
            self._unfold(tree, left - 1, words)
            return
        letters: list[str] = []  # a terminal is one word, whatever it is made of
        self._unfold(tree, left - 1, letters)
        words.append("".join(letters))

    def _write(self, word: str, words: list[str]) -> None:
        self._length += len(word)
        words.append(word)


def _literal(written: str, chance: random.Random) -> str:
    """The text of a quoted string, or one that a regular expression between slashes matches."""
    body = written.rstrip("imslux")
    if body.startswith("/"):
        return invent_match(body[1:-1].replace("\\/", "/"), chance)
    try:
        return str(ast.literal_eval(body))
    except (ValueError, SyntaxError):
        return body[1:-1]
