"""Who is trained on, who validates and who tests: the published splits, exactly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SPLITS = ("train", "validation", "test", "test_b")


class Named(Protocol):
    """A sequence."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Part:
    """One split: these subjects' sentences with numbers from `first` to `last`."""

    subjects: tuple[str, ...]
    first: int
    last: int

    def holds(self, subject: str, sentence: int) -> bool:
        return subject in self.subjects and self.first <= sentence <= self.last


@dataclass(frozen=True)
class Layout:
    """How one data set is laid out: motion space, frames a second on disk, name pattern and published splits."""

    name: str
    captured_fps: float
    sentence_name: str  # of `<subject>_<sentence_name>NN`
    sentences: int
    parts: Mapping[str, Part]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Published subjects, each once, in the order of the splits."""
        return tuple(dict.fromkeys(subject for part in self.parts.values() for subject in part.subjects))


def _flame(*numbers: str) -> tuple[str, ...]:
    return tuple(f"FaceTalk_{number}_TA" for number in numbers)


_BIWI_SIX = ("F2", "F3", "F4", "M3", "M4", "M5")

LAYOUTS: dict[str, Layout] = {
    "vocaset": Layout(
        "vocaset",
        60.0,
        "sentence",
        40,
        {
            "train": Part(
                _flame(
                    "170728_03272", "170904_00128", "170725_00137", "170915_00223",
                    "170811_03274", "170913_03279", "170904_03276", "170912_03278",
                ),
                1,
                40,
            ),
            "validation": Part(_flame("170811_03275", "170908_03277"), 21, 40),
            "test": Part(_flame("170809_00138", "170731_00024"), 21, 40),
        },
    ),
    "biwi": Layout(
        "biwi",
        25.0,
        "e",
        40,
        {
            "train": Part(_BIWI_SIX, 1, 32),
            "validation": Part(_BIWI_SIX, 33, 36),
            "test": Part(_BIWI_SIX, 37, 40),
            "test_b": Part(("F1", "F5", "F6", "F7", "F8", "M1", "M2", "M6"), 37, 40),
        },
    ),
}  # fmt: skip


def parse_name(name: str) -> tuple[str, int] | None:
    """Subject and sentence number of a sequence: the name less its last part, and the last two digits."""
    subject, _, sentence = name.rpartition("_")
    digits = sentence[-2:]
    return (subject, int(digits)) if subject and digits.isascii() and digits.isdigit() else None


def assign(names: Iterable[str], layout: Layout) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Sequences of each split, in order of their names, and notes (whole sentences) on what is not as published.

    Subjects that the publication does not know are split 8 : 2 : 2 by subject, or by sentence where they are fewer
    than three; so a folder of one's own recordings trains as it is.
    """
    parsed = {name: found for name in sorted(names) if (found := parse_name(name)) is not None}
    known = set(layout.subjects)
    if any(subject in known for subject, _ in parsed.values()):
        parts: Mapping[str, Part] = layout.parts
        notes: tuple[str, ...] = ()
        strangers = sorted({subject for subject, _ in parsed.values()} - known)
        if strangers:
            notes = (f"Subjects outside the published splits are left out: {', '.join(strangers[:8])}.",)
    else:
        parts, note = _own_parts(sorted({subject for subject, _ in parsed.values()}), layout, parsed.values())
        notes = (note,)
    chosen = {which: tuple(n for n, key in parsed.items() if part.holds(*key)) for which, part in parts.items()}
    return {which: chosen.get(which, ()) for which in SPLITS}, notes


def missing_of(splits: Mapping[str, Sequence[Named]], layout: Layout) -> tuple[str, ...]:
    """A sentence on each split that is nearly the published one and lacks some of it; less than half is a choice."""
    notes = []
    for which, part in layout.parts.items():
        published = [f"{who}_{layout.sentence_name}{n:02d}" for who in part.subjects
                     for n in range(part.first, part.last + 1)]  # fmt: skip
        there = {item.name for item in splits[which]}
        missing = [name for name in published if name not in there]
        if missing and len(published) - len(missing) >= len(published) / 2:
            few = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
            notes.append(
                f"The split {which} lacks {len(missing)} of its {len(published)} published sequences ({few}): its "
                "scores cannot stand beside published ones."
            )
    return tuple(notes)


def _own_parts(
    subjects: list[str], layout: Layout, sequences: Iterable[tuple[str, int]]
) -> tuple[dict[str, Part], str]:
    if len(subjects) >= 3:
        held = max(len(subjects) // 6, 1)
        train, validation, test = subjects[: -2 * held], subjects[-2 * held : -held], subjects[-held:]
        everyone = {"train": train, "validation": validation, "test": test}
        parts = {which: Part(tuple(who), 0, 99) for which, who in everyone.items()}
        return parts, (
            f"None of the subjects is one of {layout.name}'s: split by subject, {len(train)} to train, "
            f"{len(validation)} to validate, {len(test)} to test."
        )
    numbers = sorted({sentence for _, sentence in sequences}) or [0]
    first = numbers[int(0.8 * len(numbers))] if len(numbers) > 1 else numbers[0]
    second = numbers[min(int(0.9 * len(numbers)), len(numbers) - 1)]
    who = tuple(subjects)
    parts = {
        "train": Part(who, 0, first - 1),
        "validation": Part(who, first, max(second - 1, first)),
        "test": Part(who, max(second, first), 99),
    }
    return parts, f"None of the subjects is one of {layout.name}'s: split by sentence, as they are fewer than three."
