"""Russian: its abbreviations hold a hyphen and no dot."""

from dimts.text.languages.numbers import COMMAS
from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "ru",
    "Russian",
    Tables(
        signs="и|собака|процентов|номер|доллар|фунт|градус",
        ordinals="-й|-я|-е|-ое|-ье|-го",
        abbreviations={"г-жа": "госпожа", "г-н": "господин", "д-р": "доктор"},
        abbreviation_end=r"\b",
        thousands=COMMAS,
    ),
    limit=182,
    scripts=((0x400, 0x52F),),
)
