"""Hungarian."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "hu",
    "Hungarian",
    Tables(
        signs="és|kukac|százalék|kettőskereszt|dollár|font|fok",
        ordinals=r"\.|adik|edik|odik|edik|ödik|ödike|ik",
        abbreviations={
            "dr": "doktor",
            "b": "bácsi",
            "nőv": "nővér",
        },
    ),
    limit=224,
)
