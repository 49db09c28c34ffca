"""Korean: read as the other languages, then romanised letter by letter (Revised Romanisation, academic form)."""

from dataclasses import replace

from dimts.text.languages.hangul import romanise
from dimts.text.languages.official import Tables, declare

_DECLARED = declare(
    "ko",
    "Korean",
    Tables(
        signs="그리고|에|퍼센트|번호|달러|파운드|도",
        ordinals="번째|번|차|째",
    ),
    limit=95,
    scripts=((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3)),
)
LANGUAGE = replace(_DECLARED, steps=(*_DECLARED.steps, ("romanisation", romanise)))
