"""Turkish: its capitals need care before the common lower case."""

from dataclasses import replace

from dimts.text.languages.official import Tables, declare, lower

CAPITALS = str.maketrans("İÖÜ", "iöü")


def lower_turkish(text: str) -> str:
    """Lower case. UPSTREAM: "I" becomes "i", not "ı": test_turkish_capitals."""
    return lower(text.translate(CAPITALS))


_DECLARED = declare(
    "tr",
    "Turkish",
    Tables(
        signs="ve|at|yüzde|diyez|dolar|sterlin|derece",
        ordinals=r"\.|inci|nci|uncu|üncü",
        abbreviations={"b": "bay", "byk": "büyük", "dr": "doktor"},
        decimals=False,  # UPSTREAM: "12.5" is an ordinal and a number: test_turkish_decimals
    ),
    limit=226,
)
LANGUAGE = replace(_DECLARED, steps=(("quotes and case", lower_turkish), *_DECLARED.steps[1:]))
