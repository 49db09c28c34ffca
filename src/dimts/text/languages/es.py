"""Spanish."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "es",
    "Spanish",
    Tables(
        signs="y|arroba|por ciento|numeral|dolar|libra|grados",
        ordinals="º|ª|er|o|a|os|as",
        abbreviations={
            "sra": "señora",
            "sr": "señor",
            "dr": "doctor",
            "dra": "doctora",
            "st": "santo",
            "co": "compañía",
            "jr": "junior",
            "ltd": "limitada",
        },
        cents=" con ",
    ),
    limit=239,
)
