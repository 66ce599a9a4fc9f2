"""Festival's voices: seven languages, from the program `festival` and whichever of its voices are installed."""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import CorpusError
from ..phones import CLASS_INDEX, SILENCE, classes_of
from . import texts
from .utterance import Utterance, to_samples, to_segments


@dataclass(frozen=True)
class FestivalVoice:
    """A voice: language, phone set, text encoding, `shift` (seconds to add to its labels) and share of the corpus."""

    language: str
    phones: str
    encoding: str
    shift: float
    share: float


VOICES = {
    "cmu_us_slt_arctic_hts": FestivalVoice("en", "arpabet", "latin-1", 0.02, 5),
    "kal_diphone": FestivalVoice("en", "arpabet", "latin-1", 0.01, 3),
    "ked_diphone": FestivalVoice("en", "arpabet", "latin-1", 0.01, 3),
    "lp_diphone": FestivalVoice("it", "italian", "latin-1", 0.0, 2),
    "pc_diphone": FestivalVoice("it", "italian", "latin-1", 0.0, 2),
    "hy_fi_mv_diphone": FestivalVoice("fi", "finnish", "latin-1", 0.01, 1.5),
    "suo_fi_lj_diphone": FestivalVoice("fi", "finnish", "latin-1", 0.01, 1.5),
    "czech_dita": FestivalVoice("cs", "czech", "iso-8859-2", 0.0, 1.5),
    "czech_machac": FestivalVoice("cs", "czech", "iso-8859-2", 0.0, 1.5),
    "czech_ph": FestivalVoice("cs", "czech", "iso-8859-2", 0.0, 1.5),
    "msu_ru_nsh_clunits": FestivalVoice("ru", "russian", "utf-8", 0.0, 1.5),
    "upc_ca_ona_hts": FestivalVoice("ca", "catalan", "latin-1", 0.0, 1.5),
    "hindi_NSK_diphone": FestivalVoice("hi", "hindi", "utf-8", 0.0, 1),
}


def _same(names: str) -> dict[str, str]:
    return {name: name for name in names.split()}


_ROMANCE = _same("i e a o u j w p t k b d f s v z m n l") | {
    "E": "ɛ", "O": "ɔ", "g": "ɡ", "S": "ʃ", "Z": "ʃ", "ts": "s", "dz": "z", "tS": "tʃ", "dZ": "tʃ", "J": "n", "ng": "ŋ",
    "nf": "n", "L": "l", "r": "r",
}  # fmt: skip
_PHONE_SETS = {
    "italian": _ROMANCE,
    "catalan": _ROMANCE | {"ax": "ə", "rr": "r"},
    "finnish": _same("a e i o u y p t k b d f s h v m n l r j w z")
    | {"7": "ø", "@": "æ", "N": "ŋ", "g": "ɡ", "T": "θ", "D": "θ", "S": "ʃ", "Z": "ʃ", "L": "l"},
    "czech": _same("a e i o u b d f h j k l m n p r s t v z")
    | {
        "g": "ɡ", "c": "s", "c~": "tʃ", "ch": "x", "d~": "d", "dz": "z", "dz~": "tʃ", "n*": "ŋ", "n~": "n", "r~": "ʃ",
        "r~*": "ʃ", "s~": "ʃ", "t~": "t", "z~": "ʃ",
    },
    "russian": _same("p b t d k v s z m n l f j r")
    | {
        "pp": "p", "bb": "b", "tt": "t", "dd": "d", "kk": "k", "g": "ɡ", "gg": "ɡ", "vv": "v", "ff": "f", "ss": "s",
        "zz": "z", "mm": "m", "nn": "n", "ll": "l", "rr": "r", "c": "s", "ch": "tʃ", "h": "x", "hh": "x", "sh": "ʃ",
        "sch": "ʃ", "zh": "ʃ", "ii": "i", "yy": "i", "uu": "u", "ee": "ɛ", "oo": "ɔ", "aa": "a", "a": "ʌ", "e": "ɛ",
        "i": "ɪ", "y": "ɪ", "u": "ʊ", "ae": "ə", "ay": "ə", "ur": "ʊ",
    },
    "hindi": _same("f k n p b m l v s h x w r")
    | {
        "a": "ə", "aa": "a", "ih": "ɪ", "iy": "i", "uh": "ʊ", "uw": "u", "eh": "e", "ee": "e", "ay": "ɛ", "oh": "o",
        "oo": "o", "aw": "ɔ", "g": "ɡ", "ch": "tʃ", "T": "t", "D": "d", "N": "n", "th": "t", "dh": "d", "y": "j",
        "L": "l", "R": "r", "sh": "ʃ", "j": "tʃ", "kh": "k", "gh": "ɡ", "td": "t", "tth": "t", "ddh": "d", "bh": "b",
        "ph": "p", "zh": "ʃ", "ksh": "ʃ", "@": "ə",
    },
}  # fmt: skip
_SILENCES = frozenset({"_", "#", "pau", "SIL"})
_AT_ONCE = 25  # sentences to one start of the program
_SHORTEST_SENTENCE = 2.0
_STRETCH = (0.8, 1.3)
_LONGEST_RUN = 300.0
_SAY = """(define (say stretch text file)
 (Parameter.set 'Duration_Stretch stretch)
 (let ((utt (utt.synth (eval (list 'Utterance 'Text text)))))
  (utt.wave.resample utt 16000)
  (utt.save.wave utt (string-append file ".wav") 'riff)
  (utt.save.segs utt (string-append file ".seg"))))
"""


