"""`dimts text` as a user runs it: what each line holds, files of any length, and one line for every error."""

import io
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dimts.app.demo import corpus
from dimts.text import base, extend
from dimts.text.bpe import Tokenizer
from dimts.text.normalise import normalise
from tests.unit.app.command import run

TEXT = "በ1995 ዓ.ም. 2½ ኪ.ግ ቡና ገዛ።"
SENTENCES = corpus.read_sentences("sentences.txt")


@pytest.fixture(scope="module")
def vocab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small base's vocabulary with Amharic in it."""
    path = tmp_path_factory.mktemp("vocab") / "vocab.json"
    spoken = [normalise(text, "am") for text in SENTENCES]
    path.write_text(extend.extend(Tokenizer.from_json(base.vocabulary()), spoken, "am").to_json(), encoding="utf-8")
    return path


@pytest.fixture
def base_vocab(tmp_path: Path) -> Path:
    path = tmp_path / "base.json"
    path.write_text(base.vocabulary(), encoding="utf-8")
    return path


def shown(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    """The objects that a command prints, one a line."""
    done = run(capsys, "text", *words)
    assert (done.code, done.err) == (0, ""), done
    return [json.loads(line) for line in done.out.split("\n")[:-1]]


def test_an_object_a_text(capsys: pytest.CaptureFixture[str], vocab: Path) -> None:
    tokenizer = Tokenizer.read(vocab)
    first, second = shown(capsys, TEXT, "ሰላም", "--vocab", vocab)
    assert list(first) == ["text", "spoken", "tokens", "ids", "unknown", "unread"]
    assert (first["text"], first["spoken"]) == (TEXT, normalise(TEXT, "am"))
    assert first["ids"] == tokenizer.encode(TEXT, "am")
    assert first["tokens"] == tokenizer.tokens(first["ids"])
    assert (first["unknown"], first["unread"]) == (0, [])
    assert second["text"] == "ሰላም"


def test_json_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, TEXT, "--json") == shown(capsys, TEXT)


def test_without_a_vocabulary_there_are_no_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(shown(capsys, TEXT)[0]) == ["text", "spoken", "unread"]


def test_steps_show_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    steps = shown(capsys, TEXT, "--steps")[0]["steps"]
    texts = [TEXT, *(step["text"] for step in steps)]
    assert len(steps) >= 4
    assert all(before != after for before, after in zip(texts, texts[1:], strict=False))
    assert texts[-1] == normalise(TEXT, "am")
    assert shown(capsys, "ሰላም", "--steps")[0]["steps"] == []


def test_g2p(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, "ሰላም 1።", "--mode", "g2p", "--steps")[0]
    assert found["spoken"] == "səlam ʔand."
    assert found["steps"][-1] == {"step": "ipa by rules", "text": "səlam ʔand."}


def test_a_users_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "words.tsv").write_text("ገና\tገ፟ና\n", encoding="utf-8")
    (tmp_path / "short.tsv").write_text("ጠ/ሸ\tጠቅላላ ሸንጎ\n", encoding="utf-8")
    files = ("--lexicon", tmp_path / "words.tsv", "--abbreviations", tmp_path / "short.tsv")
    assert shown(capsys, "ገና ጠ/ሸ", *files)[0]["spoken"] == "ገና ጠቅላላ ሸንጎ"
    assert shown(capsys, "ገና", "--mode", "g2p", *files)[0]["spoken"] == "ɡːəna"


def test_what_cannot_be_read_is_reported(capsys: pytest.CaptureFixture[str], base_vocab: Path) -> None:
    done = run(capsys, "text", "ሰላም я", "ሰላም")
    assert [json.loads(line)["unread"] for line in done.out.splitlines()] == [["я"], []]
    assert done.err == "dimts: 1 of 2 texts hold letters of another script, which stay: я\n"
    done = run(capsys, "text", "hello ሰ", "hello", "--language", "en", "--vocab", base_vocab)
    assert [json.loads(line)["unknown"] for line in done.out.splitlines()] == [1, 0]
    assert done.err == "dimts: 1 of 2 texts hold unknown tokens; extend the vocabulary with them\n"


def test_a_language_without_rules_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "text", "გამარჯობა 5", "--language", "ka")
    assert json.loads(done.out)["spoken"] == "გამარჯობა 5"
    assert done.err == "dimts: language ka (no rules of its own, digits stay digits)\n"


def test_a_file_line_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_bytes("\ufeffሰላም\r\n\n1\u2028 2\nቡና".encode())
    assert [found["text"] for found in shown(capsys, "--file", file)] == ["ሰላም", "", "1\u2028 2", "ቡና"]
    assert [found["text"] for found in shown(capsys, "ፊት", "--file", file)][:2] == ["ፊት", "ሰላም"]
    file.write_bytes(b"")
    assert shown(capsys, "--file", file) == []


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("ሰላም\n5\n".encode())))
    assert [found["spoken"] for found in shown(capsys, "--file", "-")] == ["ሰላም", "አምስት"]


