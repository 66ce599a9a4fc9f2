"""Fetch the wheels that pip chose: `python fetch.py REPORT FOLDER`, run by the engine's own Python.

pip starts a broken download from its beginning when it is run again; here the part that came stays beside as
`<wheel>.part`, and the next run asks for the rest.  Standard library only.
"""

import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

TIMEOUT = 20.0
PATIENCE = 5
"""Attempts in a row that bring not a single byte."""

_CHUNK = 1 << 18
_OWN = {("http", name) for name in ("127.0.0.1", "::1", "localhost")}
"""Servers on this very computer, which no network lies before."""


def main(report: Path, folder: Path) -> int:
    threading.Thread(target=_end_with_parent, args=(_private_input(),), daemon=True).start()
    chosen = [item["download_info"] for item in json.loads(report.read_text(encoding="utf-8"))["install"]]
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_context()), _SafeRedirects)
    before = 0
    for info in chosen:
        name = Path(urllib.parse.unquote(urllib.parse.urlsplit(info["url"]).path)).name
        if not name.endswith(".whl") or "\\" in name:
            raise ValueError(f"{name} is no wheel")
        _require_safe(info["url"])
        wanted = info["archive_info"].get("hashes", {}).get("sha256")
        if not wanted:
            raise ValueError(f"the index names no SHA-256 of {name}")
        target = folder / name
        if target.exists() and _digest(target) != wanted:  # it was changed, or a disk lost some of it
            target.unlink()
        if not target.exists():
            _fetch(opener, info["url"], target, wanted, before)
        before += target.stat().st_size
    return 0


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no answer from a secure address to one that is not."""

    def redirect_request(self, request, file, code, message, headers, url):  # type: ignore[no-untyped-def]
        _require_safe(url)
        return super().redirect_request(request, file, code, message, headers, url)


def _require_safe(url: str) -> None:
    """Raise ValueError for an address where others may listen and change what comes."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "file") and (parts.scheme, parts.hostname) not in _OWN:
        raise ValueError(f"{parts.scheme}://{parts.hostname} is no secure address")


def _private_input() -> int:
    """A descriptor of this process's input; descriptor 0 is the null device from now on.

    On Windows whoever asks anything of a pipe, as libraries do of 0, waits for a read of it that is under way.
    """
    own = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return own


def _end_with_parent(pipe: int) -> None:
    """End with the Blender that started this, however it ended: the next one will want the same files."""
    while os.read(pipe, 1):  # `sys.stdin` would hold up a thread that the interpreter's end waits for
        pass
    os._exit(1)


def _fetch(opener: urllib.request.OpenerDirector, url: str, target: Path, digest: str, before: int) -> None:
    """Fetch one file, going on where an earlier run stopped.  Raises OSError."""
    part = target.with_name(target.name + ".part")
    barren = 0
    while True:
        had = part.stat().st_size if part.exists() else 0
        try:
            if _receive(opener, url, part, had, before):
                break
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing is left to ask for, or it is another file's part
                break
            if error.code < 500:
                raise
            fault: Exception = error
        except http.client.HTTPException as error:
            fault = error
        except OSError as error:
            if error.errno in (13, 28):  # no permission, no space: trying again changes nothing
                raise
            fault = error
        else:
            fault = OSError("IncompleteRead")
        came = (part.stat().st_size if part.exists() else 0) > had
        barren = 0 if came else barren + 1
        if barren >= PATIENCE:
            print(f"nothing comes from host='{urllib.parse.urlsplit(url).hostname}'", flush=True)
            raise fault
        time.sleep(min(0.2 * 2**barren, 3.0))
    if _digest(part) != digest:
        part.unlink()
        raise OSError(f"{target.name} came damaged")
    part.replace(target)


def _receive(opener: urllib.request.OpenerDirector, url: str, part: Path, had: int, before: int) -> bool:
    """Receive what is left of a file; return whether it is whole."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={had}-"} if had else {})
    with opener.open(request, timeout=TIMEOUT) as answer:
        if had and getattr(answer, "status", None) != 206:
            had = 0  # this server sends files from their beginning only
        length = answer.headers.get("Content-Length")
        total = had + int(length) if length else 0
        print(f"Downloading {part.name.removesuffix('.part')} ({total / 1e6:.1f} MB)", flush=True)
        said = 0.0
        with part.open("ab" if had else "wb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                had += len(chunk)
                if time.monotonic() - said > 0.1:
                    said = time.monotonic()
                    print(f"Progress {before + had}", flush=True)
    return had >= total


def _context() -> ssl.SSLContext:
    """Trust what the system trusts: Python's own list is empty in a Blender, and firewalls bring their own."""
    try:
        from pip._vendor import truststore  # type: ignore[attr-defined]  # pip has it, its stubs do not

        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except ImportError:
        context = ssl.create_default_context()
    for variable in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        if Path(os.environ.get(variable, ".")).is_file():
            context.load_verify_locations(os.environ[variable])
    return context


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except (OSError, ValueError) as problem:
        print(f"{type(problem).__name__}: {problem}", flush=True)
        sys.exit(1)
