"""The characters of the small base: letters of all Latin-script languages of XTTS v2, marks and tags; no merges.

    python benchmarks/small_base/vocab.py vocab.json

Few rows suffice for a small network, and each is seen often. Languages in other scripts keep their tags: their letters
come as Amharic's do, by `dimts vocab`.
"""

import argparse
import json
from pathlib import Path

from dimts import files
from dimts.text.bpe import Tokenizer, tag_of
from dimts.text.languages import OFFICIAL

SPECIAL = ("[STOP]", "[UNK]", "[SPACE]", "[START]")
MARKS = "!'(),-./:;?¿¡…«»“”„‘’–"
LETTERS = (
    "abcdefghijklmnopqrstuvwxyz"
    "àáâãäæçèéêëìíîïñòóôõöùúûüýÿœß"  # en es fr de it pt nl
    "ąćęłńóśźż"  # pl
    "áčďéěíňóřšťúůýž"  # cs
    "áéíóöőúüű"  # hu
    "çğıöşü\u0307"  # tr: a lower-case İ is i and a dot
)


def vocabulary() -> str:
    """The tokenizer.json text, in the official layout."""
    tags = tuple(map(tag_of, OFFICIAL))
    vocab = {token: row for row, token in enumerate(dict.fromkeys((*SPECIAL, *tags, *MARKS, *LETTERS)))}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    added = [{"id": vocab[token], "special": True, "content": token, **flags} for token in (*SPECIAL, *tags)]
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": "[UNK]",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "vocab": vocab,
        "merges": [],
    }
    empty = dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    document = {
        "version": "1.0",
        **empty,
        "added_tokens": added,
        "pre_tokenizer": {"type": "Whitespace"},
        "model": model,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    files.write_text(out, vocabulary())
    print(f"{out}: {Tokenizer.read(out).rows} rows")


if __name__ == "__main__":
    main()
