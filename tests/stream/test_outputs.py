"""What arrives at the other end of the wire, read by readers of their own."""

import math
import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle

from kmtalk_core.errors import KMTalkError
from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.stream.live import Frame
from kmtalk_core.stream.outputs import LiveLink, Vmc, unity_turn


@pytest.fixture
def wire() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        yield listening


@pytest.fixture
def frame() -> Frame:
    chance = np.random.default_rng(7)
    head = np.array([0.1, -0.2, 0.05], np.float32)
    return Frame(12, 0.4, chance.uniform(0, 1, ARKIT.width).astype(np.float32), {"head": head})


class Reader:
    """Reads what Unreal's archives write: big-endian numbers, texts after their length."""

    def __init__(self, packet: bytes) -> None:
        self.rest = packet

    def number(self, kind: str) -> float:
        size = struct.calcsize(">" + kind)
        found, self.rest = struct.unpack(">" + kind, self.rest[:size])[0], self.rest[size:]
        return found

    def text(self) -> str:
        length = int(self.number("i"))
        found, self.rest = self.rest[:length], self.rest[length:]
        return found.decode("utf-8")


def test_live_link_packets_are_read_to_their_last_byte(wire: socket.socket, frame: Frame) -> None:
    output = LiveLink("127.0.0.1", wire.getsockname()[1], ARKIT, "Älva")
    output.send(frame)
    packet = Reader(wire.recv(65536))
    assert packet.number("B") == 6
    assert len(packet.text()) == 36  # a UUID
    assert packet.text() == "Älva"
    assert (packet.number("i"), packet.number("f")) == (12, 0.0)
    assert (packet.number("i"), packet.number("i")) == (30, 1)
    assert packet.number("B") == 61
    values = [packet.number("f") for _ in range(61)]
    assert packet.rest == b""
    np.testing.assert_array_equal(np.float32(values[:52]), frame.motion[ARKIT.indices_of(ARKIT_NAMES)])
    assert values[52:55] == pytest.approx([0.1, -0.2, 0.05])
    output.close()


def test_vmc_messages_are_those_of_its_protocol(wire: socket.socket, frame: Frame) -> None:
    output = Vmc("127.0.0.1", wire.getsockname()[1], ARKIT, head=True)
    output.send(frame)
    messages = [(message.address, message.params) for message in OscBundle(wire.recv(65536))]
    values = {params[0]: params[1] for address, params in messages if address == "/VMC/Ext/Blend/Val"}
    assert values == pytest.approx(
        {name[0].upper() + name[1:]: frame.motion[ARKIT.index_of(name)] for name in ARKIT_NAMES}
    )
    order = [address for address, _ in messages]
    assert order[:2] == ["/VMC/Ext/OK", "/VMC/Ext/T"]
    assert order.index("/VMC/Ext/Blend/Apply") == 2 + 52
    bone = next(params for address, params in messages if address == "/VMC/Ext/Bone/Pos")
    assert bone[0] == "Head" and len(bone) == 8 and math.hypot(*bone[4:]) == pytest.approx(1)
    output.close()


def test_vmc_speaks_to_an_avatar_of_five_vowels(wire: socket.socket, frame: Frame) -> None:
    motion = np.zeros(ARKIT.width, np.float32)
    motion[ARKIT.index_of("jawOpen")] = 0.7
    motion[ARKIT.index_of("eyeBlinkLeft")] = 1.0
    output = Vmc("127.0.0.1", wire.getsockname()[1], ARKIT, names="vrm")
    output.send(Frame(0, 0.0, motion, frame.beside))
    values = {m.params[0]: m.params[1] for m in OscBundle(wire.recv(65536)) if m.address == "/VMC/Ext/Blend/Val"}
    assert set(values) == {"A", "I", "U", "E", "O", "Blink_L", "Blink_R"}
    assert values["A"] > 0.3 and values["Blink_L"] == pytest.approx(1) and values["Blink_R"] == pytest.approx(0)
    output.close()


@pytest.mark.parametrize(
    ("turn", "quaternion"),
    [((0.2, 0, 0), (0, -1, 0)), ((0, 0.2, 0), (1, 0, 0)), ((0, 0, 0.2), (0, 0, -1))],
)
def test_a_head_turns_to_its_own_side_in_unity(turn: tuple[float, ...], quaternion: tuple[float, ...]) -> None:
    """Left is minus x there, down is what a turn about x does, and the right shoulder lies where z turns back."""
    *axis, real = unity_turn(*turn)
    assert real == pytest.approx(math.cos(0.1))
    assert axis == pytest.approx([part * math.sin(0.1) for part in quaternion])


def test_nobody_need_listen(frame: Frame) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    output = LiveLink("127.0.0.1", port, ARKIT)
    for _ in range(3):
        output.send(frame)
    output.close()


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 11111), ("127.0.0.1", 0), ("127.0.0.1", 99999)])
def test_an_address_that_cannot_be_is_told(host: str, port: int) -> None:
    with pytest.raises(KMTalkError, match=r"port|sent to"):
        LiveLink(host, port, ARKIT)
