"""What a decoder hears: the states of speech, in time with the recording, kept until the run is over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from dimts import config
from dimts.checkpoint import initial, official
from dimts.checkpoint.official import Base
from dimts.config import Data, Limits
from dimts.data import dataset
from dimts.data.dataset import Pair
from dimts.infer import decode
from dimts.infer.decode import Sampling
from dimts.model.hifigan import Hifigan, stretch
from dimts.model.shapes import STOP_TARGETS, HifiganShape
from dimts.train.parts import heard, latents
from dimts.train.parts import run as parts
from dimts.train.parts.crops import Peers
from dimts.train.parts.heard import CODE_OUT, Heard, Said, samples_of
from dimts.train.samples import voice_of
from tests.flow.material import QUIET, Material

SHAPE = HifiganShape(4, 16, (16, 16, 4, 4), (3, 7), 3)
PHASE = 147  # codes after which frames at 24 kHz begin where those at 22,050 Hz do


def counting(rows: list[int]) -> Heard:
    """Clips whose sound at sample n of all is n, and whose latents are the code's number in the clip, from 1 on."""
    samples = [round(count * CODE_OUT) for count in rows]
    latents_RD = torch.cat([torch.arange(1, count + 1) for count in rows])[:, None].half()
    sound_N = torch.cat([torch.arange(1, count + 1) for count in samples]).to(torch.int16)
    return Heard(latents_RD, torch.arange(len(rows))[:, None].float(), sound_N, torch.tensor(rows),
                 torch.tensor(samples))  # fmt: skip


def test_a_decoder_makes_as_many_samples_as_a_window_has() -> None:
    decoder, speaker_BE = Hifigan(SHAPE), torch.zeros(1, 3)
    for codes in range(1, 40):
        assert decoder(torch.zeros(1, codes, 4), speaker_BE).shape[1] == samples_of(codes)
    assert [round(code * CODE_OUT) for code in (0, 1, 100)] == [0, 1115, 111456]


def test_sound_is_made_where_its_code_lies_in_the_recording() -> None:
    for code in (5, 20, 33):
        latents_BDA = torch.zeros(1, 1, 40)
        latents_BDA[0, 0, code] = 1.0
        reached_F = stretch(latents_BDA)[0, 0]
        middle = float((reached_F * (torch.arange(len(reached_F)) + 0.5)).sum() / reached_F.sum()) * 256
        assert abs(middle - (code + 0.5) * CODE_OUT) < 5


def test_what_counts_of_a_window_is_what_the_whole_clip_sounds_like() -> None:
    """The decoder's sound of a crop with its surroundings, and of the whole clip there; without them it is not."""
    torch.manual_seed(0)
    decoder, speaker_1E = Hifigan(SHAPE).requires_grad_(False), torch.randn(1, 3)
    latents_RD, wide = torch.randn(PHASE + 40, 4).half(), 6
    whole_1N = decoder(latents_RD[None].float(), speaker_1E)
    apart = {}
    for context in (0, 2, wide):
        clip = Heard(latents_RD, speaker_1E, torch.ones(round(len(latents_RD) * CODE_OUT)).to(torch.int16),
                     torch.tensor([len(latents_RD)]), torch.tensor([round(len(latents_RD) * CODE_OUT)]))  # fmt: skip
        start_B = torch.tensor([PHASE + context])
        cut = clip.cut(torch.tensor([0]), start_B, torch.tensor([0]), 8, context)
        made_1M, first, count = decoder(cut.latents_BWD, cut.speaker_BE), int(cut.first_B), cut.sound_BN.shape[1]
        at = round(PHASE * CODE_OUT) + first
        there_N = whole_1N[0, at : at + count]
        apart[context] = float((made_1M[0, first : first + count] - there_N).abs().max() / there_N.std())
    assert apart[0] > 0.05 > apart[2] > apart[wide] and apart[wide] < 1e-4, apart


