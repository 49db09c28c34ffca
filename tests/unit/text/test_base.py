"""The small base vocabulary has the official layout and the letters of seventeen languages."""

import json
from pathlib import Path

from dimts.text import base
from dimts.text.bpe import Tokenizer
from dimts.text.coverage import unreachable
from dimts.text.languages import OFFICIAL

SMALL = Tokenizer.from_json(base.vocabulary())
PAIRS = [
    json.loads(line) for line in Path(__file__).with_name("upstream.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_layout() -> None:
    named = {token: SMALL.vocabulary[token] for token in ("[STOP]", "[UNK]", "[SPACE]", "[en]", "[de]", "[START]")}
    assert named == {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[en]": 259, "[de]": 260, "[START]": 261}
    assert 500 < SMALL.rows < 1500
    assert SMALL.rows > SMALL.start_id + 1
    assert sorted(SMALL.vocabulary.values()) == list(range(SMALL.rows))


def test_every_official_language_has_a_tag() -> None:
    assert {code.replace("zh-cn", "zh") for code in SMALL.languages} == set(OFFICIAL)


def test_it_is_always_the_same() -> None:
    assert base.vocabulary() == base.vocabulary()


def test_merges_make_tokens_that_text_reaches() -> None:
    assert len(SMALL.merges) > 200
    assert all(left in SMALL.vocabulary and right in SMALL.vocabulary for left, right in SMALL.merges)
    nothing = Tokenizer.from_json(json.dumps(_only_special()))
    assert unreachable(nothing, SMALL) == []


def test_official_languages_are_covered() -> None:
    for pair in PAIRS:
        unknown = {letter for letter in pair["cleaned"] if letter.isalpha() and letter not in SMALL.vocabulary}
        assert not unknown, pair


def _only_special() -> dict[str, object]:
    document: dict[str, object] = json.loads(base.vocabulary())
    special = {token: SMALL.vocabulary[token] for token in SMALL.special}
    return {**document, "model": {"type": "BPE", "unk_token": "[UNK]", "vocab": special, "merges": []}}
