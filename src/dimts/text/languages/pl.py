"""Polish."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "pl",
    "Polish",
    Tables(
        signs="i|małpa|procent|krzyżyk|dolar|funt|stopnie",
        ordinals="º|ª|st|nd|rd|th",
        abbreviations={
            "p": "pani",
            "m": "pan",
            "dr": "doktor",
            "sw": "święty",
            "jr": "junior",
        },
    ),
    limit=224,
)
