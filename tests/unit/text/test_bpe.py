"""The vocabulary in use: ids as the official tokenizer gives them, and files that are refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimts.errors import TextError
from dimts.text import base
from dimts.text.bpe import Tokenizer, tag_of

ORACLE = Path(__file__).parents[4] / "shared" / "oracle"
SMALL = Tokenizer.from_json(base.vocabulary())
needs_oracle = pytest.mark.skipif(not ORACLE.is_dir(), reason="needs ../shared/oracle")


@needs_oracle
def test_the_oracles_ids() -> None:
    tokenizer = Tokenizer.read(ORACLE / "vocab-v2.json")
    pairs = json.loads((ORACLE / "encodings.json").read_text(encoding="utf-8"))
    for pair in pairs:
        assert tokenizer.encode_spoken(pair["cleaned"], pair["language"]) == pair["ids"]
        if pair["language"] in ("zh-cn", "ja"):
            pytest.importorskip("pypinyin")
            pytest.importorskip("cutlet")
        assert tokenizer.encode(pair["text"], pair["language"]) == pair["ids"]
    assert len(pairs) == 51


@needs_oracle
def test_official_vocabularies() -> None:
    two, one = (Tokenizer.read(ORACLE / f"vocab-{version}.json") for version in ("v2", "v1.1"))
    assert (two.rows, one.rows, len(one.vocabulary)) == (6681, 5413, 5411)  # v1.1 has holes
    assert (two.start_id, two.stop_id, two.unknown_id) == (261, 0, 1)
    assert len(two.languages) == 17
    assert two.languages[:3] == ("en", "de", "fr")
    assert "zh-cn" in two.languages
    assert two.to_json() == (ORACLE / "vocab-v2.json").read_text(encoding="utf-8")


def test_the_tag_comes_first_and_spaces_are_tokens() -> None:
    ids = SMALL.encode("The  thing", "en")
    assert SMALL.tokens(ids) == ["[en]", "the", "[SPACE]", "thing"]
    assert SMALL.decode([SMALL.start_id, *ids, SMALL.stop_id]) == "the thing"


def test_chinese_has_a_tag_with_a_region() -> None:
    assert tag_of("zh") == tag_of("zh-CN") == "[zh-cn]"
    assert SMALL.encode_spoken("ni3hao3", "zh")[0] == SMALL.vocabulary["[zh-cn]"]


def test_what_is_unknown_is_one_token_a_character() -> None:
    assert SMALL.encode_spoken("ሰላም", "en")[1:] == [SMALL.unknown_id] * 3
    assert SMALL.decode(SMALL.encode_spoken("a ሰ", "en")) == "a [UNK]"
    assert SMALL.tokens([10**6]) == ["[UNK]"]


def test_batches_equal_single_texts() -> None:
    texts = ["the thing", "", "a [STOP] b", "ሰላም"]
    assert SMALL.encode_spoken_batch(texts, "en") == [SMALL.encode_spoken(text, "en") for text in texts]


@pytest.mark.parametrize("token", ["[STOP]", "[START]", "[UNK]", "[SPACE]", "[de]"])
def test_special_tokens_in_a_text_are_text(token: str) -> None:
    ids = SMALL.encode_spoken(f"a {token} b", "en")
    special = {SMALL.vocabulary[name] for name in SMALL.special} - {SMALL.space_id, SMALL.unknown_id}
    assert not special & set(ids[1:])
    assert ids.count(SMALL.space_id) == 2


def test_a_missing_tag_is_named() -> None:
    with pytest.raises(TextError, match=r"no tag \[am\].*dimts vocab"):
        SMALL.encode("ሰላም", "am")


@settings(max_examples=300, deadline=None)
@given(text=st.text())
def test_never_raises(text: str) -> None:
    ids = SMALL.encode(text, "en")
    assert all(0 <= index < SMALL.rows for index in ids)


def test_the_hash_is_the_texts() -> None:
    assert SMALL.sha256 == Tokenizer.from_json(base.vocabulary()).sha256
    assert SMALL.sha256 != Tokenizer.from_json(base.vocabulary() + "\n").sha256


def test_reading_keeps_the_text(tmp_path: Path) -> None:
    text = base.vocabulary().replace("\n", "\r\n")
    (tmp_path / "vocab.json").write_bytes(text.encode())
    assert Tokenizer.read(tmp_path / "vocab.json").to_json() == text


def without(token: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base.vocabulary())
    del document["model"]["vocab"][token]
    document["added_tokens"] = [added for added in document["added_tokens"] if added["content"] != token]
    return document


def with_a_shared_id() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base.vocabulary())
    document["model"]["vocab"]["b"] = document["model"]["vocab"]["a"]
    document["model"]["merges"] = []
    return document


BROKEN = {
    "there is no such file": None,
    "cannot be read": b"\xff\xfe\x00",
    "not JSON": b'{"model": ',
    "not a BPE tokenizer.json": b"[1, 2]",
    "not a BPE tokenizer": b'{"model": {"type": "Unigram"}, "added_tokens": []}',
    "damaged tokenizer.json": b'{"model": {"type": "BPE", "vocab": 3, "merges": []}, "added_tokens": []}',
    r"lacks \[START\]": json.dumps(without("[START]")).encode(),
    r"lacks \[SPACE\]": json.dumps(without("[SPACE]")).encode(),
    "two tokens share an id": json.dumps(with_a_shared_id()).encode(),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_file_is_refused_in_one_line(problem: str, tmp_path: Path) -> None:
    path, content = tmp_path / "vocab.json", BROKEN[problem]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TextError, match=problem) as raised:
        Tokenizer.read(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="cannot be read"):
        Tokenizer.read(tmp_path)
