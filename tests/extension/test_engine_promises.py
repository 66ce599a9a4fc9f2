"""What is said before gigabytes are fetched, and what a failed start means."""

from pathlib import Path

import pytest

from kmtalk_core.errors import KMTalkError


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (("Darwin", "x86_64", "13.6"), "Intel"),
        (("Darwin", "arm64", "11.7"), "macOS 12"),
        (("Windows", "ARM64", ""), "Windows on ARM"),
    ],
)
def test_a_system_without_pytorch_is_told_at_once(system: tuple[str, str, str], said: str) -> None:
    from kmtalk_addon.engine import promises

    with pytest.raises(KMTalkError, match=said):
        promises.require_system(*system)


@pytest.mark.parametrize("system", [("Linux", "x86_64"), ("Windows", "AMD64"), ("Darwin", "arm64", "12.0")])
def test_a_system_with_pytorch_passes(system: tuple[str, ...]) -> None:
    from kmtalk_addon.engine import promises

    promises.require_system(*system)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("", "No NVIDIA card"),
        ("NVIDIA-SMI has failed because it could not communicate", "No NVIDIA card"),
        ("NVIDIA GeForce GTX 1080 Ti, 580.65.06, 6.1\n", "GTX 1080 Ti is too old"),
        ("NVIDIA GeForce RTX 2080, 535.183.01, 7.5\n", "needs 580 or newer"),
    ],
)
def test_a_card_that_cannot_run_it_is_told_at_once(told: str, said: str) -> None:
    from kmtalk_addon.engine import promises

    with pytest.raises(KMTalkError, match=said):
        promises.require_card(promises.read_cards(told))


def test_one_card_that_fits_is_enough() -> None:
    from kmtalk_addon.engine import promises

    found = promises.read_cards("NVIDIA GeForce GTX 1080 Ti, 580.65.06, 6.1\nNVIDIA RTX A2000, 580.65.06, 8.6\n")
    promises.require_card(found)
    assert [card.name for card in found] == ["NVIDIA GeForce GTX 1080 Ti", "NVIDIA RTX A2000"]


@pytest.mark.parametrize(
    "line",
    [
        "[WinError 126] The specified module could not be found. Error loading c10.dll",
        "[WinError 1114] A dynamic link library (DLL) initialization routine failed",
        "exit status 3221225781",
        "exit status -1073741515",
    ],
)
def test_a_missing_runtime_of_windows_is_named(line: str) -> None:
    from kmtalk_addon.engine import python

    assert python.lacks_runtime(line) and "Visual C++" in python.RUNTIME
    assert not python.lacks_runtime("[WinError 5] Access is denied") and not python.lacks_runtime("exit status 1")


def test_the_host_that_could_not_be_reached_is_named() -> None:
    from kmtalk_addon.engine.faults import sentence

    log = (
        "HTTPSConnectionPool(host='download.pytorch.org', port=443): Max retries exceeded (Caused by "
        "NewConnectionError('Failed to establish a new connection'))"
    )
    assert "no connection to download.pytorch.org" in sentence(log, Path("x"))
    log = "nothing comes from host='files.pythonhosted.org'\nURLError: Name or service not known"
    assert "no connection to files.pythonhosted.org" in sentence(log, Path("x"))