def test_windows_lie_within_their_clips() -> None:
    three, codes, context = counting([30, 9, 4]), 6, 2
    clip_B, start_B = torch.tensor([0, 0, 0, 0, 1, 2]), torch.tensor([0, 1, 10, 24, 3, 0])
    cut = three.cut(clip_B, start_B, torch.tensor([2, 1, 0, 0, 0, 0]), codes, context)
    windows = [[int(code) for code in window_WD[:, 0]] for window_WD in cut.latents_BWD]
    assert [window[0] for window in windows] == [1, 1, 9, 21, 1, 1]  # codes are counted from 1
    assert windows[3][-1] == 30 and windows[4] == [*range(1, 10), 0] and windows[5] == [1, 2, 3, 4, 0, 0, 0, 0, 0, 0]
    assert cut.speaker_BE[:, 0].tolist() == [2, 1, 0, 0, 0, 0]
    sound_BN = (cut.sound_BN * heard.LOUDEST).round()
    expected = [round(start * CODE_OUT) + 1 for start in start_B.tolist()]
    assert all(abs(int(sound_N[0]) - sample) <= 1 for sound_N, sample in zip(sound_BN, expected, strict=True))
    assert int(sound_BN[5, -1]) == 0 < int(sound_BN[4, round(5 * CODE_OUT)])
    assert all(int(first) == round((start - window[0] + 1) * CODE_OUT)
               for first, start, window in zip(cut.first_B, start_B.tolist(), windows, strict=True))  # fmt: skip
    assert int(cut.first_B.max()) + sound_BN.shape[1] <= samples_of(codes + 2 * context)


def test_what_is_heard_is_kept_and_heard_anew_when_it_is_of_something_else(tmp_path: Path) -> None:
    times = 0

    def hear() -> Iterator[Said]:
        nonlocal times
        times += 1
        for length in (3, 5):
            yield Said(torch.full((length, 2), length / 4), torch.ones(3) * length, torch.linspace(-1, 1, 100 * length))

    first = heard.kept(tmp_path / "train", "one", hear)
    again = heard.kept(tmp_path / "train", "one", hear)
    assert times == 1 and torch.equal(first.sound_N, again.sound_N) and first.samples_C.tolist() == [300, 500]
    said = again.whole(1)
    assert said.latents_AD.tolist() == [[1.25, 1.25]] * 5 and said.speaker_E.tolist() == [5, 5, 5]
    assert torch.allclose(said.sound_N, torch.linspace(-1, 1, 500), atol=1e-4)
    heard.kept(tmp_path / "train", "two", hear)
    (tmp_path / "train" / heard.INDEX).write_text("{")
    heard.kept(tmp_path / "train", "two", hear)
    assert times == 3


def test_what_was_not_heard_to_its_end_is_not_kept(tmp_path: Path) -> None:
    def hear() -> Iterator[Said]:
        yield Said(torch.zeros(1, 2), torch.zeros(3), torch.zeros(9))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        heard.kept(tmp_path / "heard" / "train", "one", hear)
    assert not list((tmp_path / "heard").iterdir())


@dataclass(frozen=True)
class Opened:
    """A base that knows the dataset's letters, and the dataset as it sees it."""

    folder: Path
    base: Base
    pair: Pair
    data: Path


