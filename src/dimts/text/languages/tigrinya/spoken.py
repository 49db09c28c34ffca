"""The Tigrinya `Grammar`. The hour of a clock time is the one written; half past is ፈረቓ, a quarter past ርብዒ."""

from dimts.text.languages.amharic import measures
from dimts.text.languages.amharic import spoken as amharic
from dimts.text.languages.amharic.grammar import Grammar, listed
from dimts.text.languages.tigrinya import numbers

GLUED = listed("ብ ን ዝ ክ")
APART = listed("ካብ ናብ ኣብ ክሳብ ክሳዕ ናይ ከም ብዘይ ልዕሊ ትሕቲ ድሕሪ ቅድሚ")
_MEASURES = {
    "ሜትር": "ሜተር",
    "ሊትር": "ሊተር",
    "ሳንቲ": "ሰንቲ",
    "በሰዓት": "ኣብ ሰዓት",
    "በሰከንድ": "ኣብ ካልኢት",
    "ሰከንድ": "ካልኢት",
    "ደቂቃ": "ደቒቕ",
    "ካሬ": "ትርብዒት",
    "ኪዩቢክ": "ኩቢክ",
}


def _in_tigrinya(unit: str) -> str:
    return " ".join([_MEASURES.get(word, word) for word in unit.split(" ")])


def _clock(prefix: str, hour: int, minute: int, second: int | None) -> str:
    said = {0: "", 15: "ን ርብዒን", 30: "ን ፈረቓን"}.get(minute, f"ን {minute} ደቒቕን")
    seconds = f" {second} ካልኢትን" if second else ""
    return f"{prefix}{' ' if prefix in APART else ''}ሰዓት {hour}{said}{seconds}"


def _span(prefix: str, first: str, last: str) -> str:
    start = f"{prefix} " if prefix in APART else prefix or "ካብ "
    return f"{start}{first} ክሳብ {last}"


def _fraction(above: int, below: int) -> str:
    return f"{above} ካብ {below}"


def _mixed(whole: str, above: int, below: int) -> str:
    said = {(1, 2): "ፈረቓን", (1, 4): "ርብዒን"}.get((above, below))
    return f"{whole}ን {said or _fraction(above, below)}"


def _power(base: str, exponent: str) -> str:
    return f"{base} {({'2': 'ትርብዒት', '3': 'ኩብ'}).get(exponent) or 'ሓይሊ ' + exponent.replace('-', 'ኣሉታ ')}"


GRAMMAR = Grammar(
    read=numbers.read,
    one_by_one=numbers.one_by_one,
    attach=numbers.attach,
    inflect=numbers.inflect,
    ordinal="ይ",
    ordinals=numbers.ORDINALS,
    glued=GLUED,
    apart=APART,
    joins="ብን",
    point="ነጥቢ",
    minus="ኣሉታ",
    plus="ፕላስ",
    percent="ሚእታዊት",
    per_mille="ሽሓዊት",
    number="ቁጽሪ",
    degree="ዲግሪ",
    numbered=listed("ቁጽሪ ቁ. ኣዋጅ ገጽ ዓንቀጽ ኣንቀጽ"),
    coded=listed("ኮድ ሰሌዳ ታርጋ"),
    operators={
        "+": " ፕላስ ",
        "−": " ማይነስ ",
        "×": " ብዝሒ ",
        "*": " ብዝሒ ",
        "÷": " ንክፈል ን",
        "=": " ማዕረ ",
        "≠": " ማዕረ ኣይኮነን ን",
        "≈": " ኣስታት ",
        "<": " ይንእስ ካብ ",
        ">": " ይዓቢ ካብ ",
        "±": " ፕላስ ማይነስ ",
        "x": " ብ",
    },
    unary={
        "#": "ቁጽሪ {}",
        "+": "ፕላስ {}",
        "±": "ፕላስ ማይነስ {}",
        "~": "ኣስታት {}",
        "≈": "ኣስታት {}",
        "=": "ማዕረ {}",
        ">": "ልዕሊ {}",
        "<": "ትሕቲ {}",
        "≥": "{}ን ልዕሊኡን",
        "≤": "{}ን ትሕቲኡን",
    },
    span=_span,
    source="ካብ",
    until=" ክሳብ ",
    versus=" ብ",
    scores=listed("ስዒሩ ሰዓረ ስዒራ ተሳዒሩ ተሳዒራ ማዕረ ውጽኢት ግጥም ሸቶ ሸቶታት ጸወታ"),
    counted=listed("ሰዓ መዓል ሰብ ሰባት ዓመ ወርሒ ኣዋር ሰሙን ሰሙናት ደቒቕ ካልኢ ብር ናቕፋ ሚእታዊ ኪሎ ኪ. ሜተር ግዜ"),
    fraction=_fraction,
    mixed=_mixed,
    glyph={(1, 2): "ፍርቂ", (1, 4): "ርብዒ"},
    power=_power,
    months=listed("መስከረም ጥቅምቲ ሕዳር ታሕሳስ ጥሪ ለካቲት መጋቢት ሚያዝያ ግንቦት ሰነ ሓምለ ነሓሰ ጳጉሜን"),
    day="ዓመተ",
    hour="ሰዓት",
    dayparts=listed("ንግሆ ምሸት ለይቲ ቀትሪ"),
    clock=_clock,
    verse="ምዕራፍ {} ቁጽሪ {}",
    currencies={
        **{sign: name for sign, name in amharic.GRAMMAR.currencies.items() if sign != "US$"},
        "US$": "ዶላር ኣሜሪካ",
        "Nfk": "ናቕፋ",
        "ERN": "ናቕፋ",
        "Nakfa": "ናቕፋ",
    },
    leading=listed("ናቕፋ ብር ዶላር ዩሮ"),
    scales={
        **{word: word for word in listed("ሚእቲ ሽሕ ሽሓት ሚልዮን ሚልዮናት ቢልዮን ቢልዮናት ትሪልዮን")},
        **{sign: word.replace("ሊዮን", "ልዮን").replace("ሺህ", "ሽሕ") for sign, word in amharic.LATIN_SCALES.items()},
    },
    units={sign: _in_tigrinya(name) for sign, name in measures.UNITS.items()},
    symbols={"&": "ከምኡውን", "@": "ኣት", "#": "ሃሽታግ", "+": "ፕላስ", "=": "ማዕረ"},
    web={"@": "ኣት", ".": "ነጥቢ", "/": "ስላሽ", "-": "ሰረዝ", "_": "ኣንደርስኮር"},
    digit_contexts=(
        *[f"ቁጽሪ {what}" for what in listed("ተሌፎን ስልኪ ሕሳብ ሒሳብ ሞባይል ፋክስ")],
        *listed("ተሌፎን ስልኪ ሞባይል ፋክስ"),
    ),
    names={letter: name.replace("አ", "ኣ") for letter, name in amharic.GRAMMAR.names.items()},
)
