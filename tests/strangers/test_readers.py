"""What strangers write, thought up by a machine: every reader reads it rightly or says one sentence.

`--examples 5000` looks longer.
"""

import contextlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("torch")
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import awake, small

from kmtalk_core import batch, schema
from kmtalk_core.alignment import Phone
from kmtalk_core.datasets.templates import load_templates
from kmtalk_core.edits import plan, read_edits
from kmtalk_core.errors import DataSetError, KMTalkError, RequestError, TakeError, WeightsError
from kmtalk_core.events import Event
from kmtalk_core.model import checkpoint
from kmtalk_core.model.config import KMTalkConfig, preset
from kmtalk_core.motion.spaces import ARKIT, HEAD
from kmtalk_core.settings import SETTINGS, Settings
from kmtalk_core.take import Key, Take, Track, export_csv, import_csv, load_take, read_header, save_take
from kmtalk_core.verbs import VERBS, verb

NUMBERS = st.one_of(
    st.integers(-3, 100),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([10**400, -(10**400), 1e308, 2**63, -0.0, 1e-320]),
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["", "\0", "\ud800", "x" * 50_000, "NaN", "../../etc"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
BYTES = st.lists(
    st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=4), st.integers(0, 4)), min_size=1, max_size=6
)


@contextlib.contextmanager
def told(kind: type[KMTalkError]) -> Iterator[None]:
    """What raises says one sentence, of the right kind."""
    try:
        yield
    except kind as error:
        message = str(error)
        assert message and "\n" not in message and len(message) < 2000, message
        message.encode("utf-8", "backslashreplace")


def damaged(content: bytes, changes: list[tuple[float, bytes, int]]) -> bytes:
    """`content` with some stretches taken out and others put in."""
    for place, added, removed in changes:
        at = int(place * len(content))
        content = content[:at] + added + content[at + removed :]
    return content


def replaced(value: Any, place: float, new: Any) -> Any:
    """A copy of the JSON `value` with one of all its values, the one at `place` (0..1), replaced by `new`."""
    spots = list(_spots(value))
    target = spots[int(place * (len(spots) - 1))]

    def copy(item: Any, path: tuple[Any, ...]) -> Any:
        if path == target:
            return new
        if isinstance(item, dict):
            return {name: copy(inner, (*path, name)) for name, inner in item.items()}
        if isinstance(item, list):
            return [copy(inner, (*path, number)) for number, inner in enumerate(item)]
        return item

    return copy(value, ())


def _spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from _spots(item, (*path, name))