@pytest.fixture(scope="module")
def opened(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("amharic") / "base"
    initial.write(folder, "tiny", 0, material.vocab)
    base = official.load(folder)
    data = Data.model_validate({"datasets": [material.dataset]})
    return Opened(folder, base, dataset.open_pair(data, Limits(), base.tokenizer, base), material.dataset)


def test_states_are_those_of_speech(opened: Opened) -> None:
    """What the decoder is taught by is, but for rounding, what `decode.generate` gives it for the same codes."""
    gpt, tokenizer, clips = opened.base.network.gpt, opened.base.tokenizer, opened.pair.train[:3]
    voice = voice_of(opened.base.network, clips)
    text = [torch.tensor([tokenizer.start_id, *clip.ids, tokenizer.stop_id]) for clip in clips]
    spoken = [decode.generate(gpt, voice.latents_1PD, text_T, Sampling(max_codes=20 + number),
                              torch.Generator().manual_seed(number)) for number, text_T in enumerate(text)]  # fmt: skip
    codes, prompts_BPD = [each.codes_A for each in spoken], voice.latents_1PD.expand(3, -1, -1)
    found = decode.states(gpt, prompts_BPD, text, codes)
    assert [len(states_AD) for states_AD in found] == [len(codes_A) + 1 for codes_A in codes]
    states_ND = torch.cat([own[: len(said.latents_AD)] for own, said in zip(found, spoken, strict=True)])
    said_ND = torch.cat([each.latents_AD for each in spoken])
    apart = float((states_ND - said_ND).abs().max())
    with torch.no_grad():
        trained = gpt(prompts_BPD, [text_T[1:-1] for text_T in text], codes, tokenizer.start_id).latents_ND
    parts = torch.split(trained, [len(codes_A) + STOP_TARGETS for codes_A in codes])
    deaf_ND = torch.cat([own[: len(said.latents_AD)] for own, said in zip(parts, spoken, strict=True)])
    assert apart < 2e-5 < 1e-4 < float((deaf_ND - said_ND).abs().max())  # in training, the text's stop is not heard


def test_clips_are_heard_as_the_cache_has_them(opened: Opened) -> None:
    clips = opened.pair.train[:2]
    own, voiced = (list(latents.hear(opened.base, opened.pair, clips, own_voice)) for own_voice in (True, False))
    voice = voice_of(opened.base.network, opened.pair.train)  # of one speaker
    for clip, said, again in zip(clips, own, voiced, strict=True):
        assert len(said.latents_AD) == clip.codes + 1
        assert abs(len(said.sound_N) - clip.samples * 24_000 / 22_050) < 2
        assert torch.equal(again.speaker_E, voice.speaker_1E[0]) and not torch.equal(said.speaker_E, again.speaker_E)


def test_a_plan_hears_nothing_and_a_run_that_goes_on_hears_nothing_again(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {"part": "decoder", "base": str(opened.folder), "data": {"datasets": [str(opened.data)]},
               "out": str(tmp_path / "run"), "device": "cpu"}  # fmt: skip
    run = config.build(content, "run.yaml")
    part = parts.prepare(run, QUIET)[2].part
    assert not (tmp_path / "run").exists() and part.scratch == tmp_path / "run" / "heard"
    assert part.listen()[0].startswith("latents and sound take 0.00 GB in ")
    rows = [json.loads((part.scratch / side / heard.INDEX).read_text())["rows"] for side in ("train", "eval")]
    assert [len(each) for each in rows] == [len(opened.pair.train), len(opened.pair.eval)]
    monkeypatch.setattr(latents, "hear", None)
    parts.prepare(run, QUIET)[2].part.listen()


def test_held_out_speakers_are_voices_of_their_own(opened: Opened) -> None:
    """A speaker of whom nothing is trained on prompts by its own clips."""
    pair, network = opened.pair, opened.base.network
    strangers = [replace(example, clip=replace(example.clip, speaker="stranger")) for example in pair.eval]
    voices = latents.voices_of(opened.base, pair, [pair.eval[0], *strangers])
    assert voices.keys() == {pair.eval[0].speaker, "stranger"}
    assert torch.equal(voices["stranger"].latents_1PD, voice_of(network, strangers).latents_1PD)
    assert torch.equal(voices[pair.eval[0].speaker].latents_1PD, voice_of(network, pair.train).latents_1PD)


def test_peers_are_clips_of_the_same_speaker() -> None:
    speakers = ["a", "b", "a", "c", "a"]
    peers = Peers(speakers, 0)
    clip_B = torch.arange(5).repeat(200)
    voice_B = peers.draw(7, clip_B)
    assert all(speakers[a] == speakers[b] for a, b in zip(clip_B.tolist(), voice_B.tolist(), strict=True))
    assert set(voice_B[clip_B == 0].tolist()) == {0, 2, 4} and torch.equal(voice_B, peers.draw(7, clip_B))
    assert not torch.equal(voice_B, peers.draw(8, clip_B)) and not torch.equal(
        voice_B, Peers(speakers, 1).draw(7, clip_B)
    )
