"""In which language a text is written, by its script and, in Latin letters, by its commonest words."""

import re
import unicodedata

_SCRIPTS = {
    "CYRILLIC": ("Russian", "ru"), "GREEK": ("Greek", "el"), "HANGUL": ("Korean", "ko"), "HIRAGANA": ("Japanese", "ja"),
    "KATAKANA": ("Japanese", "ja"), "CJK": ("Chinese", "cmn"), "ARABIC": ("Arabic", "ar"), "HEBREW": ("Hebrew", "he"),
    "DEVANAGARI": ("Hindi", "hi"), "THAI": ("Thai", "th"), "BENGALI": ("Bengali", "bn"), "TAMIL": ("Tamil", "ta"),
    "TELUGU": ("Telugu", "te"), "GEORGIAN": ("Georgian", "ka"), "ARMENIAN": ("Armenian", "hy"),
}  # fmt: skip
_COMMON = {
    ("English", "en"): (
        "the a an and of to in is it that you i he she we they was for on are with as at be this have from or had "
        "by not but what all were when your can said there each which do how if will up out so no my me him her "
        "his"
    ),
    ("German", "de"): (
        "der die das und ist nicht ich du er sie es wir ihr ein eine einen einem den dem des mit auf für von zu "
        "im am auch wie war was aber noch nach bei aus wenn sich wird sind hat haben kann mir mich dir dich über "
        "heute"
    ),
    ("French", "fr"): (
        "le la les et est un une des de du je tu il elle nous vous ils elles ne pas que qui dans pour sur avec ce "
        "cette au aux mais ou où se son sa ses mon ma mes plus tout bien être avoir sont suis ça c'est j'ai oui "
        "allons nos"
    ),
    ("Spanish", "es"): (
        "el la los las y es un una de del que no en se por con para su lo como más pero sus le ya o este sí "
        "porque esta cuando muy sin sobre también me hay nos yo tú él ella está están soy eres vamos hoy al "
        "nuestros mi te"
    ),
    ("Italian", "it"): (
        "il lo la i gli le e è un uno una di del della che non in si per con da ma come più anche se ci sono ho "
        "hai ha mi ti nel nella questo questa io tu lui lei noi voi loro essere sei siamo oggi molto al nostri"
    ),
    ("Portuguese", "pt-br"): (
        "o a os as e é um uma de do da dos das que não em se por com para seu sua no na nos nas mas como mais ele "
        "ela eu você nós eles está estão isso este esta muito foi são tem já também hoje vamos meu minha ao"
    ),
    ("Dutch", "nl"): (
        "de het een en is van ik je jij hij zij wij niet dat die op in te met voor er aan maar om ook als dan "
        "naar bij uit zijn was heb hebt heeft wat nog wel geen mijn jouw ons deze dit kan moet vandaag"
    ),
    ("Polish", "pl"): (
        "i w na nie to jest się że z do co jak ale tak po mnie mi za od już czy ja ty on ona my wy tylko był była "
        "być są tego jego jej ten ta bardzo gdzie kiedy dzisiaj przez może dla wczoraj jeszcze"
    ),
    ("Swedish", "sv"): (
        "och är det att i en ett som på av för jag du han hon vi ni de den inte med till har om var men så vad "
        "när kan ska från mig dig min din här där nu också efter under idag"
    ),
    ("Turkish", "tr"): (
        "bir ve bu da de için ne ben sen o biz siz onlar değil mi var yok çok daha gibi ama ile kadar sonra şey "
        "evet hayır benim senin nasıl neden bugün şimdi olarak"
    ),
    ("Czech", "cs"): (
        "a je to se na že v s z do co jak ale tak po mě já ty on ona my vy není jsem jsi jsme jste jsou byl byla "
        "být jen už nebo když pro dnes ještě tady kde"
    ),
    ("Finnish", "fi"): (
        "ja on ei se että hän minä sinä me te he oli mutta kun niin kuin myös tämä ovat mitä missä nyt sitten "
        "vain jos olen olet tänään kanssa"
    ),
    ("Romanian", "ro"): (
        "și este nu o un în la de pe cu că ce eu tu el ea noi voi ei sunt am ai are mai dar din pentru care să se "
        "ca foarte azi acum unde când"
    ),
    ("Hungarian", "hu"): (
        "a az és nem hogy is egy ez van volt de én te ő mi ti ők meg csak már még ha mint itt ott most ma nagyon "
        "vagy igen"
    ),
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_ENGLISH = ("English", "en")
_FEWEST, _LEAST_SHARE, _CLEARLY = 2, 0.15, 1.5  # common words, their share of all, how many more than of English


def guess_language(text: str) -> tuple[str, str]:
    """Name and eSpeak NG code of the language of `text`; empty where it may be English."""
    return _by_script(text) or _by_words(text) or ("", "")


def _by_script(text: str) -> tuple[str, str] | None:
    """The language whose script most of the letters are in; None for Latin."""
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            script = unicodedata.name(character, "").split(" ")[0].split("-")[0]
            counts[script] = counts.get(script, 0) + 1
    if counts.get("HIRAGANA", 0) + counts.get("KATAKANA", 0):  # Japanese mixes them with Chinese characters
        counts["HIRAGANA"] = sum(counts.pop(script, 0) for script in ("HIRAGANA", "KATAKANA", "CJK"))
    return _SCRIPTS.get(max(counts, key=lambda name: counts[name], default="LATIN"))


def _by_words(text: str) -> tuple[str, str] | None:
    """The language with the most common words in `text`, where there are clearly more of it than of English."""
    words = set(re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower().replace("’", "'")))
    hits = {language: sum(word in common for word in words) for language, common in _WORDS.items()}
    best = max(hits, key=lambda language: hits[language])
    found = hits[best]
    clear = found >= _FEWEST and found >= _LEAST_SHARE * len(words) and found > _CLEARLY * hits[_ENGLISH]
    return best if clear and best != _ENGLISH else None
