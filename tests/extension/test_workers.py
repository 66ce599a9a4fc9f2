"""Workers lent to jobs: one that died or hung while nobody used it costs no job; one that does not start says so."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.errors import KMTalkError
from kmtalk_core.progress import finish

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends signals, and starts scripts by their first line")


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from kmtalk_addon import engine

    monkeypatch.setenv("KMTALK_DATA", str(tmp_path / "data"))
    lent = engine.Workers(limit=1)
    yield lent
    lent.close()


def engine_at(python: Path | str) -> Any:
    from kmtalk_addon import engine

    return engine.Engine(Path(python), "test")


def test_an_idle_worker_that_died_or_hangs_is_replaced_and_the_job_done(
    workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine.workers import client

    monkeypatch.setattr(client, "SILENCE_SECONDS", 6.0)
    ask = lambda: finish(workers.ask(engine_at(sys.executable), (), "hello"))  # noqa: E731
    seen = []
    for harm in (None, signal.SIGKILL, signal.SIGSTOP):
        if harm is not None:
            os.kill(workers.pids()[0], harm)
        assert "hello" in ask()
        seen.append(workers.pids()[0])
    assert len(set(seen)) == 3


def test_a_worker_that_dies_in_the_middle_is_told_and_not_tried_again(workers: Any, tmp_path: Path) -> None:
    script = tmp_path / "python"
    log = tmp_path / "starts"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nopen({str(log)!r}, 'a').write('started\\n')\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    if asked['id'] > 1:\n"
        "        print(json.dumps({'id': asked['id'], 'stage': 'working', 'progress': 0}), flush=True)\n"
        "        sys.exit('Out of luck')\n"
        "    print(json.dumps({'id': asked['id'], 'hello': {}}), flush=True)\n"
    )
    script.chmod(0o755)
    finish(workers.ask(engine_at(script), (), "hello"))
    with pytest.raises(KMTalkError, match=r"ended in the middle of the work \(Out of luck\)"):
        finish(workers.ask(engine_at(script), (), "animate"))
    assert log.read_text() == "started\n"


@pytest.mark.parametrize("code", ["time.sleep(1000)", "print('[[[[', flush=True); time.sleep(1000)", "sys.exit('No!')"])
def test_an_engine_that_does_not_start_is_one_sentence_and_leaves_room_for_the_next(
    workers: Any, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine.workers import client

    monkeypatch.setattr(client, "START_SECONDS", 1.0)
    script = tmp_path / "python"
    script.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n")
    script.chmod(0o755)
    with pytest.raises(KMTalkError, match=r"The engine does not start .*: press Self-Test"):
        finish(workers.ask(engine_at(script), (), "hello"))
    monkeypatch.undo()
    assert "hello" in finish(workers.ask(engine_at(sys.executable), (), "hello"))


@pytest.mark.parametrize("code", ["time.sleep(1000)", "print('KMTALK [[[[', flush=True)", "print('KMTALK {}')"])
def test_a_check_of_an_engine_that_hangs_or_answers_nonsense_is_one_sentence(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon import engine
    from kmtalk_addon.engine import python

    monkeypatch.setattr(python, "START_SECONDS", 1.0)
    script = tmp_path / "python"
    script.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n")
    script.chmod(0o755)
    with pytest.raises(KMTalkError, match=r"did not answer|does not run as a Python"):
        finish(engine.check(engine_at(script)))
    monkeypatch.setattr(python, "SPEAK_SECONDS", 1.0)
    with pytest.raises(KMTalkError, match="cannot speak the test sentence"):
        finish(engine.speak(engine_at(script), "Hello.", tmp_path / "hello.wav"))


def test_a_job_whose_end_raises_leaves_the_list(addon: Any, scene: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be removed, as one whose file is held: the next job is not kept waiting by the last."""
    desk = addon("jobs.runner").desk()

    def held() -> Iterator[Any]:
        try:
            yield None
        finally:
            raise PermissionError(13, "held by another program")

    running = desk.start("Working", held())
    running.advance()
    desk.cancel_all("Cancelled: nothing was changed.")
    assert not desk.running and desk.notice == "Cancelled: nothing was changed."
    assert "held by another program" in capsys.readouterr().err
