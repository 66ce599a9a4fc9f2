"""`python -m kmtalk_core stream`, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

COMMAND = [sys.executable, "-m", "kmtalk_core", "stream"]
ROOT = Path(__file__).parents[2]


def streamed(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, cwd=ROOT, timeout=120)


def frames(output: bytes) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_file_becomes_lines_of_json(speech: Path, tmp_path: Path) -> None:
    done = streamed(speech, "--fast", "--out", tmp_path / "frames.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    found = frames((tmp_path / "frames.jsonl").read_bytes())
    assert len(found[0]["coefficients"]) == 52 and set(found[0]["head"]) == {"yaw", "pitch", "roll"}
    assert max(frame["coefficients"]["jawOpen"] for frame in found) > 0.1
    assert not any(found[-1]["coefficients"].values())


@pytest.mark.parametrize(
    ("kind", "dtype", "scale"), [("s16le", "<i2", 32767), ("f32le", "<f4", 1), ("s32le", "<i4", 2**31 - 1)]
)
def test_samples_on_stdin_are_the_file(speech: Path, kind: str, dtype: str, scale: float) -> None:
    samples, rate = soundfile.read(speech, dtype="float32")
    stereo = np.repeat((samples * scale).astype(dtype)[:, None], 2, axis=1)
    done = streamed("-", "--pcm", kind, "--pcm-rate", rate, "--pcm-channels", 2, stdin=stereo.tobytes()[:-1])
    assert (done.returncode, done.stderr) == (0, b"")
    opened = [frame["coefficients"]["jawOpen"] for frame in frames(done.stdout)]
    told = [frame["coefficients"]["jawOpen"] for frame in frames(streamed(speech, "--fast").stdout)]
    count = min(len(opened), len(told)) - 15
    assert np.corrcoef(opened[:count], told[:count])[0, 1] > 0.98


def test_packets_arrive_while_the_file_is_played(speech: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(60)
        port = listening.getsockname()[1]
        with subprocess.Popen([*COMMAND, str(speech), "--to", "live-link", "--port", str(port)], cwd=ROOT) as process:
            packets = [listening.recv(65536) for _ in range(10)]
            assert process.wait(60) == 0
    assert {len(packet) for packet in packets} == {len(packets[0])}


def test_silence_of_no_length_is_no_frame() -> None:
    done = streamed("-")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGINT for one process")
def test_ctrl_c_ends_it_at_rest(long_speech: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, str(long_speech)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    assert not any(frames(first + rest)[-1]["coefficients"].values())


def test_a_reader_that_goes_ends_it_quietly(long_speech: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, str(long_speech), "--fast"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.wav"], "is not there"),
        (["-", "--look-ahead", "2"], "look-ahead must lie between"),
        (["-", "--rate", "0"], "rate must lie between"),
        (["-", "--set", "delay=0.2"], "look-ahead"),
        (["-", "--to", "vmc", "--out", "x.json"], "--out is for lines of JSON"),
        (["-", "--to", "live-link", "--port", "70000"], "no port 70000"),
        (["-", "--to", "live-link", "--port", "0"], "no port 0"),
        (["-", "--to", "live-link", "--host", "no.such.host.invalid"], "Nothing can be sent"),
        (["-", "--pcm-rate", "1"], "samples a second"),
        (["mic"], "microphone"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], told: str) -> None:
    if arguments == ["mic"] and _hears():
        pytest.skip("there is a microphone here")
    done = streamed(*arguments, stdin=b"\0\0")
    line = done.stderr.decode()
    assert done.returncode == 2 and told in line and line.count("\n") == 1 and "Traceback" not in line


def _hears() -> bool:
    try:
        import sounddevice

        return bool(sounddevice.query_devices(kind="input"))
    except Exception:  # PortAudio's own error derives from this one
        return False


def test_a_sound_is_never_written_over(speech: Path) -> None:
    before = speech.read_bytes()
    done = streamed(speech, "--fast", "--out", speech)
    assert done.returncode == 2 and speech.read_bytes() == before
