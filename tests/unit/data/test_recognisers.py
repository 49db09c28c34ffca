"""Recognisers by name: phones of any language as `hama` hears them, letters of a CTC model of transformers."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from dimts.data import align, recognisers
from dimts.data.recognisers import phones
from dimts.errors import ConfigError, DataError, TextError

needs_hama = pytest.mark.skipif(not find_spec("hama"), reason="needs hama")
needs_transformers = pytest.mark.skipif(not find_spec("transformers"), reason="needs transformers")


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("həlˈoʊ wˈɜːld", "h ə l oʊ w ɝ l d"),
        ("tʃˈɪkɪn", "t͡ʃ ɪ k ɪ n"),
        ("t͡sʼəħaj", "t͡s ə ħ a j"),
        ("bɔ̃ʒˈuʁ", "b ɔ ʒ u ʁ"),
        ("kʷʼankʷʼa", "k a n k a"),
        ("ʌbraɕˈenʲija ɕː ç", "ʌ b r a ɕ e n i j a ɕ ɕ"),
        ("tsɡg", "t͡s ɡ ɡ"),
        ("?! ʔ", "ʔ"),
    ],
)
def test_ipa_is_read_in_any_spelling(ipa: str, expected: str) -> None:
    assert phones.read(ipa) == expected.split()


def test_phones_are_heard_as_their_neighbours() -> None:
    weights = phones.weights(["t", "k", "tʰ", "<blank>", "̪", "a"])
    heard = {phone: weights[:, phones.INDEX[phone]] for phone in ("t", "d", "q", "æ", phones.BLANK)}
    assert heard["t"].tolist()[:1] == heard["t"].tolist()[2:3] == [1.0]
    assert heard["t"][0] > heard["d"][0] > heard["q"][0]
    assert heard["q"][1] > heard["t"][1]
    assert heard[phones.BLANK].tolist() == [0, 0, 0, 1, 1, 0]
    assert heard["æ"][5] > 0 == heard["t"][5]


def test_every_phone_has_its_own_token_and_nearness_goes_both_ways() -> None:
    weights = phones.weights(["<blank>", *phones.PHONES[1:]])
    assert np.diag(weights).tolist() == [1.0] * len(phones.PHONES)
    assert np.allclose(weights, weights.T)


def test_names() -> None:
    assert recognisers.load("hama", "am").name == "hama"
    assert recognisers.load("hf:some/model", "am").name == "hf:some/model"
    with pytest.raises(ConfigError, match="`hama`, or `hf:`"):
        recognisers.load("whisper", "am")


@needs_hama
def test_hama_gives_phones_of_words() -> None:
    hama = recognisers.load("hama", "am")
    names = [[phones.PHONES[token] for token in tokens] for tokens in hama.tokens(["ሰላም።", "፣", "12"], "am")]
    assert names[:2] == [["s", "ə", "l", "a", "m"], []]
    assert len(names[2]) > 5  # read as a number


@needs_hama
def test_hama_hears_fifty_frames_a_second() -> None:
    hama = recognisers.load("hama", "en")
    heard = recognisers.posteriors(hama, [np.zeros(hama.rate_hz * 20, np.float32)])
    assert heard.shape == (1_000, len(phones.PHONES))
    assert (heard.argmax(axis=1) == hama.blank).mean() > 0.95


@needs_hama
def test_hama_needs_a_language_that_can_be_pronounced() -> None:
    with pytest.raises(TextError, match="no such voice"):
        recognisers.load("hama", "xx").tokens(["word"], "xx")


def tiny_model(folder: Path, letters: str, nested: str = "") -> Path:
    """Save a random CTC model of some letters; `nested` names the language that its vocabulary is for."""
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
    )

    vocabulary = {token: number for number, token in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *letters])}
    folder.mkdir()
    table = folder / "vocab.json"
    table.write_text(json.dumps({nested: vocabulary} if nested else vocabulary))
    own = {"target_lang": nested} if nested else {}
    Wav2Vec2CTCTokenizer(str(table), **own).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=16_000).save_pretrained(folder)
    config = Wav2Vec2Config(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8,) * 7, adapter_attn_dim=4 if nested else None,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    network = Wav2Vec2ForCTC(config)
    network.save_pretrained(folder)
    if nested:
        save_file(network._get_adapters(), folder / f"adapter.{nested}.safetensors")
    return folder


@needs_transformers
def test_a_model_of_transformers(tmp_path: Path) -> None:
    model = recognisers.load(f"hf:{tiny_model(tmp_path / 'model', 'ABCDEHLORW')}", "en")
    assert model.tokens(["Hello,", "world!", "–"], "en") == [[10, 9, 11, 11, 12], [14, 12, 13, 11, 8], []]
    assert (model.rate_hz, model.frame_samples, model.blank) == (16_000, 320, 0)
    sound = np.random.default_rng(0).normal(0, 0.1, 16_000 * 10).astype(np.float32)
    heard = recognisers.posteriors(model, [sound])
    assert heard.shape == (500, 15)
    assert np.isfinite(model.hear(sound[:10])).all()
    with pytest.raises(DataError, match="knows 0 of 3 letters"):
        model.tokens(["ሰላም"], "am")
    assert align.fit(model, heard, "ሰላም ለዓለም", "am") == 0.0


@needs_transformers
def test_a_model_with_a_vocabulary_for_each_language_takes_its_own(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", "ሰላም", nested="amh")
    assert recognisers.load(f"hf:{folder}", "am").tokens(["ሰላም"], "am") == [[5, 6, 7]]
    with pytest.raises(ConfigError, match=r"has no adapter for language sw \(swh\)"):
        recognisers.load(f"hf:{folder}", "sw").tokens(["jambo"], "sw")


@needs_transformers
def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read as a CTC model") as caught:
        recognisers.load(f"hf:{tmp_path}", "en").tokens(["a"], "en")
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)
