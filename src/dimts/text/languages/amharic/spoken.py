"""What Amharic says for each written thing: the Amharic `Grammar`.

Clock times keep the hour that is written: :00 is the hour alone, :15 ከሩብ, :30 ተኩል, :45 a quarter to the next hour
(ለ ... ሩብ ጉዳይ), any other minute ከ ... ደቂቃ. Percent is በመቶ after its number. 2/3 is the numerator and the ordinal
of the denominator; ½ and ¼ as one sign are ግማሽ and ሩብ, and after a whole number ተኩል and ከሩብ.
"""

from dimts.text.languages.amharic import numbers
from dimts.text.languages.amharic.grammar import Grammar, listed
from dimts.text.languages.amharic.measures import UNITS

NOON = 12


def _clock(prefix: str, hour: int, minute: int, second: int | None) -> str:
    if minute == 45 and not second:
        following = 1 if hour == NOON else hour + 1
        if prefix in ("", "በ", "ለ"):
            return f"ለ{following} ሩብ ጉዳይ"
        return f"{prefix}{' ' if prefix in APART else ''}ሩብ ጉዳይ ለ{following}"
    said = {0: "", 15: " ከሩብ", 30: " ተኩል"}.get(minute, f" ከ{minute} ደቂቃ")
    seconds = f" ከ{second} ሰከንድ" if second else ""
    return f"{prefix}{' ' if prefix in APART else ''}{hour} ሰዓት{said}{seconds}"


def _span(prefix: str, first: str, last: str) -> str:
    """A range: ከ before the first number unless another prefix stands there already."""
    start = f"{prefix} " if prefix in APART else prefix or "ከ"
    return f"{start}{first} እስከ {last}"


def _fraction(above: int, below: int) -> str:
    return f"{above} {below}ኛ"


def _mixed(whole: str, above: int, below: int) -> str:
    tails = {(1, 2): "ተኩል", (1, 4): "ከሩብ"}
    return f"{whole} {tails.get((above, below)) or 'ከ' + _fraction(above, below)}"


def _power(base: str, exponent: str) -> str:
    return f"{base} {SQUARE.get(exponent) or 'ርቢ ' + exponent.replace('-', 'ኔጋቲቭ ')}"


GLUED = listed("በ የ ለ ከ ስለ እንደ እየ ያለ በየ ለየ ከየ የየ የበ የከ የለ እንደየ ስለየ ከነ የነ በነ ለነ እነ ዘ")
SQUARE = {"2": "ካሬ", "3": "ኪዩብ"}
APART = ("እስከ", "ወደ", "ባለ", "የባለ", "በባለ", "ለባለ", "ከባለ")
_LATIN_NAMES = listed("ኤ ቢ ሲ ዲ ኢ ኤፍ ጂ ኤች አይ ጄ ኬ ኤል ኤም ኤን ኦ ፒ ኪው አር ኤስ ቲ ዩ ቪ ደብሊው ኤክስ ዋይ ዜድ")
_THOUSANDS = {word: word for word in listed("መቶ ሺህ ሺ ሚሊዮን ሚሊየን ቢሊዮን ቢሊየን ትሪሊዮን ትሪሊየን ኳድሪሊዮን")}
LATIN_SCALES = {"K": "ሺህ", "k": "ሺህ", "M": "ሚሊዮን", "mn": "ሚሊዮን", "million": "ሚሊዮን", "Million": "ሚሊዮን", "B": "ቢሊዮን"}
LATIN_SCALES |= {"bn": "ቢሊዮን", "billion": "ቢሊዮን", "Billion": "ቢሊዮን", "T": "ትሪሊዮን", "trillion": "ትሪሊዮን"}
_ITS_NUMBER = listed("ቁጥር ቁጥሩ ቁጥሬ ቁጥራችን ቁጥርዎ ቁጥራቸው ቁጥሮች ቁጥሮቹ ቁ.")

