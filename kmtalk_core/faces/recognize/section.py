"""Cuts through a face: curves where a sagittal plane meets the mesh, and the slit of mouth or eye that shows in them.

Everything here is in face axes: X to the character's left, Y up, Z forward.
"""

from dataclasses import dataclass

import numpy as np

from ...motion.mesh import Array, IntArray, Mesh, unique_pairs

LIPS = 2.0
"""How much nearer than the way along them two surfaces must be to bound a slit: lips part at a wedge of 60°."""
LIDS = 1.25
"""The same for eyelids, which part at a wedge of 106°: they are open, and the socket is shallow."""

_WIDEST_HOLE = 1.2
"""Of the scale: how tall an eye may be that is a hole in the skin, as those of anime are."""
_HOLE = 0.2
"""How much longer than the eye is tall the way behind a hole counts."""
_OUTSIDE = 0.12
"""Of the scale: so far from its rims the skin above a slit is higher than that below it, or its lips are swapped."""
_ROUND = 6.0
"""Of the scale: how long a section at least is that goes around a head without a neck; it is about nine."""
_BAG = 0.1
"""Of the scale: how deep a mouth is at least on a head without a neck, where a mere slit may be anything."""
_RIM = 0.8
"""Of the scale: how deep both rims of a hole together go in at most."""


@dataclass(frozen=True)
class Curve:
    """One run of a section, directed so that the outside lies ahead (+Z) where it runs down.

    points: (n, 3); length: (n,) along the curve; triangles: (n − 1,) that the segments cross; closed: ends meet.
    """

    points: Array
    length: Array
    triangles: IntArray
    closed: bool


@dataclass(frozen=True)
class Rim:
    """Where two surfaces of a slit part, seen in one section: indices into the curves above and below.

    around: the section runs on from one to the other around the whole head, which has no neck.
    """

    above: Curve
    upper: int
    below: Curve
    lower: int
    detour: float
    around: bool = False

    @property
    def upper_point(self) -> Array:
        return self.above.points[self.upper]

    @property
    def lower_point(self) -> Array:
        return self.below.points[self.lower]

    @property
    def gap(self) -> float:
        """How far the two rims stand apart."""
        return float(np.linalg.norm(self.upper_point - self.lower_point))


def section(mesh: Mesh, x: float) -> list[Curve]:
    """The curves where the plane X = x cuts the mesh."""
    low, high = mesh.across
    least = 1e-9 * mesh.size
    crossing = np.flatnonzero((high - x > -least) & (low - x <= -least))
    if not len(crossing):
        return []
    corners = mesh.triangles[crossing]
    start, end = _cut_edges(corners, mesh.vertices[corners, 0] - x > -least)
    keys, nodes = unique_pairs(np.concatenate([start, end]))
    a, b = mesh.vertices[keys[:, 0]], mesh.vertices[keys[:, 1]]
    side, other = (np.where(np.abs(ends[:, 0] - x) < least, least, ends[:, 0] - x) for ends in (a, b))
    points = a + (side / (side - other))[:, None] * (b - a)
    count = len(crossing)
    return [_curve(points, run, crossing[faces]) for run, faces in _chains(nodes[:count], nodes[count:])]


def _cut_edges(triangles: IntArray, above: np.ndarray) -> tuple[IntArray, IntArray]:
    """For each cut triangle the edge where the directed section enters and the one where it leaves, (n, 2) each."""
    alone_above = above.sum(axis=1) == 1
    alone = np.where(alone_above, above.argmax(axis=1), (~above).argmax(axis=1))
    rows = np.arange(len(triangles))
    tip, after, before = (triangles[rows, (alone + k) % 3] for k in range(3))
    to_next, to_last = np.stack([tip, after], axis=1), np.stack([tip, before], axis=1)
    flip = alone_above[:, None]
    return np.where(flip, to_next, to_last), np.where(flip, to_last, to_next)


def _chains(start: IntArray, end: IntArray) -> list[tuple[list[int], list[int]]]:
    """Directed segments start → end strung together: (nodes, segments) of each run."""
    begin, finish = start.tolist(), end.tolist()
    leaving: dict[int, int] = {node: segment for segment, node in enumerate(begin)}
    entered = set(finish)
    unused = set(range(len(begin)))
    runs: list[tuple[list[int], list[int]]] = []
    heads = [segment for segment, node in enumerate(begin) if node not in entered]
    for first in [*heads, *range(len(begin))]:
        if first not in unused:
            continue
        nodes, segments = [begin[first]], []
        segment: int | None = first
        while segment is not None and segment in unused:
            unused.discard(segment)
            segments.append(segment)
            nodes.append(finish[segment])
            segment = leaving.get(nodes[-1])
        runs.append((nodes, segments))
    return runs


def _curve(points: Array, nodes: list[int], triangles: IntArray) -> Curve:
    line = points[nodes]
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    return Curve(line, np.concatenate([[0.0], np.cumsum(steps)]), triangles, nodes[0] == nodes[-1])


