"""Hindi: upstream stops at the first digit (num2words does not know Hindi), so numbers are read by our own table."""

import re

from dimts.text.language import Language
from dimts.text.languages.official import Tables, lower, words

_BELOW_HUNDRED = (
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस "
    "तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस "
    "चालीस इकतालीस बयालीस तैंतालीस चवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास "
    "पचास इक्यावन बावन तिरेपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ "
    "साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर "
    "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी "
    "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी "
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पंचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)
BELOW_HUNDRED = _BELOW_HUNDRED.split()
UNITS = ((10**11, "खरब"), (10**9, "अरब"), (10**7, "करोड़"), (10**5, "लाख"), (1000, "हज़ार"), (100, "सौ"))
GROUPED = re.compile(r"(?<![0-9,])[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?![0-9,])")  # 1,50,000 as well as 150,000
NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
LONGEST = 15  # digits that are read as one number


def numbers(text: str) -> str:
    """The text with its digits as words. UPSTREAM: Devanagari digits stay, they have tokens: test_hindi_digits."""
    return NUMBER.sub(_number, GROUPED.sub(_without_commas, text))


def _without_commas(match: re.Match[str]) -> str:
    return match.group().replace(",", "")


def _number(match: re.Match[str]) -> str:
    whole, decimals = match.groups()
    spoken = _whole(int(whole)) if len(whole) <= LONGEST else _one_by_one(whole)
    return f"{spoken} दशमलव {_one_by_one(decimals)}" if decimals else spoken


def _whole(number: int) -> str:
    for value, name in UNITS:
        if number >= value:
            count, rest = divmod(number, value)
            return f"{_whole(count)} {name}" + (f" {_whole(rest)}" if rest else "")
    return BELOW_HUNDRED[number]


def _one_by_one(digits: str) -> str:
    return " ".join(BELOW_HUNDRED[int(digit)] for digit in digits)


LANGUAGE = Language(
    code="hi",
    name="Hindi",
    steps=(
        ("quotes and case", lower),
        ("numbers", numbers),
        *words(Tables(signs="और|ऐट दी रेट|प्रतिशत|हैश|डॉलर|पाउंड|डिग्री")),
    ),
    scripts=((0x900, 0x97F),),
    sentence_ends="।॥.!?…",
    character_limit=150,
)
