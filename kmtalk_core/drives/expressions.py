"""Driver expressions that are straight lines in their variables, read without running anything."""

import ast
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

_LONGEST = 1000
_DEEPEST = 60
_CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}


class NotAffineError(ValueError):
    """An expression that is no straight line in its variables; the message says what is not."""


@dataclass(frozen=True)
class Affine:
    """constant + Σ factor · variable, cut to what lies from `low` to `high`."""

    constant: float = 0.0
    factors: Mapping[str, float] = field(default_factory=dict)
    low: float = -math.inf
    high: float = math.inf

    def plus(self, other: "Affine", share: float = 1.0) -> "Affine":
        """This and a share of the other.  Raises NotAffineError where one of them is cut."""
        self._require_whole()
        other._require_whole()
        factors = dict(self.factors)
        for name, factor in other.factors.items():
            factors[name] = factors.get(name, 0.0) + share * factor
        return Affine(self.constant + share * other.constant, factors)

    def times(self, share: float) -> "Affine":
        """Scaled, its limits too."""
        ends = sorted((self.low * share, self.high * share)) if share else (0.0, 0.0)
        factors = {name: factor * share for name, factor in self.factors.items()}
        return Affine(self.constant * share, factors, ends[0], ends[1])

    def cut(self, low: float = -math.inf, high: float = math.inf) -> "Affine":
        """Within limits."""
        return Affine(self.constant, self.factors, max(self.low, low), min(self.high, high))

    def replaced(self, values: Mapping[str, "Affine"]) -> "Affine":
        """With variables replaced by what they stand for.  Raises NotAffineError where one of these is cut."""
        total = Affine(self.constant)
        for name, factor in self.factors.items():
            total = total.plus(values.get(name, Affine(0.0, {name: 1.0})), factor)
        return total.cut(self.low, self.high)

    def at(self, values: Mapping[str, float]) -> float:
        """What it is where the variables have these values."""
        total = self.constant + sum(factor * values.get(name, 0.0) for name, factor in self.factors.items())
        return min(max(total, self.low), self.high)

    @property
    def is_constant(self) -> bool:
        return not any(self.factors.values())

    def _require_whole(self) -> None:
        if math.isfinite(self.low) or math.isfinite(self.high):
            raise NotAffineError("limits a value before it adds another")


def read_affine(expression: str, variables: Collection[str], stays: Mapping[str, float] | None = None) -> Affine:
    """The straight line that an expression is, cut by an outer min, max or clamp.  Raises NotAffineError.

    stays: what variables have that others may be multiplied by: switches and strengths.
    """
    if len(expression) > _LONGEST:
        raise NotAffineError("is too long")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotAffineError("cannot be read") from error
    try:
        found = _read(tree.body, frozenset(variables), stays or {}, 0)
    except (OverflowError, ZeroDivisionError) as error:
        raise NotAffineError("has no value") from error
    numbers = (found.constant, *found.factors.values())
    if not all(math.isfinite(number) for number in numbers):
        raise NotAffineError("has no value")
    return found


def _read(node: ast.expr, variables: frozenset[str], stays: Mapping[str, float], depth: int) -> Affine:
    if depth > _DEEPEST:
        raise NotAffineError("is too deep")

    def below(inner: ast.expr) -> Affine:
        return _read(inner, variables, stays, depth + 1)

    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Affine(float(node.value))
    if isinstance(node, ast.Name):
        if node.id in variables:
            return Affine(0.0, {node.id: 1.0})
        if node.id in _CONSTANTS:
            return Affine(_CONSTANTS[node.id])
        raise NotAffineError(f"uses “{node.id}”")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        return below(node.operand).times(-1.0 if isinstance(node.op, ast.USub) else 1.0)
    if isinstance(node, ast.BinOp):
        return _operation(node.op, below(node.left), below(node.right), stays)
    if isinstance(node, ast.IfExp):
        return _choice(node, below)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node.func.id, [below(argument) for argument in node.args])
    raise NotAffineError(f"has {type(node).__name__}")


def _operation(operator: ast.operator, left: Affine, right: Affine, stays: Mapping[str, float]) -> Affine:
    if isinstance(operator, ast.Add):
        return left.plus(right)
    if isinstance(operator, ast.Sub):
        return left.plus(right, -1.0)
    if isinstance(operator, ast.Mult):
        if not left.is_constant and not right.is_constant:
            left, right = _one_stays(left, right, stays)
        return left.times(right.constant) if right.is_constant else right.times(left.constant)
    if isinstance(operator, ast.Div):
        _, right = (left, right) if right.is_constant else _one_stays(left, right, stays)
        if right.is_constant:
            return left.times(1.0 / right.constant)
    raise NotAffineError("multiplies its variables")


def _one_stays(left: Affine, right: Affine, stays: Mapping[str, float]) -> tuple[Affine, Affine]:
    """Both of a product, the one whose variables all stay as a number.  Raises NotAffineError where that is not one."""
    still = [set(side.factors) <= stays.keys() for side in (left, right)]
    if still[0] == still[1]:
        raise NotAffineError("multiplies its variables")
    return (Affine(left.at(stays)), right) if still[0] else (left, Affine(right.at(stays)))


def _call(name: str, values: list[Affine]) -> Affine:
    if name in ("min", "max") and len(values) == 2:
        limits = [value for value in values if value.is_constant]
        if len(limits) == 1:
            other = next(value for value in values if value is not limits[0])
            limit = limits[0].constant
            return other.cut(high=limit) if name == "min" else other.cut(low=limit)
    if name == "clamp" and len(values) in (1, 3) and all(value.is_constant for value in values[1:]):
        low, high = (values[1].constant, values[2].constant) if len(values) == 3 else (0.0, 1.0)
        return values[0].cut(low, high)
    if name in ("radians", "degrees") and len(values) == 1:
        return values[0].times(math.pi / 180 if name == "radians" else 180 / math.pi)
    if name == "float" and len(values) == 1:
        return values[0]
    raise NotAffineError(f"uses {name}()")


def _choice(node: ast.IfExp, read: Callable[[ast.expr], Affine]) -> Affine:
    """`x if x > 0 else 0`, which is a cut."""
    test = node.test
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = read(test.left), read(test.comparators[0])
        body, orelse = read(node.body), read(node.orelse)
        if right.is_constant and orelse.is_constant and body == left and orelse.constant == right.constant:
            if isinstance(test.ops[0], ast.Gt | ast.GtE):
                return Affine(body.constant, body.factors, right.constant)
            if isinstance(test.ops[0], ast.Lt | ast.LtE):
                return Affine(body.constant, body.factors, high=right.constant)
    raise NotAffineError("chooses by a condition")
