"""Tables from letters to phones, learnt from what eSpeak NG says of the commonest words of a language.

The words come from the package `wordfreq`, whose lists are free; they are asked for here alone, and none is kept.
"""

import argparse
import gzip
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import espeak
from ..errors import KMTalkError
from ..files import replacing
from ..localize.letters import CONTEXTS, FOLDER, FORMAT, Letters, context, plain
from ..phones import classes_of
from ..progress import Job, Progress

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ru")
_VOICES = {"en": "en-us", "pt": "pt-br"}
_WORDS = 12_000
_HELD_OUT = 10  # one word in so many tells the error
_ROUNDS = 3  # of alignment
_MOST_PHONES = 2  # of one letter
_UNSEEN = 1e-4
_GAIN = 1  # letters of the words that a rule must set right
_BATCH = 200

Pair = tuple[str, tuple[str, ...]]
Spelt = tuple[str, tuple[str, ...]]
"""A word, and the phones of each of its letters, with spaces between them."""


@dataclass(frozen=True)
class Errors:
    """Shares of the words held out: `phones` that are wrong, missing or too many, and `words` with any such phone.

    Phones count as what the network tells apart.
    """

    phones: float
    words: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="where the tables go")
    parser.add_argument(
        "--languages", default=",".join(LANGUAGES), help="as eSpeak NG names them (default %(default)s)"
    )
    parser.add_argument("--words", type=int, default=_WORDS, help="of each language (default %(default)s)")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any]) -> int:
    """Learn from letters to phones, and print how often each table is wrong on words it was not shown."""
    for language in options.languages.split(","):
        letters, errors = show(train_job(words_of(language, options.words), language))
        path = options.out / f"{language}.json.gz"
        size = save(letters, path)
        print(
            f"{language}: {errors.phones:.1%} of phones and {errors.words:.1%} of words wrong, "
            f"{len(letters.rules)} rules, {size / 1000:.0f} kB"
        )
    return 0


def words_of(language: str, count: int) -> list[str]:
    """The commonest words of a language.  Raises KMTalkError where the lists are not installed."""
    try:
        from wordfreq import top_n_list
    except ImportError as error:
        raise KMTalkError("The words come from the package wordfreq; run “pip install wordfreq” first.") from error
    found = (plain(word) for word in top_n_list(language, 2 * count))
    return list(dict.fromkeys(word for word in found if 2 <= len(word) <= 20))[:count]


def train_job(words: Sequence[str], language: str) -> Job[tuple[Letters, Errors]]:
    """The table of a language from its words, and its errors on those held out."""
    pairs: list[Pair] = []
    for first in range(0, len(words), _BATCH):
        pairs += _spoken(words[first : first + _BATCH], _VOICES.get(language, language))
        yield Progress("asking eSpeak NG", first / len(words))
    shown = [pair for index, pair in enumerate(pairs) if index % _HELD_OUT]
    chances: Mapping[tuple[str, str], float] = {}
    spelt: list[Spelt] = []
    for number in range(_ROUNDS):
        spelt = []
        for index, pair in enumerate(shown):
            found = _aligned(pair, chances)
            if found is not None:
                spelt.append(found)
            if index % _BATCH == 0:
                yield Progress("aligning letters", (number + index / len(shown)) / _ROUNDS)
        chances = _chances(spelt)
    letters = Letters(language, _rules(spelt))
    return letters, errors_of(letters, pairs[::_HELD_OUT])


def save(letters: Letters, path: Path) -> int:
    """Write a table; return its size in bytes."""
    phones = sorted(set(letters.rules.values()))
    index = {phone: number for number, phone in enumerate(phones)}
    rules = {key: index[phone] for key, phone in sorted(letters.rules.items())}
    data = {"format": FORMAT, "language": letters.language, "phones": phones, "rules": rules}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(text)
    with replacing(path) as out:
        out.write(packed.getvalue())
    return len(packed.getvalue())


def errors_of(letters: Letters, pairs: Sequence[Pair]) -> Errors:
    """How often the table is wrong on words with known phones."""
    wrong = total = bad = 0
    for word, phones in pairs:
        distance = _distance(_classes(letters.phones(word)), wanted := _classes(phones))
        wrong, total, bad = wrong + distance, total + len(wanted), bad + bool(distance)
    return Errors(wrong / max(total, 1), bad / max(len(pairs), 1))


def _classes(phones: Sequence[str]) -> list[str]:
    return [name for phone in phones for name in classes_of(phone)]


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _spoken(words: Sequence[str], voice: str) -> Iterator[Pair]:
    """Words with their phones, without stress; those that come out as several words are left out."""
    for word in words:
        said = espeak.phonemes(word, voice)
        if len(said) == 1:
            phones = tuple(phone.strip("ˈˌ") for phone in said[0])
            yield word, tuple(phone for phone in phones if phone)


def _aligned(pair: Pair, chances: Mapping[tuple[str, str], float]) -> Spelt | None:
    """The likeliest share of a word's phones among its letters, each none to two; None where they are too many."""
    word, phones = pair
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for letter in word:
        here: dict[int, tuple[float, int]] = {}
        for done, (cost, _) in best[-1].items():
            for count in range(min(_MOST_PHONES, len(phones) - done) + 1):
                chunk = " ".join(phones[done : done + count])
                chance = chances.get((letter, chunk), _UNSEEN) if chances else (0.1, 0.8, 0.1)[count]
                total = cost - math.log(chance)
                if done + count not in here or total < here[done + count][0]:
                    here[done + count] = (total, count)
        best.append(here)
    if len(phones) not in best[-1]:
        return None
    chunks, done = [], len(phones)
    for here in reversed(best[1:]):
        count = here[done][1]
        chunks.append(" ".join(phones[done - count : done]))
        done -= count
    return word, tuple(reversed(chunks))


def _chances(spelt: Sequence[Spelt]) -> dict[tuple[str, str], float]:
    counts = Counter((letter, chunk) for word, chunks in spelt for letter, chunk in zip(word, chunks, strict=True))
    totals: Counter[str] = Counter()
    for (letter, _), count in counts.items():
        totals[letter] += count
    return {(letter, chunk): count / totals[letter] for (letter, chunk), count in counts.items()}


def _rules(spelt: Sequence[Spelt]) -> dict[str, str]:
    """From the shortest context to the longest, those that set right what the shorter ones get wrong."""
    rules: dict[str, str] = {}
    said: dict[tuple[int, int], str] = {}
    for before, after in CONTEXTS:
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for index, (word, chunks) in enumerate(spelt):
            for place, chunk in enumerate(chunks):
                key = context(word, place, before, after)
                counts[key][chunk] += 1
                places[key].append((index, place))
        for key, found in counts.items():
            chunk, count = found.most_common(1)[0]
            right = sum(spelt[i][1][p] == said.get((i, p)) for i, p in places[key])
            if count - right >= (_GAIN if before or after else 1):
                rules[key] = chunk
                said.update(dict.fromkeys(places[key], chunk))
    return rules
