"""Dutch."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "nl",
    "Dutch",
    Tables(
        signs="en|bij|procent|hekje|dollar|pond|graden",
        ordinals="de|ste|e",
        abbreviations={
            "dhr": "de heer",
            "mevr": "mevrouw",
            "dr": "dokter",
            "jhr": "jonkheer",
        },
    ),
    limit=251,
)
