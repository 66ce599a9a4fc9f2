"""Synthetic data sets: what is made in a published layout must read, sound and move like one."""

import pickle
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.alignment import Phone
from kmtalk_core.corpus.articulation import articulate, one_hot
from kmtalk_core.corpus.face import arkit_motion
from kmtalk_core.datasets.alignments import AlignmentStore, prepare_job
from kmtalk_core.datasets.heads import synthetic_head
from kmtalk_core.datasets.ply import TriangleMesh, find_mesh, read_ply, write_ply
from kmtalk_core.datasets.reader import open_data_set
from kmtalk_core.datasets.regions import regions_for
from kmtalk_core.datasets.remesh import with_vertex_count
from kmtalk_core.datasets.styles import shown, sized, style
from kmtalk_core.datasets.synthesis import SyntheticData, synthesize_job
from kmtalk_core.errors import DataSetError
from kmtalk_core.evaluation.metrics import opening, pool, score
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.motion.opening import visible_opening
from kmtalk_core.phones import BILABIALS, CLASS_INDEX, VOWELS
from kmtalk_core.progress import finish


@pytest.fixture(scope="module", params=["vocaset", "biwi"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One training subject with two sentences, and one sentence for each other split."""
    folder = tmp_path_factory.mktemp("synthetic") / request.param
    yield finish(synthesize_job(SyntheticData(folder, request.param, sentences=2, subjects=1)))
    for path in (folder / "vertices_npy").glob("*.npy"):  # large, and pytest keeps what lies there
        path.unlink()


def test_more_can_be_held_out_than_trained_on(tmp_path: Path) -> None:
    data = open_data_set(finish(synthesize_job(SyntheticData(tmp_path, sentences=1, subjects=1, held_out=3))))
    assert [len(data.split(which)) for which in ("train", "validation", "test")] == [1, 3, 3]
    for path in (tmp_path / "vertices_npy").glob("*.npy"):
        path.unlink()


def test_with_styles_one_sentence_in_one_voice_has_several_right_faces(tmp_path: Path) -> None:
    root = finish(synthesize_job(SyntheticData(tmp_path, sentences=1, subjects=2, styles=2)))
    data = open_data_set(root)
    one, two = data.split("train")
    said = [(root / "text" / f"{item.name}.txt").read_text(encoding="utf-8") for item in (one, two)]
    assert said[0] == said[1] and data.sound(one).length == data.sound(two).length
    regions = regions_for(data.space.name, root)
    wide = [opening(data.motion(item), regions) for item in (one, two)]
    assert np.abs(wide[0] - wide[1]).max() > 0.15 * np.ptp(wide[0])
    assert np.corrcoef(wide[0], wide[1])[0, 1] > 0.5  # other faces, and still of this sentence
    assert "ill-posed on purpose (`--styles 2`)" in (root / "README.md").read_text(encoding="utf-8")
    for path in (tmp_path / "vertices_npy").glob("*.npy"):
        path.unlink()


def test_lips_close_on_p_b_and_m_in_every_style() -> None:
    phones = [Phone(0.2 * n, 0.2 * n + 0.2, label) for n, label in enumerate(["a", "m", "a", "b", "ɛ", "p", "o"])]
    seconds, closing = 1.4, ("m", "b", "p")
    labels = np.zeros(140, int)
    for number in range(6):
        speaker, rng = style(number, 1), np.random.default_rng(number)
        seen = shown(phones, speaker, rng)
        assert [p.label for p in seen] == [p.label for p in phones] and seen[-1].end <= seconds + 1e-9
        assert all(a.end == pytest.approx(b.start) and a.end > a.start for a, b in pairwise(seen))
        for phone in seen:
            labels[round(100 * phone.start) : round(100 * phone.end)] = CLASS_INDEX[phone.label]
        motion = sized(arkit_motion(articulate(one_hot(labels)), np.full(140, 0.75, np.float32)), seen, speaker, rng)
        wide = visible_opening(motion)
        for phone in seen:
            if phone.label in closing:
                inside = slice(round(30 * phone.start), round(30 * phone.end) + 1)
                assert wide[inside].min() < 0.1 * wide.max()


def test_it_reads_as_the_published_one_does(root: Path) -> None:
    data = open_data_set(root)
    assert data.notes == ()
    assert data.space.name == root.name
    assert data.stride == (2 if root.name == "vocaset" else 1)
    assert [len(data.split(which)) for which in ("train", "validation", "test")] == [2, 1, 1]
    with (root / "templates.pkl").open("rb") as file:  # as every other project opens it
        assert pickle.load(file, encoding="latin1").keys() == data.templates.keys()
    for sequence in data.split("train"):
        seconds = data.sound(sequence).duration
        assert abs(data.frame_count(sequence) - seconds * data.space.fps) <= 1
        assert data.motion(sequence).shape == (data.frame_count(sequence), data.space.width)


def test_lips_close_on_p_b_m_and_open_on_vowels(root: Path) -> None:
    data = open_data_set(root)
    regions = regions_for(data.space.name, root)
    store = AlignmentStore.of(data)
    finish(prepare_job(data, store))
    closed, open_ = [], []
    for part in data.splits.values():
        for sequence in part:
            wide = opening(data.motion(sequence), regions)
            for phone in store.get(sequence.name).phones:
                frame = min(round((phone.start + phone.end) / 2 * data.space.fps), len(wide) - 1)
                (closed if phone.label in BILABIALS else open_ if phone.label in VOWELS else []).append(wide[frame])
    assert len(closed) >= 3
    assert np.median(closed) < 0.35 * np.median(open_)


def test_its_own_motion_scores_perfectly_and_a_still_face_does_not(root: Path) -> None:
    data = open_data_set(root)
    sequence = data.split("test")[0]
    store = AlignmentStore.of(data)
    finish(prepare_job(data, store))
    motion, regions = data.motion(sequence), regions_for(data.space.name, root)
    phones = store.get(sequence.name)
    perfect = pool([score("a", "s", motion, motion, regions, data.space.fps, phones)])
    still = pool([score("a", "s", np.zeros_like(motion), motion, regions, data.space.fps, phones)])
    assert (perfect.lve, perfect.fdd, perfect.mve) == (0, 0, 0)
    assert still.lve > 0 and still.fdd > 0 and still.mve > 0


def test_prepare_finds_exact_phones_and_a_usual_key_ratio(root: Path) -> None:
    data = open_data_set(root)
    found = finish(prepare_job(data, AlignmentStore.of(data), again=True))
    assert found.methods == {"textgrid": found.sequences}
    assert 0.25 < found.ratio < 0.55
    assert set(found.ratios) >= {"train", "validation", "test"}


def test_prepare_does_not_find_again_what_it_has(root: Path) -> None:
    data = open_data_set(root)
    store = AlignmentStore.of(data)
    finish(prepare_job(data, store))
    before = {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()}
    finish(prepare_job(data, store))
    assert {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()} == before
    next(store.folder.iterdir()).write_text("{")
    with pytest.raises(DataSetError, match="damaged"):
        finish(prepare_job(data, store))
    finish(prepare_job(data, store, again=True))


def test_biwi_heads_have_an_area_of_1_in_every_frame(root: Path) -> None:
    if root.name != "biwi":
        pytest.skip("VOCASET is in metres")
    data = open_data_set(root)
    mesh = find_mesh(root, data.space.vertices)
    sequence = data.split("train")[0]
    vertices = (data.motion(sequence) + data.templates[sequence.subject].ravel()).reshape(-1, data.space.vertices, 3)
    for frame in vertices[:: len(vertices) // 3]:
        a, b, c = (frame[mesh.triangles[:, corner]] for corner in range(3))
        assert 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() == pytest.approx(1, abs=1e-3)
        np.testing.assert_allclose(frame.mean(axis=0), 0, atol=1e-5)


@pytest.mark.parametrize("count", [5023, 23370])
def test_heads_have_exactly_the_vertices_and_a_sound_surface(count: int) -> None:
    head = synthetic_head(count)
    assert head.mesh.vertices.shape == (count, 3)
    assert head.shapes.shape == (52, 3 * count)
    assert len(np.unique(head.mesh.triangles)) == count
    sides = head.mesh.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    assert max(Counter(map(tuple, np.sort(sides, axis=1).tolist())).values()) == 2
    regions = head.regions.check(count)
    assert 100 < len(regions.lips) < len(regions.upper)
    jaw = head.shapes[ARKIT_INDEX["jawOpen"]].reshape(1, -1)
    assert opening(jaw, regions)[0] > 0.01  # metres


def test_a_mesh_gets_any_number_of_vertices() -> None:
    side = 12
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    values = np.stack([x.ravel(), y.ravel(), 0 * x.ravel(), x.ravel() * 2.0], axis=1).astype(float)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    faces = np.concatenate([np.stack([corner, corner + 1, corner + side], 1),
                            np.stack([corner + 1, corner + side + 1, corner + side], 1)])  # fmt: skip
    keep = np.zeros(side * side, bool)
    keep[65] = True
    for count in (110, 144, 300):
        found, triangles = with_vertex_count(values, faces, count, keep)
        assert len(found) == count and len(np.unique(triangles)) == count
        np.testing.assert_allclose(found[:, 3], 2 * found[:, 0])  # columns go along with positions
        assert (np.abs(found[:, :3] - values[65, :3]).max(axis=1) == 0).any()
        a, b, c = (found[triangles[:, k], :2] for k in range(3))
        area = 0.5 * np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
        assert area.sum() == pytest.approx((side - 1) ** 2)


@pytest.mark.parametrize("form", ["binary", "text"])
def test_meshes_are_read_as_they_were_written(tmp_path: Path, form: str) -> None:
    mesh = TriangleMesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.5]], np.float32), np.array([[0, 1, 2]]))
    path = tmp_path / "mesh.ply"
    if form == "binary":
        write_ply(path, mesh)
    else:
        path.write_text(
            "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
            "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0.5\n3 0 1 2\n"
        )
    found = read_ply(path)
    np.testing.assert_array_equal(found.vertices, mesh.vertices)
    np.testing.assert_array_equal(found.triangles, mesh.triangles)


@pytest.mark.parametrize("content", [b"", b"ply\n", b"ply\nformat ascii 1.0\nend_header\n", b"\x00" * 50])
def test_a_file_that_is_no_mesh_gets_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mesh.ply").write_bytes(content)
    with pytest.raises(DataSetError, match="no triangle mesh"):
        read_ply(tmp_path / "mesh.ply")


def test_a_layout_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="vocaset"):
        finish(synthesize_job(SyntheticData(tmp_path, "other")))
