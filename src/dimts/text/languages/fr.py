"""French."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "fr",
    "French",
    Tables(
        signs="et|arobase|pour cent|dièse|dollar|livre|degrés",
        ordinals="º|ª|er|re|e|ème",
        abbreviations={
            "mme": "madame",
            "mr": "monsieur",
            "dr": "docteur",
            "st": "saint",
            "co": "compagnie",
            "jr": "junior",
            "ltd": "limitée",
        },
        cents=" et ",
    ),
    limit=273,
)