GRAMMAR = Grammar(
    read=numbers.read,
    one_by_one=numbers.one_by_one,
    attach=numbers.attach,
    inflect=numbers.inflect,
    ordinal="ኛ",
    ordinals=numbers.ORDINALS,
    glued=GLUED,
    apart=APART,
    joins="በየለከ",
    point="ነጥብ",
    minus="ኔጋቲቭ",
    plus="ፕላስ",
    percent="በመቶ",
    per_mille="በሺህ",
    number="ቁጥር",
    degree="ዲግሪ",
    numbered=listed("ቁጥር ቁጥሩ ቁ. ቁ አዋጅ ደንብ መመሪያ ገጽ ገፅ አንቀጽ አንቀፅ ቅጽ ቅፅ መዝገብ"),
    coded=listed("ኮድ ሰሌዳ ታርጋ"),
    operators={
        "+": " ሲደመር ",
        "−": " ሲቀነስ ",
        "×": " ሲባዛ በ",
        "*": " ሲባዛ በ",
        "÷": " ሲካፈል ለ",
        "=": " እኩል ይሆናል ",
        "≠": " እኩል አይደለም ከ",
        "≈": " በግምት ",
        "<": " ያንሳል ከ",
        ">": " ይበልጣል ከ",
        "±": " ሲደመር ወይም ሲቀነስ ",
        "x": " በ",
    },
    unary={
        "#": "ቁጥር {}",
        "+": "ፕላስ {}",
        "±": "ፕላስ ማይነስ {}",
        "~": "በግምት {}",
        "≈": "በግምት {}",
        "=": "እኩል ይሆናል {}",
        ">": "ከ{} በላይ",
        "<": "ከ{} በታች",
        "≥": "{} እና ከዚያ በላይ",
        "≤": "{} እና ከዚያ በታች",
    },
    span=_span,
    source="ከ",
    until=" እስከ ",
    versus=" ለ",
    scores=listed("አሸነፈ አሸንፏል አሸንፎ አሸነፉ ተሸነፈ ተሸንፏል ረታ ረቷል ተረታ አቻ ውጤት ጨዋታ ግጥሚያ ግብ ጎል ጎሎች መርታት ማሸነፍ ድል"),
    counted=listed("ሰዓ ሰአ ቀን ሰው ሰዎ ዓመ አመ ወር ወራ ሳምን ደቂቃ ሰከን ብር ዶላር በመቶ ኪሎ ኪ. ሜትር ጊዜ ተጫዋቾ"),
    fraction=_fraction,
    mixed=_mixed,
    glyph={(1, 2): "ግማሽ", (1, 4): "ሩብ"},
    power=_power,
    months=listed(
        "መስከረም ጥቅምት ኅዳር ሕዳር ህዳር ታኅሣሥ ታህሳስ ታህሣሥ ታሕሳስ ታኅሳስ ጥር የካቲት መጋቢት ሚያዝያ ሚያዚያ ግንቦት ሰኔ ሐምሌ ሀምሌ ሃምሌ ነሐሴ ነሀሴ ነሃሴ "
        "ጳጉሜን ጳጉሜ ጷግሜ ጃንዋሪ ጃንዩወሪ ፌብሯሪ ፌብሩዋሪ ማርች ኤፕሪል ሜይ ጁን ጁላይ ኦገስት ሴፕቴምበር ኦክቶበር ኖቬምበር ዲሴምበር"
    ),
    day="ቀን",
    hour="ሰዓት",
    dayparts=tuple(
        prefix + word for prefix in ("ከ", "በ", "") for word in listed("ጠዋቱ ማለዳው ንጋቱ ረፋዱ ቀኑ ቀትሩ ምሽቱ ማታው ሌሊቱ ጧቱ")
    ),
    clock=_clock,
    verse="ምዕራፍ {} ቁጥር {}",
    currencies={
        "$": "ዶላር",
        "US$": "የአሜሪካ ዶላር",
        "€": "ዩሮ",
        "£": "ፓውንድ",
        "¥": "የን",
        "₹": "ሩፒ",
        "¢": "ሳንቲም",
        "USD": "ዶላር",
        "ETB": "ብር",
        "EUR": "ዩሮ",
        "GBP": "ፓውንድ",
        "Birr": "ብር",
        "birr": "ብር",
        "Br": "ብር",
        "br": "ብር",
    },
    leading=("ብር", "ዶላር", "ዩሮ", "ፓውንድ"),
    scales=_THOUSANDS | LATIN_SCALES,
    units=UNITS,
    symbols={"&": "እና", "@": "አት", "#": "ሃሽታግ", "+": "ፕላስ", "=": "እኩል ይሆናል"},
    web={"@": "አት", ".": "ነጥብ", "/": "ስላሽ", "-": "ሰረዝ", "_": "አንደርስኮር"},
    digit_contexts=tuple(
        [f"{what} {number}" for what in ("ስልክ", "ሞባይል", "ሂሳብ", "ሒሳብ", "አካውንት", "ፋክስ") for number in _ITS_NUMBER]
        + ["ስልክ", "ሞባይል", "ፋክስ", "ስ.ቁ", "ስ.ቁ.", "ስ/ቁ"]
    ),
    names=dict(zip("abcdefghijklmnopqrstuvwxyz", _LATIN_NAMES, strict=True)),
)
