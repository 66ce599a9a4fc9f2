"""The left half of the skin: which quads there are, and where their vertices start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .topology import ABSENT, Block, FloatArray, IntArray, MeshBuilder, RingPatch

ROWS, COLUMNS = 50, 34
CHIN_ROW, NOSE_BASE_ROW, NOSE_TIP_ROW, NASION_ROW = 13, 24, 29, 36
MOUTH = Block(15, 23, 0, 8)
NOSTRIL = Block(24, 27, 2, 5)
EYE = Block(33, 41, 8, 18)
EAR = Block(27, 35, 22, 27)
CAP_WIDTH, CAP_HEIGHT = 9, 16

MOUTH_TAGS = ("skin",) * 6 + ("lips",) * 6 + ("mouth_interior",) * 5
MOUTH_BORDER, MOUTH_CONTACT = 6, 11
EYE_TAGS = ("skin",) * 8
LID_NEAR, LID_LINE, LID_EDGE, LID_RIM, LID_INSIDE = 4, 5, 6, 7, 8
OUTER_CANTHUS, INNER_CANTHUS = 14, 32
"""Places of the corners of the eye in its loops; the upper lid runs from the outer to the inner one."""
NOSTRIL_TAGS = ("skin", "nostril", "nostril")
EAR_TAGS = ("skin",) * 9

# Row, then (y, z) on the front midline, (x, z) at the side, (y, z) on the back midline.
_PROFILE = np.array(
    [
        (0, -0.018, -0.0650, 0.0500, -0.0650, 0.084, -0.065),
        (7, -0.028, -0.0150, 0.0470, 0.0020, 0.068, 0.012),
        (11, -0.084, -0.0010, 0.0560, 0.0300, 0.078, 0.040),
        (15, -0.097, 0.0270, 0.0640, 0.0500, 0.088, 0.060),
        (23, -0.101, 0.0640, 0.0710, 0.0590, 0.096, 0.080),
        (24, -0.103, 0.0680, 0.0710, 0.0630, 0.098, 0.086),
        (29, -0.118, 0.0790, 0.0740, 0.0800, 0.100, 0.106),
        (33, -0.108, 0.0950, 0.0750, 0.1170, 0.102, 0.124),
        (41, -0.098, 0.1350, 0.0760, 0.1500, 0.102, 0.152),
        (50, -0.072, 0.2020, 0.0640, 0.2000, 0.080, 0.200),
    ]
)
# Row, then the angle in degrees around the head of columns 0, 8, 18, 22, 27 and 34.
_ANGLES = np.array(
    [
        (0, 0, 40, 65, 84, 112, 180),
        (11, 0, 32, 60, 84, 112, 180),
        (23, 0, 30, 56, 84, 112, 180),
        (33, 0, 13, 45, 82, 112, 180),
        (41, 0, 13, 45, 82, 112, 180),
        (50, 0, 22, 52, 82, 112, 180),
    ]
)
_ANGLE_COLUMNS = np.array([0, 8, 18, 22, 27, 34])


@dataclass(frozen=True)
class HalfSkin:
    """Faces of the left half and its named vertex groups."""

    grid: IntArray  # (ROWS+1, COLUMNS+1), ABSENT inside blocks
    faces: list[tuple[int, ...]]
    tags: list[str]
    mouth: RingPatch
    eye: RingPatch
    nostril: RingPatch
    ear: RingPatch
    cap: IntArray
    vertex_count: int

    @property
    def midline(self) -> IntArray:
        """Vertices that the left half shares with its mirror image."""
        grid = self.grid[:, [0, COLUMNS]].ravel()
        mouth = self.mouth.rings[:, [0, -1]].ravel()
        inside = self.mouth.fill.reshape(MOUTH.height - 1, MOUTH.width)[:, 0]
        crown = self.cap.reshape(CAP_HEIGHT - 1, CAP_WIDTH)[:, 0]
        found = np.unique(np.concatenate([grid, mouth, inside, crown]))
        return found[found != ABSENT]


def build_half_skin() -> HalfSkin:
    """The quads of the left half: a grid around the head with loops in place of four of its blocks."""
    builder = MeshBuilder()
    present = np.ones((ROWS + 1, COLUMNS + 1), dtype=bool)
    solid = np.ones((ROWS, COLUMNS), dtype=bool)
    for block in (MOUTH, NOSTRIL, EYE, EAR):
        left = block.left if block.left == 0 else block.left + 1
        present[block.bottom + 1 : block.top, left : block.right] = False
        solid[block.bottom : block.top, block.left : block.right] = False
    grid = np.full(present.shape, ABSENT)
    grid[present] = builder.vertices(int(present.sum()))
    for i, j in np.argwhere(solid):
        builder.face((grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j]), "skin")
    mouth = builder.ring_patch(MOUTH, grid, MOUTH_TAGS, "mouth_interior")
    eye = builder.ring_patch(EYE, grid, EYE_TAGS, None)
    nostril = builder.ring_patch(NOSTRIL, grid, NOSTRIL_TAGS, "nostril")
    ear = builder.ring_patch(EAR, grid, EAR_TAGS, "skin")
    cap = builder.fill(grid[ROWS], CAP_WIDTH, CAP_HEIGHT, closed=False, tag="skin")
    _paint_lashes(builder, eye)
    return HalfSkin(grid, builder.faces, builder.tags, mouth, eye, nostril, ear, cap, builder.vertex_count)


def _paint_lashes(builder: MeshBuilder, eye: RingPatch) -> None:
    """Give the edge of the upper lid the lashes' colour."""
    upper = slice(OUTER_CANTHUS, INNER_CANTHUS + 1)
    edge = set(eye.rings[LID_LINE : LID_RIM + 1, upper].ravel().tolist())
    for k, face in enumerate(builder.faces):
        if edge.issuperset(face):
            builder.tags[k] = "lashes"


def lofted_grid() -> FloatArray:
    """Rough positions (ROWS+1, COLUMNS+1, 3) of the grid, from front, side and back profiles."""
    rows = np.arange(ROWS + 1)
    front_y, front_z, side_x, side_z, back_y, back_z = (
        np.interp(rows, _PROFILE[:, 0], _PROFILE[:, k])[:, None] for k in range(1, 7)
    )
    by_row = np.stack([np.interp(rows, _ANGLES[:, 0], _ANGLES[:, k]) for k in range(1, 7)], axis=1)
    angles = np.radians(np.array([np.interp(np.arange(COLUMNS + 1), _ANGLE_COLUMNS, row) for row in by_row]))
    side_y = np.interp(rows, [0, 7, 15, ROWS], [0.03, 0.02, 0.0, 0.0])[:, None]
    cosine, ahead = np.cos(angles), np.cos(angles) > 0
    x = side_x * np.sin(angles)
    y = side_y + np.where(ahead, (front_y - side_y) * cosine, (side_y - back_y) * cosine)
    z = np.where(ahead, side_z + (front_z - side_z) * cosine**2, side_z + (back_z - side_z) * cosine**2)
    return np.stack([x, y, z], axis=2)
