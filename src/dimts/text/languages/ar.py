"""Arabic."""

from dimts.text.languages.official import Tables, declare

LANGUAGE = declare(
    "ar",
    "Arabic",
    Tables(
        signs="و|على|في المئة|رقم|دولار|جنيه|درجة",
        ordinals="ون|ين|ث|ر|ى",
    ),
    limit=166,
    scripts=((0x600, 0x6FF), (0x750, 0x77F)),
)
