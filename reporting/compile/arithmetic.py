"""Arithmetic over numbers: a plan as one statement, each of its parts counted once and laid side by side."""

import ast

from martechops.lib.frozen import dataclass
from reporting.metrics import Formula, Fraction, Journey, Leaf, Node, Plan, Rolling
from workflows.engine.metrics import Aggregate, measure_of

from .numbers import Numbers, of_one_currency

_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement within arithmetic."""

    text: str
    #: Where it finds nothing it is zero, and not unknown.
    is_sum: bool

    def column(self, number: int) -> str:
        found = f"sum(value) FILTER (WHERE part = {number})"
        return f"coalesce({found}, 0) AS p{number}" if self.is_sum else f"{found} AS p{number}"


class Compiler(Numbers):
    """Statements of whole plans."""

    def plan(self, plan: Plan) -> str:
        asked = plan.question
        if isinstance(plan.root, Leaf):
            return self.leaf(plan.root, asked.period, asked.by, asked.grain)
        parts: list[_Part] = []
        expression = self.expression(plan.root, plan, parts)
        if len(parts) == 1 and expression == "p0":
            return parts[0].text
        union = " UNION ALL ".join(
            f"SELECT {number} AS part, bucket, by, value, currency FROM ({part.text}) s{number}"  # noqa: S608
            for number, part in enumerate(parts)
        )
        columns = ", ".join(part.column(number) for number, part in enumerate(parts))
        return (
            f"SELECT bucket, by, {of_one_currency(f'({expression})::float8', 'low', 'high')}, low AS currency "  # noqa: S608
            f"FROM (SELECT bucket, by, {columns}, min(currency) AS low, max(currency) AS high "
            f"FROM ({union}) parts GROUP BY bucket, by) wide"
        )

    def expression(self, node: Node, plan: Plan, parts: list[_Part]) -> str:
        """Arithmetic over p0, p1, …, each of which is added to `parts` as a statement of its own."""
        asked = plan.question
        match node:
            case Fraction(over=over, under=under):
                left = self.expression(over, plan, parts)
                return f"({left} / nullif({self.expression(under, plan, parts)}, 0))"
            case Formula(expression=text, parts=named):
                made = {name: self.expression(part, plan, parts) for name, part in named}
                return _arithmetic(ast.parse(text, mode="eval").body, made)
            case Leaf():
                is_sum = measure_of(node.measure)[1].aggregate is not Aggregate.MEDIAN
                parts.append(_Part(self.leaf(node, asked.period, asked.by, asked.grain), is_sum))
            case Rolling():
                parts.append(_Part(self.rolling(node, asked.period, asked.by, asked.grain), is_sum=True))
            case Journey():
                parts.append(_Part(self.given(node, asked.period, asked.by, asked.grain), node.gives == "count"))
        return f"p{len(parts) - 1}"


def _arithmetic(node: ast.expr, made: dict[str, str]) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            under = _arithmetic(right, made)
            if isinstance(op, ast.Div):
                under = f"nullif({under}, 0)"
            return f"({_arithmetic(left, made)} {_SIGNS[type(op)]} {under})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(- {_arithmetic(operand, made)})"
        case ast.Name(id=name):
            return made[name]
        case ast.Constant(value=value):
            return f"{float(value)!r}::float8"  # type: ignore[arg-type]
        case _:
            raise ValueError(ast.dump(node))
