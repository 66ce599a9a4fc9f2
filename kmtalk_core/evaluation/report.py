"""Scores as a table that people read and as JSON that programs read."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from .evaluator import Evaluation
from .metrics import Scores

EXPONENTS = {"vocaset": {"lve": 5, "fdd": 7, "mve": 4}, "biwi": {"lve": 4, "fdd": 5, "mve": 3}}
"""Powers of ten by which publications scale each metric, so that rows can be laid beside theirs."""


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """All numbers unscaled, in the unit of the space (squared for LVE and FDD)."""
    return asdict(evaluation)


def to_markdown(evaluation: Evaluation) -> str:
    """One table: a row a method, then its subjects; the region list and all notes below."""
    scale = EXPONENTS[evaluation.space]
    heads = ["method", "subject", *_heads(scale), "sequences"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for label, method in evaluation.methods.items():
        lines.append(_row(f"**{label}**", "all", method.overall, scale))
        if len(method.subjects) > 1:
            lines += [_row(label, subject, scores, scale) for subject, scores in method.subjects.items()]
    return "\n".join([*lines, "", *_legend(evaluation)]) + "\n"


def _heads(scale: dict[str, int]) -> list[str]:
    lve, fdd, mve = (f"×10⁻{_superscript(scale[name])}" for name in ("lve", "fdd", "mve"))
    return [f"LVE {lve}", f"FDD {fdd}", f"\\|FDD\\| {fdd}", f"MVE {mve}", "p b m closed", f"gap {mve}"]


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _row(label: str, subject: str, scores: Scores, scale: dict[str, int]) -> str:
    lve, fdd, mve = (10 ** scale[name] for name in ("lve", "fdd", "mve"))
    closed = "–" if scores.closed is None else f"{scores.closed:.0%} of {scores.closures}"
    gap = "–" if scores.gap is None else f"{scores.gap * mve:.3f}"
    numbers = (scores.lve * lve, scores.fdd * fdd, scores.fdd_absolute * fdd, scores.mve * mve)
    cells = [label, subject, *(f"{number:.4f}" for number in numbers), closed, gap, str(scores.sequences)]
    return "| " + " | ".join(cells) + " |"


def _legend(evaluation: Evaluation) -> Iterator[str]:
    yield (
        f"Motion space {evaluation.space} (unit: {evaluation.unit}), region list “{evaluation.regions}”. LVE: maximum "
        "squared lip error a frame, mean over all frames. FDD: upper-face deviation, captured minus predicted, mean "
        "over sequences; |FDD| before its signs cancel. MVE: mean Euclidean error. Closed: captured closures on p, b, "
        "m that the prediction reaches within 15 % of the captured range, moving; gap: how much wider the lips stay."
    )
    for note in evaluation.notes:
        yield f"- {note}"
