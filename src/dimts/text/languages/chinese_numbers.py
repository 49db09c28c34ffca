"""Digits in Chinese text to characters: dates, money, telephone numbers, fractions, percent, counts, the rest.

Each kind is looked for in turn, in what the kinds before it have left. UPSTREAM: what was found is replaced where the
same digits stand FIRST in the text, not where they were found ("12和2个" gives 一二和二个): test_chinese_first_place.
"""

import re
import string
from collections.abc import Callable

DIGITS = "零一二三四五六七八九"
# 10^1 .. 10^4, then every 10^4 up to 10^44.
UNITS = ((44, "载"), (40, "正"), (36, "涧"), (32, "沟"), (28, "穰"), (24, "秭"), (20, "垓"), (16, "京"), (12, "兆"),
         (8, "亿"), (4, "万"), (3, "千"), (2, "百"), (1, "十"))  # fmt: skip
UNIT_SIGNS = frozenset(sign for _, sign in UNITS)

PUNCTUATION = (
    string.punctuation
    + "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃《》「」『』【】〔〕〖〗"
    + "〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏·〈〉"
)
COMMAS_ONLY = str.maketrans(PUNCTUATION, "," * len(PUNCTUATION))

MONEY_UNIT = "(?:亿|千万|百万|万|千|百|(?:亿|千万|百万|万|千|百)?[元块]|角|毛|分)"
COUNTED = (
    "匹张座回场尾条个首阙阵网炮顶丘棵只支袭辆挑担颗壳窠曲墙群腔砣客贯扎捆刀令打手罗坡山岭江溪钟队单双对出口头脚板跳枝"
    "件贴针线管名位身堂课本页家户层丝毫厘分钱两斤铢石钧锱忽寸尺丈里寻常铺程撮勺合升斗盘碗碟叠桶笼盆盒杯斛锅簋篮罐瓶壶"
    "卮盏箩箱煲啖袋钵年月日季刻时周天秒旬纪岁世更夜春夏秋冬代伏辈丸泡粒幢堆根道面片块"
)
COUNTED_PAIRS = "[千毫微]克|[千分厘毫微]米"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
AMOUNT = r"(?<!\d)(\d+(?:\.\d+)?)"


def read(text: str) -> str:
    """The text with Chinese numbers for digits and a comma for every punctuation mark."""
    text = f"^{text}$"
    for pattern, spoken in KINDS:
        if pattern is PERCENT:
            text = text.replace("％", "%")
        for found in pattern.findall(text):
            text = text.replace(found, spoken(found), 1)
    text = LETTER_TWO_LETTER.sub(_two_again, text)
    # UPSTREAM: carets before and dollar signs after the text are lost with our own marks.
    return text.lstrip("^").rstrip("$").translate(COMMAS_ONLY)


def cardinal(number: str) -> str:
    """ "1205" as 一千两百零五; a decimal part digit by digit."""
    whole, dot, decimals = number.partition(".")
    symbols = _counted(whole) if len(whole) > 1 else [DIGITS[int(digit)] for digit in whole]
    _use_liang(symbols)
    result = "".join(symbols) + ("点" + one_by_one(decimals) if dot else "")
    if result.startswith("点"):
        return "零" + result
    return result[1:] if result.startswith("一十") else result


def one_by_one(digits: str) -> str:
    """ "2024" as 二零二四."""
    return "".join(DIGITS[int(digit)] for digit in digits)


def _counted(digits: str) -> list[str]:
    significant = digits.lstrip("0")
    if not significant:
        return []
    if len(significant) == 1:
        zero = [DIGITS[0]] if len(digits) > 1 else []
        return [*zero, DIGITS[int(significant)]]
    power, unit = next((power, unit) for power, unit in UNITS if power < len(significant))
    return [*_counted(digits[:-power]), unit, *_counted(significant[-power:])]


def _use_liang(symbols: list[str]) -> None:
    """Two is 两 before a unit other than ten, unless a digit or ten stands before it."""
    for index, symbol in enumerate(symbols[:-1]):
        before = symbols[index - 1] if index else None
        after_unit = before is None or (before in UNIT_SIGNS and before != "十")
        if symbol == "二" and after_unit and symbols[index + 1] in UNIT_SIGNS - {"十"}:
            symbols[index] = "两"


def _date(found: str) -> str:
    year, mark, rest = found.rpartition("年")
    month, _, day = rest.partition("月")
    spoken = one_by_one(year) + mark
    if rest:
        spoken += cardinal(month) + "月"
    return spoken + (cardinal(day[:-1]) + day[-1] if day else "")


def _money(found: str) -> str:
    for number in NUMBER.findall(found):
        found = found.replace(number, cardinal(number))
    return found


def _telephone(found: str) -> str:
    return one_by_one("".join(NUMBER.findall(found)))


def _fraction(found: str) -> str:
    numerator, _, denominator = found.partition("/")
    return f"{cardinal(denominator)}分之{cardinal(numerator)}"


def _percent(found: str) -> str:
    return "百分之" + cardinal(found.strip("%"))


def _two_again(match: re.Match[str]) -> str:
    return f"{match.group(1)}2{match.group(2)}"


PERCENT = re.compile(r"(?<!\d)\d+(?:\.\d+)?%")
LETTER_TWO_LETTER = re.compile(r"(?<![a-zA-Z])([a-zA-Z]+)二([a-zA-Z]+)")  # P2P, B2B
KINDS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (
        re.compile(r"\D((?:[089]\d|(?:19|20)\d{2})年(?:\d{1,2}月(?:\d{1,2}[日号])?)?|\d{1,2}月(?:\d{1,2}[日号])?)"),
        _date,
    ),
    (re.compile(rf"\D(\d+(?:\.\d+)?[多余几]?{MONEY_UNIT}(?:\d{MONEY_UNIT}?)?)"), _money),
    (re.compile(r"\D((?:\+?86 ?)?1(?:[38]\d|5[0-35-9]|7[678]|9[89])\d{8})\D"), _telephone),
    (re.compile(r"\D((?:0(?:10|2[1-3]|[3-9]\d{2})-?)?[1-9]\d{6,7})\D"), _telephone),
    (re.compile(r"(?<!\d)\d+/\d+"), _fraction),
    (PERCENT, _percent),
    (re.compile(rf"{AMOUNT}[多余几]?(?:[{COUNTED}]|{COUNTED_PAIRS})"), cardinal),
    (re.compile(r"\d{4,32}"), one_by_one),
    (re.compile(r"\d+(?:\.\d+)?"), cardinal),
)