@cache
def installed() -> tuple[str, ...]:
    """The voices of the table that festival finds on this machine; () without festival."""
    if shutil.which("festival") is None:
        return ()
    listed = subprocess.run(
        ["festival", "--pipe"],
        input="(print (voice.list))",
        capture_output=True,
        text=True,
        timeout=_LONGEST_RUN,
        check=False,
    )
    names = listed.stdout.replace("(", " ").replace(")", " ").split()
    return tuple(voice for voice in VOICES if voice in names)


def utterances(name: str, seconds: float, rng: random.Random) -> Iterator[Utterance]:
    """Speech of the voice `name`, `seconds` in all.  Raises `CorpusError` where it does not work."""
    spoken = 0.0
    while spoken < seconds:
        before = spoken
        count = min(_AT_ONCE, 1 + int((seconds - spoken) / _SHORTEST_SENTENCE))
        for utterance in _say(name, count, rng):
            spoken += utterance.duration
            yield utterance
        if spoken == before:
            raise CorpusError(f"festival's voice {name} does not speak: reinstall it or make the corpus without it.")


def _say(name: str, count: int, rng: random.Random) -> Iterator[Utterance]:
    import soundfile

    voice = VOICES[name]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = [_SAY, f"(voice_{name})"]
        for index in range(count):
            said = texts.text(voice.language, rng).replace('"', "").replace("\\", "").replace("’", "'").replace("·", "")
            lines.append(f'(unwind-protect (say {rng.uniform(*_STRETCH):.2f} "{said}" "{folder}/{index}"))')
        script = Path(folder) / "say.scm"
        script.write_bytes("\n".join(lines).encode(voice.encoding, "ignore"))
        subprocess.run(["festival", "--batch", str(script)], capture_output=True, timeout=_LONGEST_RUN, check=False)
        for index in range(count):
            segments, path = Path(folder) / f"{index}.seg", Path(folder) / f"{index}.wav"
            if not segments.exists() or not path.exists():  # a text that this voice cannot read
                continue
            wave, rate = soundfile.read(path)
            labelled = _labelled(segments.read_text(encoding="latin-1"), voice.phones)
            if len(wave) > 0.5 * rate and labelled:
                duration = len(wave) / rate
                yield Utterance(
                    to_samples(wave, rate), to_segments(labelled, voice.shift, duration), f"festival:{name}"
                )


def _labelled(listing: str, phone_set: str) -> list[tuple[float, float, tuple[str, ...]]]:
    labelled: list[tuple[float, float, tuple[str, ...]]] = []
    start = 0.0
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) == 3:
            end = float(fields[0])
            labelled.append((start, end, _classes(fields[2], phone_set)))
            start = end
    return labelled


def _classes(name: str, phone_set: str) -> tuple[str, ...]:
    if name in _SILENCES or name.startswith("#"):
        return (SILENCE,)
    if phone_set == "arpabet":
        return classes_of(name.upper()) or ("ə",)
    table = _PHONE_SETS[phone_set]
    found = table.get(name) or table.get(name.rstrip("1:"), "ə")
    return (found,) if found in CLASS_INDEX else ("ə",)
