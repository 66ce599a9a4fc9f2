"""Driven keys are moved by what their drivers read."""

import numpy as np
import pytest

from kmtalk_core.drives.expressions import Affine, NotAffineError, read_affine
from kmtalk_core.drives.keys import KeyDrive
from kmtalk_core.drives.solved import Row, SolvedDrive, Source, Turn
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.naming.retarget import retarget

KEYS = ("jawOpen", "mouthSmileLeft", "mouthFrownLeft", "mouthPucker")


def pose(**values: float) -> np.ndarray:
    row = np.zeros((1, len(ARKIT_NAMES)), np.float32)
    for name, value in values.items():
        row[0, ARKIT_INDEX[name]] = value
    return row


def shown(drive: SolvedDrive, motion: np.ndarray) -> dict[str, float]:
    """What the driven keys show, by name, as Blender would work it out."""
    values = dict(zip(drive.curves, drive(motion)[0].astype(float), strict=True))
    found = {}
    for row in drive.rows:
        reads = row.reads.constant + sum(factor * values[name] for name, factor in row.reads.factors.items())
        found[KEYS[row.number]] = float(np.clip(np.clip(reads, row.reads.low, row.reads.high), row.low, row.high))
    return found


@pytest.fixture
def rig() -> SolvedDrive:
    """A jaw control, a corner that smiles up and frowns down, and a pucker made of two sources."""
    sources = [Source("jaw", 0.0, -0.4, 0.0), Source("corner", 0.0, -1.0, 1.0), Source("in", 0.0), Source("out", 1.0)]
    rows = [
        Row(0, Affine(0.0, {"jaw": -2.5})),
        Row(1, Affine(0.0, {"corner": 1.0})),
        Row(2, Affine(0.0, {"corner": -1.0})),
        Row(3, Affine(0.5, {"in": 0.5, "out": -0.5})),
    ]
    return SolvedDrive(KeyDrive(retarget("arkit", KEYS)), rows, sources)


@pytest.mark.parametrize(
    "wanted",
    [
        {"jawOpen": 0.6},
        {"mouthSmileLeft": 0.7},
        {"mouthFrownLeft": 0.4},
        {"mouthPucker": 0.8},
        {"jawOpen": 1.0, "mouthSmileLeft": 0.3},
    ],
)
def test_keys_show_what_is_wanted_of_them(rig: SolvedDrive, wanted: dict[str, float]) -> None:
    found = shown(rig, pose(mouthClose=0.0, **wanted))
    for key in KEYS:
        assert found[key] == pytest.approx(wanted.get(key, 0.0), abs=0.01)


def test_sources_rest_and_stay_within_their_limits(rig: SolvedDrive) -> None:
    assert rig(pose())[0] == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=1e-6)
    values = rig(pose(jawOpen=3.0, mouthSmileLeft=2.0))[0]
    assert values[0] == pytest.approx(-0.4, abs=1e-3) and values[1] <= 1.0


def test_a_source_edited_by_hand_is_a_pose(rig: SolvedDrive) -> None:
    back = rig.back(pose(jawOpen=0.2)[0], {0: -0.32})
    assert back["jawOpen"] == pytest.approx(0.8, abs=0.02)


def test_a_bone_may_turn_by_a_quaternion() -> None:
    turn = Turn(("x", "y", "z"), "QUATERNION")
    drive = SolvedDrive(
        KeyDrive(retarget("arkit", ("jawOpen",))), [Row(0, Affine(0.0, {"x": 2.0}))], [Source("x")], {"Jaw": turn}
    )
    assert drive.curves == tuple(f"Jaw.rotation_quaternion[{index}]" for index in range(4))
    assert drive(pose(jawOpen=1.0))[0] == pytest.approx([np.cos(0.25), np.sin(0.25), 0.0, 0.0], abs=1e-3)


@pytest.mark.parametrize(
    ("expression", "constant", "factors", "limits"),
    [
        ("var", 0.0, {"var": 1.0}, (-np.inf, np.inf)),
        ("-2.5*var + 1", 1.0, {"var": -2.5}, (-np.inf, np.inf)),
        ("(a - b) / 2", 0.0, {"a": 0.5, "b": -0.5}, (-np.inf, np.inf)),
        ("max(0, var * 10)", 0.0, {"var": 10.0}, (0.0, np.inf)),
        ("min(max(var, 0), 1)", 0.0, {"var": 1.0}, (0.0, 1.0)),
        ("clamp(-var)", 0.0, {"var": -1.0}, (0.0, 1.0)),
        ("var if var > 0 else 0", 0.0, {"var": 1.0}, (0.0, np.inf)),
        ("radians(var)", 0.0, {"var": np.pi / 180}, (-np.inf, np.inf)),
    ],
)
def test_straight_lines_are_read(
    expression: str, constant: float, factors: dict[str, float], limits: tuple[float, float]
) -> None:
    found = read_affine(expression, ("var", "a", "b"))
    assert found.constant == pytest.approx(constant) and dict(found.factors) == pytest.approx(factors)
    assert (found.low, found.high) == limits


@pytest.mark.parametrize(
    "expression",
    [
        "sin(var)",
        "var * var",
        "frame",
        "__import__('os')",
        "var ** 2",
        "1 / 0",
        "-" * 90 + "var",
        "",
        "a.b",
        "1e400",
        "var" * 600,
    ],
)
def test_nothing_else_is(expression: str) -> None:
    with pytest.raises(NotAffineError):
        read_affine(expression, ("var",)).plus(Affine())
