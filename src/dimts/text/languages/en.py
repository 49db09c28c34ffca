"""English."""

from dimts.text.languages.numbers import COMMAS
from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "en",
    "English",
    Tables(
        signs="and|at|percent|hash|dollar|pound|degree",
        ordinals="st|nd|rd|th",
        abbreviations={
            "mrs": "misess",
            "mr": "mister",
            "dr": "doctor",
            "st": "saint",
            "co": "company",
            "jr": "junior",
            "maj": "major",
            "gen": "general",
            "drs": "doctors",
            "rev": "reverend",
            "lt": "lieutenant",
            "hon": "honorable",
            "sgt": "sergeant",
            "capt": "captain",
            "esq": "esquire",
            "ltd": "limited",
            "col": "colonel",
            "ft": "fort",
        },
        thousands=COMMAS,
    ),
    limit=250,
)
