"""Ethiopic words to phones, for Amharic and Tigrinya: each letter's consonant and vowel, and where ɨ is spoken.

The script writes the sixth order for a bare consonant and for consonant + ɨ alike, and no gemination. ɨ is put where
three consonants would meet or a word would begin with two; U+135F after a letter (as a lexicon may write) doubles it.
"""

# A consonant for each row of eight code points from U+1200 to U+1357.
CONSONANTS = "h l ħ m s r s ʃ kʼ kʷʼ x xʷ b v t t͡ʃ h hʷ n ɲ ʔ k kʷ x xʷ w ʕ z ʒ j d ɗ d͡ʒ ɡ ɡʷ ŋ tʼ t͡ʃʼ pʼ t͡sʼ t͡sʼ f p"
ROWS = CONSONANTS.split()
VOWELS = ("ə", "u", "i", "a", "e", "", "o", "ʷa")  # the eight places of a row
LABIAL_ROWS = frozenset((9, 11, 17, 22, 24, 34))  # their eighth places are empty, their vowels are plain
SINGLE = {"ፘ": ("rj", "a"), "ፙ": ("mj", "a"), "ፚ": ("fj", "a"), "ኧ": ("ʔ", "ə"), "ኯ": ("k", "o"), "ቇ": ("kʼ", "o")}
SINGLE |= {"ⶓ": ("ɡ", "o"), "ጏ": ("ɡ", "o"), "ሇ": ("h", "o"), "ኇ": ("h", "o"), "ዏ": ("w", "o"), "ዯ": ("j", "o")}
AMHARIC = {"ħ": "h", "ʕ": "ʔ", "x": "h", "xʷ": "hʷ"}  # sounds that Amharic spells and no longer speaks
OPEN = frozenset("hħʕʔ")  # before ə these sound as a in Amharic
GEMINATED, LENGTHENED, BOTH = "\u135f", "\u135e", "\u135d"
EXTENDED = {0x1380: "m", 0x1384: "b", 0x1388: "f", 0x138C: "p"}  # labialised: mʷə mʷi mʷe mʷɨ ...
LABIAL_VOWELS = ("ʷə", "ʷi", "ʷe", "ʷɨ")

LOUDNESS = (("w", "j"), ("l", "r"), ("m", "n", "ɲ", "ŋ"))  # sonority, loudest first; all the rest are obstruents
PREFIXES = (("b", "ə"), ("l", "ə"), ("k", "ə"), ("j", "ə"))  # በ ለ ከ የ: the word proper begins after them
Phones = list[tuple[str, str]]  # consonant and vowel; an empty vowel where the letter writes none


def word_to_ipa(word: str, language: str) -> str:
    """One word of Ethiopic letters in IPA; letters that are not known stay."""
    syllables: Phones = []
    for letter in word:
        if letter in (GEMINATED, LENGTHENED, BOTH) and syllables:
            syllables[-1] = _longer(syllables[-1], letter)
        else:
            syllables.append(_letter(letter, language))
    return "".join(consonant + vowel for consonant, vowel in _with_epenthesis(syllables))


def _letter(letter: str, language: str) -> tuple[str, str]:
    consonant, vowel = SINGLE.get(letter) or _by_place(ord(letter))
    if language == "ti":
        return consonant, vowel
    if vowel == "ə" and consonant in OPEN and letter not in "ኧኸ":
        vowel = "a"
    return AMHARIC.get(consonant, consonant), vowel


def _by_place(point: int) -> tuple[str, str]:
    row, place = divmod(point - 0x1200, 8)
    if 0 <= row < len(ROWS):
        if row in LABIAL_ROWS:
            return ROWS[row], VOWELS[place] or "ɨ"
        return ROWS[row], VOWELS[place]
    if 0x1380 <= point < 0x1390:
        return EXTENDED[point & ~3], LABIAL_VOWELS[point & 3]
    return chr(point), ""


def _longer(syllable: tuple[str, str], mark: str) -> tuple[str, str]:
    consonant, vowel = syllable
    return consonant + ("" if mark == LENGTHENED else "ː"), vowel + ("" if mark == GEMINATED or not vowel else "ː")


def _with_epenthesis(syllables: Phones) -> Phones:
    """The syllables with ɨ where the bare consonants cannot be spoken without it."""
    spoken: Phones = []
    index = 0
    while index < len(syllables):
        end = index
        while end < len(syllables) and not syllables[end][1]:
            end += 1
        bare, last = [consonant for consonant, _ in syllables[index:end]], end == len(syllables)
        prefixed = len(spoken) == 1 and spoken[0] in PREFIXES and len(bare) > (2 if last else 1)
        spoken += _run(bare, not spoken or prefixed, last)
        spoken += syllables[end : end + 1]
        index = end + 1
    return spoken


def _run(bare: list[str], first: bool, last: bool) -> Phones:
    """A run of bare consonants: `first` and `last` tell whether the word begins and ends with it."""
    if not bare:
        return []
    if first or bare[0] == "ʔ":
        return [(bare[0], "ɨ"), *_run(bare[1:], False, last)]
    if len(bare) == 1 or (last and len(bare) == 2 and _closes(*bare)):
        return [(consonant, "") for consonant in bare]
    if last and len(bare) == 2:
        return [(bare[0], "ɨ"), (bare[1], "")]
    before = 2 if not last and len(bare) == 2 and _closes(*bare) else 1
    if last or len(bare) > 2 or before == 2:
        return [(bare[0], ""), (bare[1], "ɨ"), *_run(bare[2:], False, last)]
    return [(bare[0], "ɨ"), (bare[1], "")]


def _closes(one: str, two: str) -> bool:
    """Whether a syllable may end in both: the second is an obstruent, or less loud than the first."""
    return _loudness(two) == 0 or _loudness(one) > _loudness(two)


def _loudness(consonant: str) -> int:
    return next((len(LOUDNESS) - rank for rank, group in enumerate(LOUDNESS) if consonant.rstrip("ː") in group), 0)
