"""Words for how something is said, in the languages that transcripts come in: each mood's, and those of a low voice."""

import re
import unicodedata
from collections.abc import Iterator

_WORDS = {
    "neutral": """calm normal plain ruhig sachlich calme neutre tranquilo tranquila neutro tranquillo calmo rustig
        lugn spokojny spokojnie klidný klidně спокойно нейтрально 平静 冷静 落ち着いて 차분 중립""",
    "happy": """joy joyful joyfully cheerful cheerfully glad delighted smiling laughing laughs happily fröhlich
        glücklich froh heiter lachend lächelnd heureux heureuse joyeux joyeuse souriant souriante feliz
        contento contenta alegre felice allegro allegra blij vrolijk gelukkig lycklig szczęśliwy szczęśliwa
        wesoły wesoła radośnie šťastný veselý radostně весело радостно счастливо радостный mutlu neşeli 嬉し
        楽しそう 喜び 笑顔 高兴 开心 快乐 高興 開心 快樂 기쁨 기쁘게 행복""",
    "sad": """sadness sadly crying sobbing unhappy mournful sorrowful traurig betrübt weinend triste tristement
        tristemente verdrietig treurig ledsen sorgsen smutny smutna smutno smutný smutně грустно печально
        грустный печальный üzgün 悲し 泣きながら 悲伤 难过 悲傷 難過 슬픔 슬프게""",
    "angry": """anger angrily furious annoyed mad shouting wütend zornig verärgert böse colère furieux furieuse
        fâché fâchée enfadado enfadada enojado enojada furioso furiosa arrabbiato arrabbiata zangado zangada
        irritado irritada boos woedend ilsken gniewnie wściekły wściekła naštvaný rozzlobený vztekle сердито
        злобно гневно сердитый kızgın öfkeli 怒り 怒って 生气 愤怒 生氣 憤怒 화나서 분노""",
    "afraid": """fear fearful scared frightened terrified nervous anxious ängstlich verängstigt effrayé effrayée
        apeuré apeurée asustado asustada spaventato spaventata impaurito impaurita assustado assustada
        angstig rädd przestraszony przestraszona vystrašený испуганно испуганный страхом korkmuş 怖 恐怖 怯え 害怕
        恐惧 恐懼 무서 두려""",
    "disgusted": """disgust disgustedly angewidert angeekelt dégoûté dégoûtée asqueado asqueada disgustato disgustata
        walgend äcklad zniesmaczony znechucený отвращением iğrenmiş 嫌悪 厌恶 恶心 厭惡 혐오""",
    "surprised": """surprise shocked astonished amazed überrascht erstaunt surpris étonné étonnée sorprendido
        sorprendida sorpreso sorpresa surpreso surpresa verbaasd verrast förvånad zaskoczony zaskoczona
        zdziwiony překvapený удивлённо удивленно удивлённый şaşkın 驚 惊讶 吃惊 놀라""",
    "confident": """proud proudly determined firm firmly selbstbewusst stolz confiant confiante fière orgulloso
        orgullosa orgoglioso orgogliosa orgulhoso orgulhosa zelfverzekerd självsäker stolt pewnie dumny
        dumna уверенно гордо 自信 自豪 자신감""",
    "excited": """enthusiastic excitedly thrilled eager aufgeregt begeistert excité excitée enthousiaste emocionado
        emocionada entusiasmado entusiasmada eccitato eccitata entusiasta opgewonden enthousiast
        entusiastisk podekscytowany nadšený взволнованно восторженно heyecanlı 興奮 兴奋 激动 激動 흥분""",
    "bored": """tired boredom sleepy indifferent gelangweilt müde ennuyé ennuyée aburrido aburrida cansado cansada
        annoiato annoiata entediado entediada verveeld uttråkad znudzony znudzona znuděný скучающе устало 退屈
        无聊 無聊 지루""",
    "playful": """teasing joking mischievous flirting playfully ironic verspielt neckisch espiègle taquin taquine
        juguetón juguetona burlón giocoso giocosa scherzoso scherzosa brincalhão speels plagend lekfull
        żartobliwie hravý игриво шутливо ふざけて 冗談 调皮 俏皮 开玩笑 장난""",
    "confused": """puzzled doubtful unsure confusion hesitant verwirrt ratlos unsicher confus perplexe confundido
        confundida confuso confusa perplesso perplessa verward förvirrad zmieszany zmatený растерянно
        смущённо şaşırmış 困惑 混乱 疑惑 迷惑 혼란""",
}
_LOW = """whispering whisper whispers softly quietly quiet soft flüsternd leise geflüstert chuchotant chuchoté doucement
    susurrando sussurrando sottovoce fluisterend viskande szeptem cicho šeptem tiše шёпотом шепотом тихо fısıldayarak 囁
    ささや 小声 低声 耳语 低聲 耳語 속삭"""
