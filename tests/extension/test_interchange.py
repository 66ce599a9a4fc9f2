"""Takes to files and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, points_of

from kmtalk_core.errors import KMTalkError
from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.take import Key, Take


def some_take(frames: int = 45, fps: float = 30.0) -> Take:
    motion = np.random.default_rng(0).random((frames, 52)).astype(np.float32)
    keys = tuple(Key(frame, frame / fps, "a", 0.9, motion[frame]) for frame in (0, 7, 20, frames - 1))
    return Take(space="arkit", fps=fps, motion=motion, keys=keys)


@pytest.mark.parametrize("name", ["take.csv", "take.json", "take.npz"])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_a_take_comes_back_from_each_layout(name: str, fps: float, tmp_path: Path) -> None:
    from kmtalk_addon import interchange

    take = some_take(fps=fps)
    interchange.export(take, tmp_path / name)
    back = interchange.load(tmp_path / name)
    assert back.fps == fps and np.allclose(back.motion, take.motion, atol=2e-5)
    if not name.endswith(".csv"):
        assert [key.frame for key in back.keys] == [0, 7, 20, 44]


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "Timecode,BlendshapeCount,JawOpen\n0:0:0:0,61,x\n", "{}", "\x00"]
)
@pytest.mark.parametrize("ending", [".csv", ".json", ".npz"])
def test_what_is_no_take_is_refused_with_a_sentence(content: str, ending: str, tmp_path: Path) -> None:
    from kmtalk_addon import interchange

    path = (tmp_path / "x").with_suffix(ending)
    path.write_text(content)
    with pytest.raises(KMTalkError, match="take"):
        interchange.load(path)


def test_a_recording_made_elsewhere_is_baked_and_exported_again(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path
) -> None:
    import bpy

    rows = ["Timecode,BlendshapeCount," + ",".join(n[0].upper() + n[1:] for n in ARKIT_NAMES) + ",HeadYaw"]
    rows += [f"00:00:0{f // 60}:{f % 60:02d}.123,61," + ",".join(["0.5"] * 52) + ",0" for f in range(90)]
    path = tmp_path / "MySlate_1.csv"
    path.write_text("\n".join(rows) + "\n")
    assert bpy.ops.kmtalk.import_take(filepath=str(path), start=5) == {"FINISHED"}
    points = points_of(addon, action_of(head))['key_blocks["jawOpen"].value']
    assert points[0].tolist() == [5.0, 0.5] and points[-1][0] == pytest.approx(5 + 89 / 60 * 24, abs=1)
    out = tmp_path / "out.json"
    assert bpy.ops.kmtalk.export_take(filepath=str(out), layout_name="JSON") == {"FINISHED"}
    assert out.exists()
