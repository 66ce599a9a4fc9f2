"""The demo head's file holds what the code that shapes it makes."""

import subprocess
import sys

import numpy as np
from meshes import demo_head

from kmtalk_core.faces.demo.stored import STEP, load_head


def test_the_file_is_what_the_code_makes_now() -> None:
    made, stored = demo_head(), load_head()
    assert stored.materials == made.materials
    assert stored.landmarks.keys() == made.landmarks.keys()
    for own, kept in zip(made.parts, stored.parts, strict=True):
        assert (kept.name, kept.materials, kept.polygons) == (own.name, own.materials, own.polygons)
        assert np.allclose(kept.vertices, own.vertices, atol=1e-6)
        assert np.array_equal(kept.material_index, own.material_index)
        assert list(kept.shapes) == list(own.shapes)
        for name, offsets in own.shapes.items():
            assert np.abs(kept.shapes[name] - offsets).max() <= 0.51 * STEP + 1e-6, f"{own.name} {name}"


def test_it_needs_numpy_alone() -> None:
    code = (
        "import sys; sys.modules['scipy'] = None; from kmtalk_core.faces.demo import load_head; "
        "print(len(load_head().part('Head').shapes))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "52\n"
