"""One press shows a face in test poses and says what is wrong with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_face_build import bare_head

from kmtalk_core.faces.poses import TEST_POSES


@pytest.fixture(scope="module")
def checked(extension: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, np.ndarray, dict[str, int]]:
    """Report, picture, and what is left in the file, of the demo head with a few keys spoilt."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
    head = bare_head(bpy.context.scene)[0]
    assert bpy.ops.kmtalk.face_build() == {"FINISHED"}
    keys = head.data.shape_keys.key_blocks
    neutral, jaw = (np.empty(3 * len(head.data.vertices), np.float32) for _ in range(2))
    keys[0].points.foreach_get("co", neutral)
    keys["jawOpen"].points.foreach_get("co", jaw)
    keys["cheekPuff"].points.foreach_set("co", neutral)
    keys["mouthLeft"].points.foreach_set("co", neutral - 0.4 * (jaw - neutral))  # the lower lip through the upper one
    head.shape_key_remove(keys["mouthClose"])
    path = tmp_path_factory.mktemp("check") / "größe.png"
    assert bpy.ops.kmtalk.face_check(filepath=str(path)) == {"FINISHED"}
    image = bpy.data.images["KMTalk Face Check"]
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    assert path.read_bytes()[1:4] == b"PNG"
    left = {kind: len(getattr(bpy.data, kind)) for kind in ("scenes", "objects", "meshes", "curves", "cameras")}
    report = bpy.data.texts["KMTalk Face Check"].as_string()
    return report, pixels.reshape(height, width, 4)[::-1], left


@pytest.mark.parametrize(
    "sentence",
    ["missing: mouthClose", "no effect: cheekPuff", "Lips cross, in widths of the mouth: mouthLeft", "on p, b and m"],
)
def test_the_report_names_what_is_wrong(checked: tuple[str, np.ndarray, dict[str, int]], sentence: str) -> None:
    assert sentence in checked[0]


def test_every_pose_is_another_picture_of_the_face(checked: tuple[str, np.ndarray, dict[str, int]]) -> None:
    _, picture, _ = checked
    rows = -(-len(TEST_POSES) // 4)
    size = picture.shape[0] // rows
    cells = [picture[r * size : (r + 1) * size, c * size : (c + 1) * size, :3] for r in range(rows) for c in range(4)]
    names = list(TEST_POSES)
    rest = cells[names.index("rest")]
    assert np.ptp(rest[size // 4 : -size // 4, size // 4 : -size // 4]) > 0.3  # light and shadow of a face
    for name in ("a", "u", "blink"):
        face = slice(int(0.15 * size), int(0.85 * size))
        assert np.abs(cells[names.index(name)] - rest)[face, face].mean() > 0.004, name


def test_nothing_is_left_behind(checked: tuple[str, np.ndarray, dict[str, int]]) -> None:
    assert checked[2] == {"scenes": 1, "objects": 8, "meshes": 8, "curves": 0, "cameras": 0}


def test_visemes_on_what_is_no_head_are_looked_at_all_the_same(
    addon: Callable[[str], Any], scene: Any, tmp_path: Path
) -> None:
    import bpy
    from faces_at_work import make_face

    make_face(scene, "Puppet", ("aa", "ih", "ou", "ee", "oh"))
    bpy.context.object.data.shape_keys.key_blocks["aa"].points[0].co.z += 0.5
    assert bpy.ops.kmtalk.face_check() == {"FINISHED"}
    report = bpy.data.texts["KMTalk Face Check"].as_string()
    assert "VRM, 5 of 8" in report and "no effect: ee, ih, oh, ou" in report and "not measured" in report


def test_a_face_is_looked_at_without_an_engine(
    addon: Callable[[str], Any], scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy
    from faces_at_work import make_face

    def none_is_there(*_: Any) -> None:
        raise addon("engine").EngineError("The engine is not installed.")

    make_face(scene, "Puppet", ("aa", "ih", "ou", "ee", "oh"))
    monkeypatch.setattr(addon("options"), "face_engine_of", none_is_there)
    assert bpy.ops.kmtalk.face_check() == {"FINISHED"}
    assert bpy.data.images["KMTalk Face Check"].size[0] > 100
    report = bpy.data.texts["KMTalk Face Check"].as_string()
    assert "which KMTalk's preferences install" in report and "not measured" in report
    with pytest.raises(RuntimeError, match="not installed"):
        bpy.ops.kmtalk.face_build()
