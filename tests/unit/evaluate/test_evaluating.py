"""Judging networks: what is endless, silent or damaged is called so; what is known is not done again."""

import copy
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dimts.checkpoint import official
from dimts.data import manifest
from dimts.errors import ConfigError
from dimts.evaluate import evaluating, means, planning, record, select
from dimts.evaluate.evaluating import Evaluation
from dimts.evaluate.planning import Asked, Known
from dimts.evaluate.subject import Opened, Subject, identity, of_folder
from dimts.infer import speak
from dimts.infer.decode import Sampling
from dimts.model.gpt import Gpt
from dimts.model.shapes import STOP_CODE
from tests.flow.material import Material

pytestmark = pytest.mark.usefixtures("without_mos")
Change = Callable[[Gpt], None]


def never_stop(gpt: Gpt) -> None:
    gpt.mel_head.bias.data[STOP_CODE] = -1e6


def stop_at_once(gpt: Gpt) -> None:
    gpt.mel_head.bias.data[STOP_CODE] = 1e6


def no_numbers(gpt: Gpt) -> None:
    gpt.final_norm.weight.data.fill_(torch.nan)


def stop_soon(gpt: Gpt) -> None:
    gpt.mel_head.weight.data[STOP_CODE] = 0
    gpt.mel_head.bias.data[STOP_CODE] = 1.5  # likely to come within a few codes, not at once


def stop_after_a_second(gpt: Gpt) -> None:
    """Give the places from the 28th code on a direction of their own, and let the stop be that direction."""
    towards_D = torch.nn.functional.normalize(
        torch.randn(gpt.shape.width, generator=torch.Generator().manual_seed(0)), dim=0
    )
    gpt.mel_pos_embedding.emb.weight.data[28:] += 1000 * towards_D
    gpt.mel_head.weight.data[STOP_CODE] = 10 * towards_D
    gpt.mel_head.bias.data[STOP_CODE] = -40


def subject(material: Material, name: str, change: Change, opened: list[str], update: int | None = None) -> Subject:
    def load() -> Opened:
        opened.append(name)
        base = official.load(material.base)
        network = copy.deepcopy(base.network)
        change(network.gpt)
        copied = speak.of_base(official.Base(base.folder, base.config, network, base.dvae, base.tokenizer), {})
        return Opened(copied, base.dvae)

    return Subject(name, name, load, update)


@pytest.fixture(scope="module")
def asked(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("judged")
    texts = folder / "texts.txt"
    texts.write_text("Not before Thursday.\nWhere is the key?\nNobody answered.\n", encoding="utf-8")
    recordings = sorted((material.folder.parent / "source" / "wavs").glob("*.wav"))[-2:]
    return Asked(
        folder / "report", ("en",), texts, others=0, references=tuple(recordings), sampling=Sampling(max_codes=60)
    )


def judge(asked: Asked, *subjects: Subject) -> Evaluation:
    return evaluating.evaluate(planning.plan(asked, Known((), (), ("en",), ())), subjects)


def test_what_is_endless_silent_or_damaged_is_called_so_and_never_chosen(material: Material, asked: Asked) -> None:
    changes = {
        "endless": never_stop,
        "silent": stop_at_once,
        "damaged": no_numbers,
        "cut off": stop_soon,
        "fair": stop_after_a_second,
    }
    subjects = [subject(material, name, change, [], number) for number, (name, change) in enumerate(changes.items())]
    evaluation = judge(asked, *subjects)
    called = {judged.name: means.verdicts(evaluation, judged) for judged in evaluation.subjects}
    assert called == {name: [] if name == "fair" else [name] for name in changes} | {"damaged": ["damaged", "silent"]}
    rows = {judged.name: judged.rows for judged in evaluation.subjects}
    assert all("NaN" in str(row.take.refused) for row in rows["damaged"])
    assert all("said nothing" in str(row.take.refused) for row in rows["silent"])
    ranking = select.rank(evaluation)
    assert [each.judged.name for each in ranking.order][0] == "fair" and not ranking.order[0].unfit
    assert all(each.unfit for each in ranking.order[1:])
    summary = record.facts(evaluation, ranking)
    assert summary["rank"]["order"][0]["name"] == "fair"
    assert record.choose(asked.out, ranking)


def test_what_was_said_is_kept_by_all_that_it_depends_on(material: Material, asked: Asked) -> None:
    opened: list[str] = []
    one = subject(material, "one", never_stop, opened)
    first = judge(asked, one)
    again = judge(asked, one)
    assert opened == ["one"]
    assert [row.values for row in again.subjects[0].rows] == [row.values for row in first.subjects[0].rows]

    for other in (
        replace(asked, seed=1),
        replace(asked, sampling=Sampling(max_codes=60, temperature=0.5)),
        replace(asked, references=asked.references[::-1]),
    ):
        before = len(opened)
        judge(other, one)
        assert len(opened) == before + 1
    judge(asked, Subject("renamed", "another", one.open))
    assert opened[-1] == "one" and len(opened) == 5


def test_takes_share_voices_and_seeds_among_subjects(material: Material, asked: Asked) -> None:
    more = replace(asked, takes=2, others=0)
    evaluation = judge(more, subject(material, "one", never_stop, []), subject(material, "two", never_stop, []))
    said = [[row.take.line for row in judged.rows] for judged in evaluation.subjects]
    assert said[0] == said[1] and len(said[0]) == 6
    assert [line.seed for line in said[0]] == [0, 0, 0, 1, 1, 1]
    assert [line.reference.name for line in said[0]] == ["clip8", "clip9", "clip8", "clip9", "clip8", "clip9"]
    assert means.of(evaluation.subjects[0].rows, evaluation.columns)["run_on"].count == 3  # sentences, not takes


def test_two_of_one_name_are_refused(material: Material, asked: Asked) -> None:
    one = of_folder(material.base)
    with pytest.raises(ConfigError, match="two of what is to be judged are called base"):
        judge(asked, one, one)


def test_identity_follows_weights_vocabulary_and_voices(material: Material, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(material.base, copied)
    assert identity(copied) == identity(material.base)
    (copied / "voices").mkdir()
    (copied / "voices" / "ada.safetensors").write_bytes(b"a voice")
    assert identity(copied) != identity(material.base)


def test_recordings_are_judged_too_and_foreseen(material: Material, tmp_path: Path) -> None:
    dataset = manifest.read(material.dataset)
    known = Known((dataset,), ("am",), ("am",), ())
    asked = Asked(tmp_path, sentences=3, others=0, voices=2, sampling=Sampling(max_codes=40))
    plan = planning.plan(asked, known)
    assert {line.reference.name for line in plan.lines} == {"voice 1", "voice 2"}
    evaluation = evaluating.evaluate(plan, [of_folder(material.base)])
    names = [judged.name for judged in evaluation.subjects]
    assert names == ["recordings", "base"]
    base = means.of(evaluation.subjects[1].rows, evaluation.columns)
    assert "code_loss" not in base  # the plain base knows no Amharic letter
    assert all(row.take.facts["foreseen"]["refused"] for row in evaluation.subjects[1].rows)
