"""Where frames go: lines of JSON, Live Link Face's packets, VMC's messages.  The layouts are their publishers'."""

import json
import math
import socket
import struct
import uuid
from collections.abc import Callable
from typing import IO, Any, Protocol

import numpy as np

from ..errors import KMTalkError
from ..motion.arkit import ARKIT_NAMES
from ..motion.spaces import MotionSpace
from ..naming.retarget import retarget
from ..take.live_link import live_link_rows
from .live import Frame

_VERSION = 6  # of Live Link Face's packets
_VRM = {"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "blinkLeft": "Blink_L", "blinkRight": "Blink_R"}
_DEVICE = uuid.uuid5(uuid.NAMESPACE_URL, "kmtalk")

PORTS = {"live-link": 11111, "vmc": 39539}
"""Where Unreal and VMC's marionettes listen unless they are told otherwise."""


class Output(Protocol):
    """Who takes frames, one after the other, and lets go of what it holds at the end."""

    def send(self, frame: Frame) -> None: ...

    def close(self) -> None: ...


class JsonLines:
    """One JSON object a line: `time` in seconds, `coefficients` by name, `head` as yaw, pitch and roll in radians."""

    def __init__(self, file: IO[str], space: MotionSpace) -> None:
        self._file, self._names = file, space.names

    def send(self, frame: Frame) -> None:
        values = [round(value, 5) for value in frame.motion.tolist()]
        head = dict(zip(("yaw", "pitch", "roll"), (round(value, 5) for value in frame.head.tolist()), strict=True))
        record = {"time": round(frame.time, 4), "coefficients": dict(zip(self._names, values, strict=True))}
        self._file.write(json.dumps({**record, "head": head}) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.flush()


class LiveLink:
    """Live Link Face's packets over UDP, as Unreal's ARKit face support reads them, one a frame.

    Big-endian: version (uint8), device (int32 length, UTF-8), subject (the same), frame (int32), part of a frame
    (float32), rate as numerator and denominator (int32 each), count (uint8: 61), 52 coefficients and nine rotations
    (float32 each).
    """

    def __init__(self, host: str, port: int, space: MotionSpace, subject: str = "KMTalk") -> None:
        self._socket, self._space = _Udp(host, port), space
        device, name = str(_DEVICE).upper().encode(), subject.encode()[:255]
        self._header = struct.pack(f">Bi{len(device)}si{len(name)}s", _VERSION, len(device), device, len(name), name)
        rate = round(space.fps)
        self._rate = (rate, 1) if math.isclose(rate, space.fps) else (round(space.fps * 1001), 1001)

    def send(self, frame: Frame) -> None:
        coefficients = frame.motion[None, self._space.indices_of(ARKIT_NAMES)]
        values = live_link_rows(coefficients, frame.head[None])[0]
        number = frame.number % 2**31
        self._socket.send(
            self._header + struct.pack(f">ifiiB{len(values)}f", number, 0.0, *self._rate, len(values), *values)
        )

    def close(self) -> None:
        self._socket.close()


class Vmc:
    """VMC's messages (OSC over UDP), one bundle a frame: a value for each blend shape, then that they apply.

    `names` is `arkit` (the 52 of a *Perfect Sync* avatar, with a capital) or `vrm` (five vowels and both lids);
    `head` sends the head's bone too, which some receivers put where its position says.
    """

    def __init__(self, host: str, port: int, space: MotionSpace, names: str = "arkit", head: bool = False) -> None:
        """Raises KMTalkError where python-osc is not installed."""
        try:
            from pythonosc import osc_bundle_builder, osc_message_builder
        except ImportError as error:
            raise KMTalkError("VMC needs python-osc: install kmtalk[stream].") from error
        self._bundles, self._messages = osc_bundle_builder, osc_message_builder
        self._socket, self._head = _Udp(host, port), head
        self._names: tuple[str, ...]
        self._values: Callable[[np.ndarray], np.ndarray]
        if names == "vrm":
            keys = retarget("vrm", _VRM)
            self._names = tuple(_VRM.values())
            self._values = lambda motion: keys(motion[None, space.indices_of(ARKIT_NAMES)])[0]
        else:
            self._names = tuple(name[0].upper() + name[1:] for name in ARKIT_NAMES)
            self._values = lambda motion: motion[space.indices_of(ARKIT_NAMES)]

    def send(self, frame: Frame) -> None:
        bundle = self._bundles.OscBundleBuilder(self._bundles.IMMEDIATELY)
        self._add(bundle, "/VMC/Ext/OK", ("i", 1))
        self._add(bundle, "/VMC/Ext/T", ("f", frame.time))
        for name, value in zip(self._names, self._values(frame.motion).tolist(), strict=True):
            self._add(bundle, "/VMC/Ext/Blend/Val", ("s", name), ("f", value))
        self._add(bundle, "/VMC/Ext/Blend/Apply")
        if self._head:
            turn = [("f", value) for value in (0.0, 0.0, 0.0, *unity_turn(*frame.head.tolist()))]
            self._add(bundle, "/VMC/Ext/Bone/Pos", ("s", "Head"), *turn)
        self._socket.send(bundle.build().dgram)

    def _add(self, bundle: object, address: str, *values: tuple[str, Any]) -> None:
        message = self._messages.OscMessageBuilder(address)
        for kind, value in values:
            message.add_arg(value, kind)
        bundle.add_content(message.build())  # type: ignore[attr-defined]

    def close(self) -> None:
        self._socket.close()


def unity_turn(yaw: float, pitch: float, roll: float) -> tuple[float, float, float, float]:
    """The quaternion x, y, z, w, in Unity's axes (right, up, forward; left-handed), of a head's turn in radians."""
    x, y, z = 0.5 * pitch, -0.5 * yaw, -0.5 * roll
    cx, sx, cy, sy, cz, sz = math.cos(x), math.sin(x), math.cos(y), math.sin(y), math.cos(z), math.sin(z)
    return (
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    )


class _Udp:
    """Packets to one address; nobody need listen there."""

    def __init__(self, host: str, port: int) -> None:
        """Raises KMTalkError for a host that nobody knows, or a port that cannot be sent to."""
        if not 0 < port < 65536:
            raise KMTalkError(f"There is no port {port}; ports lie between 1 and 65535.")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
            self._socket.connect(found[4])
        except (OSError, UnicodeError) as error:
            raise KMTalkError(f"Nothing can be sent to {host!r:.80}, port {port} ({error}); check both.") from error
        self._where = f"{host}, port {port}"

    def send(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except ConnectionRefusedError:
            pass  # nobody listens yet, or no longer: whoever comes later gets what is sent then
        except OSError as error:
            raise KMTalkError(f"Sending to {self._where} fails ({error.strerror}); check the network.") from error

    def close(self) -> None:
        self._socket.close()
