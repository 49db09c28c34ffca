"""Amharic numbers in words: cardinals, ordinals, and the endings that are written after digits.

Every group is said in full, አንድ መቶ and አንድ ሺህ: a speaker in a hurry says መቶ and ሺህ, a careful one who reads digits aloud
says how many. Years are read as any other number (1995 is አንድ ሺህ ዘጠኝ መቶ ዘጠና አምስት). Above a million the words are the
short scale's: ሚሊዮን 10^6, ቢሊዮን 10^9, ትሪሊዮን 10^12, ኳድሪሊዮን 10^15. A number of more than 18 digits is read digit by digit.
"""

from functools import cache

DIGITS = ("ዜሮ", "አንድ", "ሁለት", "ሦስት", "አራት", "አምስት", "ስድስት", "ሰባት", "ስምንት", "ዘጠኝ")
TENS = ("", "አሥራ", "ሃያ", "ሠላሳ", "አርባ", "ሃምሳ", "ስልሳ", "ሰባ", "ሰማንያ", "ዘጠና")
SCALES = ("", "ሺህ", "ሚሊዮን", "ቢሊዮን", "ትሪሊዮን", "ኳድሪሊዮን")
MOST_DIGITS = 3 * len(SCALES)


@cache
def _below_thousand(number: int) -> tuple[str, ...]:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = [DIGITS[hundreds], "መቶ"] if hundreds else []
    if rest == 10:
        words.append("አሥር")
    else:
        words += [TENS[tens]] * (tens > 0) + [DIGITS[ones]] * (ones > 0)
    return tuple(words)


def cardinal(number: int) -> str:
    """The words of a number from 0 to 10^18 - 1."""
    if number < 10:
        return DIGITS[number]
    words: list[str] = []
    for power in range(len(SCALES) - 1, -1, -1):
        group = number // 1000**power % 1000
        if group:
            words += _below_thousand(group)
            words += [SCALES[power]] * (power > 0)
    return " ".join(words)


def one_by_one(digits: str) -> str:
    """The words of each digit."""
    return " ".join([DIGITS[int(digit)] for digit in digits])


def read(digits: str) -> str:
    """The words of an unsigned integer as written: a leading zero, or too many digits, and it is read digit by digit."""
    if len(digits) > MOST_DIGITS or (digits[0] == "0" and len(digits) > 1):
        return one_by_one(digits)
    return cardinal(int(digits))
