"""Czech."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "cs",
    "Czech",
    Tables(
        signs="a|na|procento|křížek|dolar|libra|stupně",
        ordinals=r"\.(?=\s|$)",
        abbreviations={
            "dr": "doktor",
            "ing": "inženýr",
            "p": "pan",
        },
    ),
    limit=186,
)