def test_standard_input_is_answered_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may write a line, wait for the answer, and write the next."""
    from dimts.app import text

    printed: list[str] = []

    def lines() -> Any:
        yield "ሰላም\n".encode()
        assert printed, "the second line is read before the first is answered"
        yield b"5\n"

    class Input:
        buffer = lines()

    monkeypatch.setattr(sys, "stdin", Input)
    monkeypatch.setattr(sys.stdout, "write", lambda words: printed.append(words))
    text.text(file="-")
    assert len(printed) == 2


def test_what_the_shell_passes_broken_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "ሰላም \udcff")[0]["text"] == "ሰላም ?"


ERRORS = {
    "unknown language": (("hi", "--language", "klingon"), "language 'klingon': not a language code"),
    "no tag": (("ሰላም", "--vocab", "BASE"), "the vocabulary has no tag [am], only en, de, "),
    "no vocabulary": (("hi", "--vocab", "none.json"), "none.json: there is no such file"),
    "no file": (("--file", "none.txt"), "none.txt: cannot be read (No such file or directory)"),
    "a folder": (("--file", "."), ".: cannot be read (Is a directory)"),
    "not UTF-8": (("--file", "LATIN"), "line 2: is not UTF-8"),
    "no mode": (("hi", "--mode", "ipa"), "--mode ipa: choose from bpe, g2p"),
    "no backend": (("hi", "--mode", "g2p", "--backend", "x"), "--backend x: choose from rules, epitran, espeak"),
    "backend without g2p": (("hi", "--backend", "espeak"), "--backend espeak: mode bpe pronounces nothing"),
    "backend without the language": (("hi", "--mode", "g2p", "--language", "en"), "rules pronounces only am, ti"),
    "no lexicon": (("hi", "--lexicon", "none.tsv"), "none.tsv: cannot be read"),
    "bad lexicon": (("hi", "--lexicon", "LATIN"), "cannot be read"),
    "lexicon of no use": (("hi", "--language", "en", "--lexicon", "WORDS"), "language en takes no files of words"),
    "nothing to read": ((), "nothing to read: give texts, or --file"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_one_line(
    case: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, base_vocab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.txt").write_bytes("hi\ngrün\n".encode("latin-1"))
    (tmp_path / "words.tsv").write_text("ገና\tገ፟ና\n", encoding="utf-8")
    named = {"BASE": base_vocab, "LATIN": "latin.txt", "WORDS": "words.tsv"}
    words, problem = ERRORS[case]
    done = run(capsys, "text", *(named.get(word, word) for word in words))
    assert done.code == 1
    assert problem in done.err
    assert done.err.startswith("dimts: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("package", "words", "extra"),
    [
        ("pypinyin", ("世界", "--language", "zh"), "cjk"),
        ("cutlet", ("世界", "--language", "ja"), "cjk"),
        ("epitran", ("ሰላም", "--mode", "g2p", "--backend", "epitran"), "g2p"),
        ("espeakng_loader", ("ሰላም", "--mode", "g2p", "--backend", "espeak"), "g2p"),
    ],
)
def test_a_missing_extra_names_itself(
    package: str,
    words: tuple[str, ...],
    extra: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dimts.text import g2p
    from dimts.text.languages import ja

    g2p._converter.cache_clear()
    ja.romaniser.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    done = run(capsys, "text", *words)
    assert (done.code, done.out) == (1, "")
    assert f"pip install 'dimts[{extra}]'" in done.err
    assert done.err.count("\n") == 1


def seconds(capsys: pytest.CaptureFixture[str], file: Path, vocab: Path) -> float:
    """Processor time of `dimts text --file`, all threads together."""
    began = time.process_time()
    assert run(capsys, "text", "--file", file, "--vocab", vocab, "--json").code == 0
    return time.process_time() - began


def test_five_thousand_lines_a_second_and_linear(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, vocab: Path
) -> None:
    draw = random.Random(1)
    lines = [" ".join(draw.sample(sentence.split(), len(sentence.split()))) for sentence in SENTENCES * 125]
    short, long = tmp_path / "short.txt", tmp_path / "long.txt"
    short.write_text("\n".join(lines[:3000]), encoding="utf-8")
    long.write_text("\n".join(lines[:12_000]), encoding="utf-8")
    seconds(capsys, short, vocab)  # what is made once
    few, many = seconds(capsys, short, vocab), seconds(capsys, long, vocab)
    assert 12_000 / many > 5000
    assert many < 4 * few * 2
