"""Jinja's sandbox with bounds, for templates that somebody else wrote: how long one may run, how much it may make.

Jinja's own sandbox keeps a template from what is none of its business, and bounds ``range``; it bounds neither nested
loops nor ``"x" * 10 ** 10`` (https://jinja.palletsprojects.com/en/stable/sandbox/#security-considerations). So every
round of a loop, every block and every string that is made here is paid for out of one purse for each rendering.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import BuiltinMethodType, MethodType
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateRuntimeError, nodes, pass_context, pass_eval_context
from jinja2.filters import do_format
from jinja2.runtime import markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from jinja2.nodes import EvalContext
from jinja2.runtime import Context

PURSE = 30_000_000
"""What one rendering may cost, about one for each character that is made. A page of 300 answers, all of its templates
an operator's own, took 700,000 (measured).
"""

STEP = 300
"""What a round of a loop, or a call of a block or macro, costs besides: some 100,000 of them are possible."""

_MOST_BITS = 10_000
_WIDE = re.compile(r"\d{4,}|%[^%a-zA-Z]*\*|\{[^{}]*\{")
"""In a format string a width or precision of a thousand, or one that is filled in: nobody pads so far."""

_left: ContextVar[list[int] | None] = ContextVar("_left", default=None)


class TooMuch(TemplateRuntimeError):
    """A template runs too long or makes too much."""


@contextmanager
def purse() -> Iterator[None]:
    """A full purse for the rendering inside."""
    token = _left.set([PURSE])
    try:
        yield
    finally:
        _left.reset(token)


def spend(amount: int) -> None:
    """Pay out of the purse of this rendering; outside of any (a constant that is folded), out of a new one.

    Raises:
        TooMuch: there is not enough in it.
    """
    held = _left.get()
    left = (PURSE if held is None else held[0]) - amount
    if held is not None:
        held[0] = left
    if left < 0:
        raise TooMuch("it runs too long, or makes too much text")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox in which an operator's own templates run, with those shipped beside them.

    Args:
        own: the folder whose templates pay for their steps.
        options: Jinja's own.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, own: Path, **options: Any) -> None:  # noqa: ANN401 - handed through to Jinja
        super().__init__(**options)
        self._own = own
        self.globals.pop("lipsum", None)
        self.filters = {name: _paid(function) for name, function in self.filters.items()}
        self.filters |= {"paid_step": _paid_step, "paid_join": _paid_join}

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,  # noqa: FBT001, FBT002 - Jinja's signature
    ) -> str:
        """Jinja's hook before a template becomes code: steps and joined strings are paid for."""
        if filename is not None and filename.startswith(f"{self._own}/"):
            _charge(source)
            source.set_environment(self)
        return super()._generate(source, name, filename, defer_init)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - as Jinja
        """Pay for an operation before it is done."""
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
            if bits > _MOST_BITS:
                raise TooMuch("the number is too large")
        elif operator == "+":
            spend(_size(left) + _size(right))
        elif operator == "*":
            spend(_size(left) * _size(right))
        elif operator == "%" and isinstance(left, str):
            _pay_for(left, right if isinstance(right, tuple) else (right,), formats=True)
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N805, PYI063 - Jinja's signature
        """Pay for a method of a string before it is called."""
        owner = getattr(__obj, "__self__", None) if isinstance(__obj, BuiltinMethodType | MethodType) else None
        wrapped = getattr(__obj, "__wrapped__", None)  # str.format as the sandbox hands it out
        owner = getattr(wrapped, "__self__", owner)
        if isinstance(owner, str):
            _pay_for(owner, (*args, *kwargs.values()), formats=wrapped is not None)
        return super().call(__context, __obj, *args, **kwargs)


def _charge(template: nodes.Template) -> None:
    """Let every loop, block and macro of a template pay for each time it is entered, and ``~`` for what it joins."""
    _pay_at(template)
    for node in list(template.find_all((nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block))):
        _pay_at(node)
    _JoinsPay().visit(template)


def _pay_at(node: Any) -> None:  # noqa: ANN401 - any node with a body
    """Let a node pay for a step, and for the text that stands in it, before its body begins."""
    size = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
    pay = nodes.Filter(nodes.Const(STEP + size), "paid_step", [], [], None, None, lineno=node.lineno)
    node.body = [nodes.ExprStmt(pay, lineno=node.lineno), *node.body]


class _JoinsPay(NodeTransformer):
    """Puts a filter that pays in the place of ``~``."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's way to name it
        parts = nodes.List([self.visit(part) for part in node.nodes], lineno=node.lineno)
        return nodes.Filter(parts, "paid_join", [], [], None, None, lineno=node.lineno)


@pass_context  # so that Jinja does not fold it
def _paid_step(_context: Context, cost: int) -> str:
    spend(cost)
    return ""


@pass_eval_context
def _paid_join(context: EvalContext, parts: Sequence[object]) -> str:
    spend(sum(len(str(part)) for part in parts))
    return markup_join(parts) if context.autoescape else str_join(parts)


def _paid(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is paid for before it runs, and for what it makes."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def pay(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any filter
        given = args[first:]
        formats = function is do_format
        _pay_for(given[0] if given else "", (*given[1:], *kwargs.values()), formats=formats)
        return function(*args, **kwargs)

    return pay


def _pay_for(value: object, arguments: Sequence[object], *, formats: bool = False) -> None:
    """Pay for what may come of a value: at worst its size times the largest number or text that goes with it."""
    if formats:
        if _WIDE.search(str(value)):
            raise TooMuch("a format asks for too much room")
        spend(_size(value) * max((len(str(one)) for one in arguments), default=1))
        return
    spend(_size(value) * max((_size(one) for one in arguments), default=1))


def _size(value: object) -> int:
    """How much room a value takes or, as a number, asks for; at least 1."""
    if isinstance(value, int):
        return max(1, abs(value))
    if isinstance(value, str | bytes):
        return max(1, len(value))
    if isinstance(value, list | tuple | set | frozenset):
        return 1 + sum(len(one) if isinstance(one, str | list | tuple) else 1 for one in value)
    return len(value) + 1 if isinstance(value, dict | range) else 1
