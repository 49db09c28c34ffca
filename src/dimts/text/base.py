"""Our own small base vocabulary, for bases that are initialised at random (demo and tests), in the official layout.

The surprise: [START] is not the last row, and tags lie between letters, exactly as in the official files.
"""

import json
from itertools import count

from dimts.text.languages import OFFICIAL

MARKS = "!'(),-./:;?"
LATIN = "abcdefghijklmnopqrstuvwxyz"
OTHER = (
    "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýÿāăąćčďđęěğıłńňōőœřśşšťţůűźżžʼ"
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغـفقكلمنهوىيًٌٍَُِّْ"
    "ँंःअआइईउऊऋऍएऐऑओऔकखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसह़ािीुूृॅेैॉोौ्ॐ।॥"
    '…¿¡"«»“”‘’–—&%،؛؟、。'
)


def vocabulary() -> str:
    """The tokenizer.json text of the small base: under 1,500 rows, always the same."""
    special = {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[en]": 259, "[de]": 260, "[START]": 261}
    vocab = dict(special)
    ids = (index for index in count(3) if index not in (259, 260, 261))
    for letter in dict.fromkeys(MARKS + LATIN + OTHER):
        vocab[letter] = next(ids)
    for code in OFFICIAL:
        tag = "[zh-cn]" if code == "zh" else f"[{code}]"
        if tag not in vocab:
            special[tag] = vocab[tag] = next(ids)
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [{"id": index, "special": True, "content": token, **plain} for token, index in special.items()]
    model: dict[str, object] = {
        "type": "BPE",
        "dropout": None,
        "unk_token": "[UNK]",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "vocab": vocab,
        "merges": [],
    }
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": model,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
