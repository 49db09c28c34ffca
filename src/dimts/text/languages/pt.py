"""Portuguese."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "pt",
    "Portuguese",
    Tables(
        signs="e|arroba|por cento|cardinal|dólar|libra|graus",
        ordinals="º|ª|o|a|os|as",
        abbreviations={
            "sra": "senhora",
            "sr": "senhor",
            "dr": "doutor",
            "dra": "doutora",
            "st": "santo",
            "co": "companhia",
            "jr": "júnior",
            "ltd": "limitada",
        },
        cents=" e ",
    ),
    limit=203,
)
