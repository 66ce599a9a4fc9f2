"""Fetching the engine from a server of this test's own, whose lines break."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.errors import KMTalkError
from kmtalk_core.progress import finish

SIZE = 3_000_000
NAME = "large-1.0+cpu-py3-none-any.whl"


class Server(ThreadingHTTPServer):
    """Sends the files of a folder: `allowance` bytes an answer before the line breaks, and so many `answers`."""

    daemon_threads = True
    allowance: int | None = None
    answers: int | None = None
    ranges: bool = True
    elsewhere: str = ""
    seconds_a_chunk: float = 0.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = urllib.parse.unquote(self.path.strip("/"))
        data = (self.server.folder / name).read_bytes()
        asked = self.headers.get("Range", "")
        self.server.asked.append(asked)
        if self.server.answers is not None and len(self.server.asked) > self.server.answers:
            self.close_connection = True
            return
        if self.server.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.server.elsewhere)
            self.end_headers()
            return
        begin = int(asked.removeprefix("bytes=").split("-")[0]) if asked and self.server.ranges else 0
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        end = len(data) if self.server.allowance is None else begin + self.server.allowance
        for at in range(begin, min(end, len(data)), 1 << 16):
            self.wfile.write(data[at : min(at + (1 << 16), end)])
            time.sleep(self.server.seconds_a_chunk)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of one wheel."""
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / NAME).write_bytes(os.urandom(SIZE))
    running = Server(folder)
    monkeypatch.setenv("KMTALK_DATA", str(tmp_path / "größe 音 x"))
    yield running
    running.shutdown()


@pytest.fixture
def downloads(server: Server) -> Path:
    """Where the wheel is to come, with the report that names it as pip does."""
    from kmtalk_addon.engine import data_folder

    folder = data_folder() / "downloads"
    folder.mkdir(parents=True)
    digest = hashlib.sha256((server.folder / NAME).read_bytes()).hexdigest()
    url = f"{server.url}/{urllib.parse.quote(NAME)}"
    chosen = {"download_info": {"url": url, "archive_info": {"hashes": {"sha256": digest}}}}
    (folder / "chosen.json").write_text(json.dumps({"install": [chosen]}))
    return folder


def fetching(downloads: Path) -> Any:
    from kmtalk_addon.engine.install import download

    return download(Path(sys.executable), downloads / "chosen.json", downloads)


def part(downloads: Path) -> Path:
    return downloads / (NAME + ".part")


def is_whole(downloads: Path, server: Server) -> bool:
    return (downloads / NAME).read_bytes() == (server.folder / NAME).read_bytes() and not part(downloads).exists()


def test_a_download_that_breaks_off_again_and_again_goes_on_where_it_was(server: Server, downloads: Path) -> None:
    server.allowance = SIZE // 4
    finish(fetching(downloads))
    assert is_whole(downloads, server)
    assert server.asked == ["", *(f"bytes={quarter * SIZE // 4}-" for quarter in (1, 2, 3))]


def test_an_installation_that_was_cancelled_resumes_in_the_middle_of_a_file(server: Server, downloads: Path) -> None:
    server.seconds_a_chunk = 0.05
    job = fetching(downloads)
    while not part(downloads).exists() or part(downloads).stat().st_size < SIZE // 3:
        next(job)
        time.sleep(0.01)
    started = time.monotonic()
    job.close()
    assert time.monotonic() - started < 1.0
    kept = part(downloads).stat().st_size
    server.seconds_a_chunk = 0.0
    finish(fetching(downloads))
    assert is_whole(downloads, server) and server.asked[1:] == [f"bytes={kept}-"]
    finish(fetching(downloads))
    assert len(server.asked) == 2  # what is here is not fetched again


def test_a_server_that_sends_whole_files_only_and_a_damaged_part(server: Server, downloads: Path) -> None:
    server.ranges = False
    part(downloads).write_bytes(b"x" * 1000)
    finish(fetching(downloads))
    assert is_whole(downloads, server)
    (downloads / NAME).unlink()
    server.ranges = True
    part(downloads).write_bytes(b"x" * 1000)
    with pytest.raises(KMTalkError, match="came damaged"):
        finish(fetching(downloads))
    finish(fetching(downloads))
    assert is_whole(downloads, server)


def test_a_wheel_on_disk_is_checked_again(server: Server, downloads: Path) -> None:
    finish(fetching(downloads))
    changed = bytearray((downloads / NAME).read_bytes())
    changed[1000] ^= 1
    (downloads / NAME).write_bytes(changed)
    finish(fetching(downloads))
    assert is_whole(downloads, server) and len(server.asked) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "http://example.org/large-1.0-py3-none-any.whl"}, "no secure address"),
        ({"url": "ftp://127.0.0.1/large-1.0-py3-none-any.whl"}, "no secure address"),
        ({"archive_info": {"hashes": {"md5": "0" * 32}}}, "names no SHA-256"),
        ({"archive_info": {}}, "names no SHA-256"),
        ({"url": "https://example.org/large-1.0.tar.gz"}, "is no wheel"),
    ],
)
def test_nothing_is_fetched_that_anybody_may_change(
    server: Server, downloads: Path, change: dict[str, Any], says: str
) -> None:
    chosen = json.loads((downloads / "chosen.json").read_text())
    chosen["install"][0]["download_info"] |= change
    (downloads / "chosen.json").write_text(json.dumps(chosen))
    with pytest.raises(KMTalkError, match=says):
        finish(fetching(downloads))
    assert not server.asked and not (downloads / NAME).exists()


def test_a_redirect_to_an_unsafe_address_is_not_followed(server: Server, downloads: Path) -> None:
    server.elsewhere = "http://example.org/large.whl"
    with pytest.raises(KMTalkError, match="no secure address"):
        finish(fetching(downloads))
    assert len(server.asked) == 1


def test_a_server_that_is_gone_is_one_sentence_and_keeps_what_came(server: Server, downloads: Path) -> None:
    server.allowance = SIZE // 3
    server.answers = 1
    with pytest.raises(KMTalkError, match=r"no connection to 127\.0\.0\.1.*Resume"):
        finish(fetching(downloads))
    assert part(downloads).stat().st_size == SIZE // 3


def test_a_download_ends_with_the_blender_that_started_it(server: Server, downloads: Path) -> None:
    server.seconds_a_chunk = 0.05
    script = Path(__file__).parents[2] / "kmtalk_addon" / "engine" / "fetch.py"
    command = [sys.executable, str(script), str(downloads / "chosen.json"), str(downloads)]
    fetching = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert fetching.stdout and fetching.stdout.readline().startswith(b"Downloading")
    assert fetching.stdin
    fetching.stdin.close()  # what happens to a pipe whose other end dies
    assert fetching.wait(5) == 1 and not (downloads / NAME).exists()


def test_a_second_installation_waits_for_the_first(server: Server, tmp_path: Path) -> None:
    from kmtalk_addon import engine
    from kmtalk_addon.engine import environment

    data = engine.data_folder()
    data.mkdir(parents=True)
    (tmp_path / f"torch-1-cp{sys.version_info[0]}{sys.version_info[1]}-x.whl").touch()
    with environment.alone(data) as is_mine:
        assert is_mine
        with pytest.raises(KMTalkError, match="Another Blender is installing"):
            finish(engine.install("cpu", tmp_path))
        bundled = engine.Engine(Path(sys.executable), "bundled", wheels=tmp_path)
        assert next(engine.ready(bundled)).stage == "waiting for another installation"
    with environment.alone(data) as is_mine:
        assert is_mine