@cache
def a_take() -> Take:
    motion = np.random.default_rng(0).random((12, 52)).astype(np.float32)
    keys = tuple(Key(frame, frame / 30, "a", 0.5, motion[frame]) for frame in (0, 5, 11))
    events = (Event("e1", "blink", 0.2, 0.1, 1.0, 0.0, 1, "generated"),)
    head = np.zeros((12, 3), np.float32)
    phones = (Phone(0.0, 0.1, "sil"), Phone(0.1, 0.25, "a"), Phone(0.25, 0.4, "b"))
    return Take((Track(ARKIT, motion), Track(HEAD, head)), keys, phones, events, text="Hello.", fps=30.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strangers")


@pytest.fixture(scope="module")
def content(folder: Path) -> Callable[[str], bytes]:
    """The bytes of a good file of each kind."""
    save_take(a_take(), folder / "take.npz")
    export_csv(a_take(), folder / "table.csv")
    checkpoint.save(awake(small()), folder / "weights", "A card.")
    heads = {"F2": np.arange(12.0).reshape(4, 3), "M1": np.ones((4, 3), np.float32)}
    for protocol in range(6):
        (folder / f"{protocol}.pkl").write_bytes(pickle.dumps(heads, protocol))
    return lambda name: (folder / name).read_bytes()


@given(changes=BYTES)
def test_a_take_whose_bytes_changed(folder: Path, content: Callable[[str], bytes], changes: Any) -> None:
    path = folder / "changed.npz"
    path.write_bytes(damaged(content("take.npz"), changes))
    with told(TakeError):
        read_header(path)
    with told(TakeError):
        save_take(load_take(path), folder / "again.npz")


@given(place=st.floats(0, 1), new=VALUES)
def test_a_take_whose_header_holds_something_else(
    folder: Path, content: Callable[[str], bytes], place: float, new: Any
) -> None:
    with np.load(folder / "take.npz") as file:
        arrays = dict(file)
    header = json.dumps(replaced(json.loads(str(arrays["header"][()])), place, new))
    assume("\0" not in header)
    path = folder / "header.npz"
    np.savez(path, **{**arrays, "header": np.array(header)})
    with told(TakeError):
        take = load_take(path)
        save_take(take, folder / "again.npz")
        again = load_take(folder / "again.npz")
        assert np.array_equal(again.motion, take.motion) and again.events == take.events
        assert [key.frame for key in again.keys] == [key.frame for key in take.keys]


@given(layout=st.binary(max_size=80), compressed=st.booleans())
def test_a_take_with_a_member_of_nonsense(
    folder: Path, content: Callable[[str], bytes], layout: bytes, compressed: bool
) -> None:
    path = folder / "member.npz"
    with zipfile.ZipFile(io.BytesIO(content("take.npz"))) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            if name == "motion.npy":
                data = b"\x93NUMPY\x01\x00" + len(layout).to_bytes(2, "little") + layout
            bad.writestr(name, data, zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)
    with pytest.raises(TakeError):
        load_take(path)


EDIT = st.fixed_dictionaries(
    {},
    optional={
        "frame": st.one_of(st.sampled_from([0, 5, 11]), NUMBERS),
        "pose": st.one_of(
            st.dictionaries(st.sampled_from(["jawOpen", "mouthClose", "nose"]), NUMBERS, max_size=3), VALUES
        ),
        "state": st.one_of(st.sampled_from(["edited", "locked", "generated"]), VALUES),
        "move_to": NUMBERS,
        "delete": st.one_of(st.booleans(), VALUES),
        "add": st.one_of(st.booleans(), VALUES),
        "phone": st.one_of(st.sampled_from([0, 1, 2, "oo", "m"]), VALUES),
        "label": st.one_of(st.sampled_from(["u", "UW1", "hello"]), VALUES),
        "start": NUMBERS,
        "end": NUMBERS,
        "split": NUMBERS,
        "join": st.one_of(st.booleans(), VALUES),
        "event": st.one_of(st.sampled_from(["e1", "e2"]), VALUES),
        "bogus": VALUES,
    },
)


@given(entries=st.one_of(st.lists(st.one_of(EDIT, VALUES), max_size=4), VALUES))
def test_edits(entries: Any) -> None:
    with told(TakeError):
        done = plan(a_take(), read_edits(entries, a_take()))
        assert all(0 <= key.frame < 12 for key in done.keys)
        assert all(key.pose is None or np.isfinite(key.pose).all() for key in done.keys)
        assert all(phone.start < phone.end for phone in done.phones)


@given(values=st.dictionaries(st.one_of(st.sampled_from([*SETTINGS]), TEXTS), VALUES, max_size=4))
def test_settings(values: Any) -> None:
    with told(KMTalkError):
        read = Settings.of(values)
        assert Settings.of(json.loads(json.dumps(read.to_json()))) == read


@given(pairs=st.lists(st.one_of(TEXTS, st.builds("{}={}".format, st.sampled_from([*SETTINGS]), TEXTS))))
def test_settings_of_a_command_line(pairs: list[str]) -> None:
    with told(KMTalkError):
        Settings.of(Settings.parse(pairs))


@given(changes=BYTES)
def test_a_table_whose_bytes_changed(folder: Path, content: Callable[[str], bytes], changes: Any) -> None:
    path = folder / "changed.csv"
    path.write_bytes(damaged(content("table.csv"), changes))
    with told(TakeError):
        assert np.isfinite(import_csv(path).motion).all()


@given(content=st.binary(max_size=300))
def test_a_table_of_anything(folder: Path, content: bytes) -> None:
    path = folder / "any.csv"
    path.write_bytes(b"Timecode,BlendshapeCount,JawOpen\n" + content)
    with told(TakeError):
        import_csv(path)


@given(protocol=st.integers(0, 5), changes=BYTES)
def test_templates_whose_bytes_changed(
    folder: Path, content: Callable[[str], bytes], protocol: int, changes: Any
) -> None:
    path = folder / "changed.pkl"
    path.write_bytes(damaged(content(f"{protocol}.pkl"), changes))
    with told(DataSetError):
        assert all(np.isfinite(head).all() for head in load_templates(path).values())


@given(content=st.binary(max_size=200))
def test_templates_of_anything(folder: Path, content: bytes) -> None:
    path = folder / "any.pkl"
    path.write_bytes(content)
    with told(DataSetError):
        load_templates(path)


CONFIGS = [small().to_json(), preset("vocaset").to_json()]


@given(which=st.sampled_from(CONFIGS), place=st.floats(0, 1), new=VALUES)
def test_a_config_that_holds_something_else(which: Any, place: float, new: Any) -> None:
    with told(WeightsError):
        KMTalkConfig.from_json(replaced(which, place, new))


@given(member=st.sampled_from(["config.json", "model.safetensors"]), changes=BYTES)
def test_weights_whose_bytes_changed(folder: Path, content: Callable[[str], bytes], member: str, changes: Any) -> None:
    other = folder / "changed"
    other.mkdir(exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        whole = content(f"weights/{name}")
        (other / name).write_bytes(damaged(whole, changes) if name == member else whole)
    with told(WeightsError):
        checkpoint.load(other)


@given(
    content=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
)
def test_lists_of_a_batch(folder: Path, content: bytes) -> None:
    path = folder / "list.txt"
    path.write_bytes(content)
    with told(KMTalkError):
        listing = batch.read_list(path, folder / "out")
        assert listing.items
        for item in listing.items:
            assert item.out.parent == folder / "out"


class Nobody:
    weights = animator = load = None

    def loaded(self) -> Any:
        raise KMTalkError("There is no network here.")


@given(
    do=st.one_of(st.sampled_from([*VERBS]), VALUES), fields=st.dictionaries(TEXTS, VALUES, max_size=3), data=st.data()
)
def test_requests_to_a_worker(do: Any, fields: Any, data: Any) -> None:
    known = VERBS[do].fields.fields if isinstance(do, str) and do in VERBS else {}
    some = data.draw(st.dictionaries(st.sampled_from([*known]), VALUES)) if known else {}
    with told(KMTalkError):
        verb({"id": 1, "do": do, **fields, **some}, Nobody()).close()
    if "audio" in known:
        with pytest.raises(RequestError):
            verb({"id": 1, "do": do, "audio": 5}, Nobody())


@given(text=st.one_of(st.text(max_size=100), st.binary(max_size=100), VALUES.map(json.dumps)))
def test_json(text: Any) -> None:
    with told(TakeError):
        schema.loads(text, "The file", TakeError)
