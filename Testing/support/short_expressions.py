"""Expressions in a short form, for tables of expected values."""

from CausalCLIPSegLib.notes import ReferringExpression


def short(expression: ReferringExpression) -> str:
    """Return an expression like "R:upper,lower L:all", with "weak" in front if it names no side."""
    sides = [
        f"{side[0].upper()}:{'all' if side in expression.whole else ','.join(expression.zones[side])}"
        for side in expression.sides
    ]
    return " ".join(["weak"] * expression.weak + sides)
