"""What a key of no known set may show, by the words of its name, in the languages of those who model faces."""

from .spelling import words_of

_WORDS: dict[str, str] = {
    "mouth": "mouth mund maul bouche boca bocca рот usta mond mun ağız 口 嘴 口腔 입",
    "lips": "lip lips lippe lippen lèvre lèvres levre levres labio labios labbro labbra губа губы губ warga 唇 입술",
    "jaw": "jaw kiefer unterkiefer mâchoire machoire mandibula mandíbula mascella челюсть szczęka kaak 顎 あご 下巴 턱",
    "open": "open opened opening auf offen öffnen oeffnen ouvert ouverte ouvrir ouverture abierto abierta abrir aperto "
    "aperta aprire открыт открыть открытый otwarte otwórz açık aç 開 開く 开 张 張 열기 벌림",
    "close": "close closed closing shut zu geschlossen schließen schliessen fermé ferme fermée fermer cerrado cerrada "
    "cerrar chiuso chiusa chiudere закрыт закрыть закрытый zamknięte kapalı 閉 閉じ 閉じる 闭 닫기 감기",
    "round": "pucker puckered kiss kuss kussmund schnute spitz rund round rounded purse pursed whistle narrow "
    "eng schmal "
    "pfeifen bisou baiser arrondi rond étroit etroit beso redondo redonda bacio tondo tonda поцелуй круглый трубочка "
    "dziubek buziak öpücük すぼめ すぼみ 窄 噘 撅 嘟 오므림 뽀뽀 oo ooh uu uh",
    "funnel": "funnel trichter entonnoir embudo imbuto воронка oh ohh",
    "wide": "wide breit weit stretch stretched spread large étiré etire ancho ancha largo larga estirado широко "
    "широкий "
    "szeroko geniş 広 広げ 横 横広げ 宽 넓게 ee eee cheese",
    "smile": "smile smiling lächeln laecheln grinsen grin sourire sonrisa sorriso улыбка uśmiech gülümse "
    "gülümseme にっこり "
    "笑 笑い 微笑 笑顔 미소 웃음 joy happy fröhlich",
    "frown": "frown sad traurig triste tristesse tristeza грусть smutny üzgün 悲 悲しい 口角下げ 슬픔",
    "eye": "eye eyes auge augen œil oeil yeux ojo ojos occhio occhi глаз глаза oko oczy göz 目 眼 眼睛 눈",
    "lid": "lid lids eyelid eyelids augenlid lider paupière paupiere paupières párpado parpado palpebra веко веки "
    "powieka 瞼 まぶた",
    "blink": "blink blinzeln blinzel cligner clignement clin parpadeo parpadear battito моргание моргать "
    "mrugnięcie kırp "
    "まばたき 瞬き 眨眼 깜빡임",
    "brow": "brow brows eyebrow eyebrows braue brauen augenbraue augenbrauen sourcil sourcils ceja cejas sopracciglio "
    "sopracciglia бровь брови brew brwi kaş 眉 眉毛 눈썹",
    "cheek": "cheek cheeks wange wangen backe backen joue joues mejilla guancia щека щёки щеки 頬 脸颊 볼",
    "puff": "puff puffed aufgeblasen gonflé gonflée inflado gonfia надуть ふくらみ 膨らみ 鼓",
    "tongue": "tongue zunge langue lengua lingua язык język dil 舌 べー 혀",
    "up": "up raise raised hoch oben heben haut levé lever arriba subir su alza вверх поднять góra yukarı 上 上げ 위",
    "down": "down lower lowered runter unten senken bas baisser abajo bajar giù giu вниз опустить dół aşağı 下 下げ "
    "아래",
    "inner": "inner in innen intérieur interne interior interno внутр 内 内側",
    "outer": "outer out außen aussen extérieur externe exterior esterno внешн 外 外側",
    "left": "left links linke linkes gauche izquierda izquierdo sinistra sinistro левый левая слева lewy sol 左 왼쪽",
    "right": "right rechts rechte rechtes droite droit derecha derecho destra destro правый правая справа prawy sağ 右 "
    "오른쪽",
    "bite": "bite beißen beissen mordre morder mordere прикусить 噛 咬 ff fv",
    "press": "press pressed gepresst pressé pressen presser apretado premuto сжать сжаты mbp mm pressen plosive 結び",
    "nose": "nose nase nez nariz naso нос 鼻 코",
    "sneer": "sneer rümpfen wrinkle plissé fruncir arriccia морщить しわ",
}
_MEANINGS = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
_JOINED = sorted((word for word in _MEANINGS if not word.isascii() or len(word) >= 5), key=len, reverse=True)


def meanings_of(name: str) -> frozenset[str]:
    """What the words of a name say, of the keys of `_WORDS`; words that are written together are found in it too."""
    found: set[str] = set()
    for word in words_of(name):
        if word in _MEANINGS:
            found.add(_MEANINGS[word])
            continue
        left = word
        for known in _JOINED:  # Japanese and German write words together
            if known in left:
                found.add(_MEANINGS[known])
                left = left.replace(known, " ")
    return frozenset(found)


def guess_by_words(name: str) -> str:
    """The ARKit channel, or key of both sides, that a name seems to speak of; empty where it says nothing."""
    said = meanings_of(name)
    side = "Left" if "left" in said else "Right" if "right" in said else ""
    for needed, unwanted, channel, has_sides in _RULES:
        if needed <= said and not unwanted & said:
            return f"{channel}{side}" if has_sides else channel
    return ""


def _rule(needed: str, channel: str, has_sides: bool = False, unless: str = "") -> tuple[set[str], set[str], str, bool]:
    return set(needed.split()), set(unless.split()), channel, has_sides


_RULES = (
    _rule("blink", "eyeBlink", True),
    _rule("eye close", "eyeBlink", True),
    _rule("lid close", "eyeBlink", True),
    _rule("lid", "eyeBlink", True, "open up wide brow"),
    _rule("eye wide", "eyeWide", True),
    _rule("eye open", "eyeWide", True),
    _rule("brow inner up", "browInnerUp"),
    _rule("brow outer up", "browOuterUp", True),
    _rule("brow up", "browOuterUp", True),
    _rule("brow down", "browDown", True),
    _rule("tongue", "tongueOut", unless="up down left right"),
    _rule("cheek puff", "cheekPuff"),
    _rule("nose sneer", "noseSneer", True),
    _rule("jaw open", "jawOpen"),
    _rule("mouth open", "jawOpen", unless="round funnel smile"),
    _rule("jaw down", "jawOpen"),
    _rule("round", "mouthPucker", unless="eye brow nose"),
    _rule("funnel", "mouthFunnel", unless="eye brow"),
    _rule("smile", "mouthSmile", True, "eye"),
    _rule("frown", "mouthFrown", True, "brow eye"),
    _rule("lips bite", "mouthRollLower"),
    _rule("mouth close", "mouthClose"),
    _rule("lips close", "mouthClose"),
    _rule("press", "mouthPress", True, "eye"),
    _rule("lips up", "mouthUpperUp", True),
    _rule("lips down", "mouthLowerDown", True),
    _rule("wide", "mouthStretch", True, "eye brow nose"),
    _rule("jaw", "jawOpen", unless="left right up close"),
    _rule("open", "jawOpen", unless="eye lid brow nose hand"),
    _rule("mouth left", "mouthLeft"),
    _rule("mouth right", "mouthRight"),
)
"""What a name must and must not say → the channel, the first that fits; whether a side is added."""
