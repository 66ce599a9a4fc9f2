"""Published meshes are recognised by their edges, whatever an importer did to them, and nothing else is."""

import numpy as np
import pytest

from kmtalk_core.errors import FaceError
from kmtalk_core.motion.topology import describe, find_topology, signatures, topologies
from tests.meshes import demo_head

Y_UP_TO_Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def test_the_tables_are_permutations():
    for topology in topologies():
        assert sorted(topology.order) == list(range(topology.count))
        assert len(topology.anchors) == len(topology.places)


def test_signatures_follow_their_vertices():
    part = demo_head().part("Head")
    from kmtalk_core.motion.mesh import mesh_from

    edges = mesh_from(part.vertices, part.polygons).edges
    order = np.random.default_rng(1).permutation(len(part.vertices))
    place = np.argsort(order)
    moved = np.unique(np.sort(place[edges], axis=1), axis=0)
    assert np.array_equal(signatures(moved, len(order)), signatures(edges, len(order))[order])


def test_a_published_head_is_recognised_as_it_is(published):
    space, vertices, faces = published
    found = find_topology(vertices, faces)
    assert found.space.name == space
    assert not found.reordered and not found.mirrored
    assert np.allclose(found.linear, np.eye(3))
    assert found.residual < 0.02


@pytest.mark.parametrize("flip", [False, True], ids=["as wound", "wound backwards"])
def test_order_place_turn_and_size_are_found_again(published, flip):
    _, vertices, faces = published
    order = np.random.default_rng(0).permutation(len(vertices))
    place = np.argsort(order)
    moved = 100.0 * vertices[order] @ Y_UP_TO_Z_UP.T + [3.0, 4.0, 5.0]
    found = find_topology(moved, place[faces][:, ::-1] if flip else place[faces])
    assert found.reordered and not found.mirrored
    assert np.array_equal(found.vertices, place)
    motion = np.random.default_rng(1).normal(size=(2, len(vertices), 3))
    assert np.allclose(found.offsets(motion), 100.0 * motion[:, order] @ Y_UP_TO_Z_UP.T, atol=1e-3)


def test_a_mirrored_head_is_said_to_be_mirrored(published):
    _, vertices, faces = published
    found = find_topology(vertices * [-1, 1, 1], faces[:, ::-1])
    assert found.mirrored
    assert "mirrored" in found.sentence
    assert np.allclose(found.offsets(vertices), vertices * [-1, 1, 1], atol=1e-6)


def test_another_face_of_the_topology_is_recognised_with_its_residual(published):
    _, vertices, faces = published
    wide = vertices * [1.15, 1.0, 0.95]
    found = find_topology(wide, faces)
    assert 0.01 < found.residual < 0.1


def test_seams_that_an_importer_split_do_not_matter(published):
    _, vertices, faces = published
    split = faces.copy()
    split[:300] = np.arange(900).reshape(300, 3) + len(vertices)
    seams = np.concatenate([vertices, vertices[faces[:300].ravel()]])
    found = find_topology(seams, split)
    shift = found.offsets(vertices)
    assert np.allclose(shift[len(vertices) :], vertices[faces[:300].ravel()], atol=1e-6)


def test_teeth_added_after_the_head_are_left_alone(published):
    _, vertices, faces = published
    teeth = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]])
    found = find_topology(
        np.concatenate([vertices, teeth]), np.concatenate([faces, np.array([[0, 1, 2]]) + len(vertices)])
    )
    assert np.array_equal(found.source[-3:], [-1, -1, -1])
    assert not found.offsets(vertices)[-3:].any()


def test_triangles_joined_to_quads_are_told_by_the_places_of_the_vertices(published):
    space, vertices, faces = published
    found = find_topology(1.1 * vertices * [1.05, 1.0, 0.97], faces[: 3 * len(faces) // 4])
    assert found.space.name == space
    assert "by the places of its vertices" in found.sentence
    assert np.array_equal(found.vertices, np.arange(len(vertices)))


def test_the_right_number_of_vertices_is_not_enough(published):
    _, vertices, faces = published
    other = faces.copy()
    other[:50] = np.random.default_rng(0).permutation(len(vertices))[:150].reshape(50, 3)
    order = np.argsort(vertices[:, 1])
    shuffled = np.argsort(order)[other]
    assert find_topology(vertices[order], shuffled) is None
    assert "other edges" in describe(vertices[order], shuffled)


def test_another_head_is_none_of_them():
    part = demo_head().part("Head")
    assert find_topology(part.vertices, part.polygons) is None
    assert describe(part.vertices, part.polygons).startswith("No known topology")


@pytest.mark.parametrize("faces", [[], [[0, 1, 9]]], ids=["no faces", "faces of missing vertices"])
def test_what_is_no_mesh_is_refused(faces):
    with pytest.raises(FaceError):
        find_topology(np.eye(3), faces)