def find_slit(
    curves: list[Curve],
    scale: float,
    near: tuple[Array, Array] | None = None,
    low: float = -np.inf,
    high: float = np.inf,
    steepness: float = LIPS,
    is_hole: bool = False,
    around: bool | None = None,
) -> Rim | None:
    """The slit between `low` and `high` (Y) that takes the longest way round, or None.

    scale: about the distance between the eyes; near: rims of the neighbouring section, of which the slit must be the
    continuation; is_hole: the surfaces end behind the slit, which may be wide open; around: as a `Rim` has it, where it
    is known.
    """
    ways = (True,) if is_hole else (False, True) if steepness == LIPS else (False,)
    for way in ways if around is None else (around,):
        rims = (
            _widest(above, below, scale, near, low, high, steepness, is_hole, way)
            for above in curves
            for below in curves
        )
        best = max((rim for rim in rims if rim is not None), key=lambda rim: rim.detour, default=None)
        if best is not None:
            return best
    return None


def _widest(
    above: Curve,
    below: Curve,
    scale: float,
    near: tuple[Array, Array] | None,
    low: float,
    high: float,
    steepness: float,
    is_hole: bool,
    around: bool,
) -> Rim | None:
    """The pair of points, one on each curve, with the longest way between them for their distance."""
    if above is not below and (above.closed or below.closed):
        return None
    reach = (0.1 if steepness == LIPS else 0.16) * scale  # lids bend sharply towards their corners
    first = _candidates(above, low, high, near[0] if near else None, reach)
    second = _candidates(below, low, high, near[1] if near else None, reach)
    if not len(first) or not len(second):
        return None
    p, q = above.points[first], below.points[second]
    apart = q[None] - p[:, None]
    distance = np.linalg.norm(apart, axis=2)
    ends_apart = float(np.linalg.norm(above.points[-1] - below.points[0]))
    hole, widest = 0.5 * scale, 0.5 * scale
    if is_hole:  # an eye that is a hole in the skin may be as tall as wide
        hole, widest = max(hole, (steepness + _HOLE) * ends_apart), _WIDEST_HOLE * scale
    goes_round = above is below and not above.closed and _goes_round(above, scale, low, high)
    runs_on = above.closed or (goes_round and around)
    if above is below:
        way = above.length[second][None] - above.length[first][:, None]
        if above.closed:
            way = np.where(way < 0, way + above.length[-1], way)
        elif runs_on:  # a head without a neck: from one end behind the slit around it all to the other
            behind = way + above.length[-1]
            most = _RIM * scale if is_hole else above.length[-1]
            way = np.where((way < 0) & (behind < most), behind + hole, way)
    else:
        if ends_apart > 1.2 * scale:
            return None
        way = above.length[-1] - above.length[first][:, None] + below.length[second][None] + hole
    facing_down = np.einsum("ijk,ik->ij", apart, _normals(above)[first]) > -0.3 * distance - 1e-9 * scale
    facing_up = np.einsum("ijk,jk->ij", apart, _normals(below)[second]) < 0.3 * distance + 1e-9 * scale
    allowed = facing_down & facing_up & (distance < widest) & (apart[:, :, 1] < 0.1 * scale)
    allowed &= way > (0.2 if near is None else 0.04) * scale
    if above.closed or goes_round:
        allowed &= _beside(above, first, -_OUTSIDE * scale)[:, None] > _beside(below, second, _OUTSIDE * scale)[None]
    if goes_round and not is_hole and near is None:
        behind = above.points[first, 2][:, None] - above.points[-1, 2], below.points[second, 2] - below.points[0, 2]
        allowed &= np.minimum(*behind) > _BAG * scale
    detour = np.where(allowed, way - steepness * distance, -np.inf)
    if runs_on:
        detour = np.where(way < 0.6 * above.length[-1], detour, -np.inf)
    i, j = np.unravel_index(np.argmax(detour), detour.shape)
    if detour[i, j] < (0.08 if near is None else 0.05 if steepness == LIPS else 0.015) * scale:
        return None
    return Rim(above, int(first[i]), below, int(second[j]), float(detour[i, j]), around)


def _goes_round(curve: Curve, scale: float, low: float, high: float) -> bool:
    """Whether an open run goes around a head without a neck, from behind the slit between `low` and `high` to there."""
    ends = curve.points[[0, -1]]
    near = np.linalg.norm(ends[1] - ends[0]) < 1.2 * scale and low - scale < ends[:, 1].min()
    return bool(near and ends[:, 1].max() < high + scale and curve.length[-1] > _ROUND * scale)


def _beside(curve: Curve, chosen: IntArray, way: float) -> Array:
    """(n,) Y of a curve so far along it from some of its points; at its ends that of the ends."""
    along = curve.length[chosen] + way
    if curve.closed:
        along = along % curve.length[-1]
    return np.interp(along, curve.length, curve.points[:, 1])


def _candidates(curve: Curve, low: float, high: float, near: Array | None, reach: float) -> IntArray:
    y = curve.points[:, 1]
    keep = (y > low) & (y < high)
    if near is not None:
        keep &= np.linalg.norm(curve.points[:, 1:] - near[1:], axis=1) < reach
    return np.flatnonzero(keep)


def _normals(curve: Curve) -> Array:
    """(n, 3) unit normals in the plane of the section, outwards."""
    forward = (
        np.gradient(curve.points, axis=0) if len(curve.points) > 2 else np.diff(curve.points, axis=0).repeat(2, axis=0)
    )
    normal = np.stack([np.zeros(len(forward)), forward[:, 2], -forward[:, 1]], axis=1)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
