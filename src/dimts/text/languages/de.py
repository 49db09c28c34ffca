"""German."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "de",
    "German",
    Tables(
        signs="und|at|prozent|raute|dollar|pfund|grad",
        ordinals=r"st|nd|rd|th|º|ª|\.(?=\s|$)",
        abbreviations={
            "fr": "frau",
            "dr": "doktor",
            "st": "sankt",
            "co": "firma",
            "jr": "junior",
        },
        cents=" und ",
    ),
    limit=253,
)
