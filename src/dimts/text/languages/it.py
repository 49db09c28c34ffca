"""Italian."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "it",
    "Italian",
    Tables(
        signs="e|chiocciola|per cento|cancelletto|dollaro|sterlina|gradi",
        ordinals="º|°|ª|o|a|i|e",
        abbreviations={
            "sig": "signore",
            "dr": "dottore",
            "st": "santo",
            "co": "compagnia",
            "jr": "junior",
            "ltd": "limitata",
        },
        cents=" e ",
    ),
    limit=213,
)