_BEFORE = frozenset(
    ("very", "sehr", "très", "en", "muy", "molto", "muito", "com", "con", "mit", "med", "met", "z", "с", "со", "очень")
)


_NO = """not no never neither nor without hardly barely nicht kein keine keinen nie ohne kaum pas ne non ni sans jamais
    peu sin nunca nada né senza mai não nem sem niet geen nooit zonder inte ej icke ikke uden bez není не ни нет
    без 안 못"""
_BUT = "but sondern aber mais pero sino ma bensì mas maar men utan ale lecz но а ama 而是"
_NO_AFTER = ("değil", "않", "없")
_NOT_CHINESE = re.compile("[不没沒无無未别別](?:[是太很再够夠会會能要想敢有怎那]|[么麼])*$")
_NOT_JAPANESE = re.compile("(?:[いえかがきくしじってでなのはもりる]|あり){0,6}(?:ない|なく|ません|ず(?!っ))")


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


_MOOD_OF = {_plain(word): mood for mood, words in _WORDS.items() for word in (mood, *words.split())}
_LOW_WORDS = frozenset(_plain(word) for word in _LOW.split())
_DENYING, _TURNING = (frozenset(_plain(word) for word in words.split()) for words in (_NO, _BUT))


def mood_of(name: str) -> str | None:
    """The mood that a name such as “very angry”, “wütend” or “生气” tells; None where it tells none.

    What a name denies, as “not happy” or “不高兴” do, is none: nobody knows what is felt instead.
    """
    return next((_MOOD_OF[word] for word in _words(name) if word in _MOOD_OF), None)


def is_low(name: str) -> bool:
    """Whether a name such as “whispering” tells of a low voice."""
    return any(word in _LOW_WORDS for word in _words(name))


def tells(name: str) -> bool:
    """Whether a name is one word of a mood or of a low voice, with words such as “very” before it or a strength after
    it."""
    words = [word for word in _plain(name).replace(",", " ").split() if any(letter.isalpha() for letter in word)]
    while len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
    return len(words) == 1 and bool(mood_of(words[0]) or is_low(words[0]))


def _words(name: str) -> Iterator[str]:
    """The words of a name but those that it denies; in scripts without spaces those that it holds."""
    for clause in re.split("[,;/，、；]", _plain(name)):
        words, is_denied = clause.split(), False
        for word, following in zip(words, (*words[1:], ""), strict=True):
            if word in _TURNING:
                is_denied = False
            is_denied = is_denied or word in _DENYING or word.endswith(("n't", "n’t"))
            if is_denied or following.startswith(_NO_AFTER):
                continue
            yield word
            if not word.isascii():
                yield from (
                    known for known in (*_MOOD_OF, *_LOW_WORDS) if _has_no_spaces(known) and _holds(word, known)
                )


def _holds(word: str, known: str) -> bool:
    """Whether a word in a script without spaces says a known one and does not deny it."""
    return _has_no_spaces(known) and any(
        not _NOT_CHINESE.search(word[: match.start()]) and not _NOT_JAPANESE.match(word[match.end() :])
        for match in re.finditer(re.escape(known), word)
    )


def _has_no_spaces(word: str) -> bool:
    return unicodedata.name(word[0], "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"))
