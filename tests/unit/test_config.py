"""Run files: every problem at once, each with its place; nothing is guessed."""

from pathlib import Path

import pytest

from dimts import config
from dimts.config import RunConfig
from dimts.config.run import disagreements
from dimts.config.section import Section
from dimts.errors import ConfigError
from tests.unit.data.test_batching import example

LEAST = "base: b\ndata: {datasets: [d]}\nout: o\n"


def read(folder: Path, text: str, *settings: str) -> RunConfig:
    (folder / "run.yaml").write_text(text, encoding="utf-8")
    return config.read(folder / "run.yaml", settings)


def problems(folder: Path, text: str, *settings: str) -> list[str]:
    """The lines of the error, without the file's name."""
    with pytest.raises(ConfigError) as raised:
        read(folder, text, *settings)
    assert all("\n" not in problem for problem in raised.value.problems)
    return [problem.removeprefix(f"{folder / 'run.yaml'}: ") for problem in raised.value.problems]


def test_every_problem_at_once(tmp_path: Path) -> None:
    text = """
        data: {datasets: []}
        out: 3
        epochs: 4
        seed: yes
        optimizer: {lr: -1, betas: [0.9], new_rows_lr: fast}
        train: {trainable: 3, epochs: 0, precision: int8, dropuot: 0.1, dropout: 1.5}
        prompt: {min_samples: 10, max_samples: 5}
        schedule: {milestones: [3, 2]}
        batch: 4
        save: {every_updates: "2", keep: 1.5}
        evaluate: {at_start: maybe}
        """
    assert problems(tmp_path, text) == [
        "base: is missing",
        "data.datasets: List should have at least 1 item after validation, not 0",
        "out: must be a path, not 3",
        "seed: Input should be a valid integer",
        "prompt.min_samples: 10 is above max_samples, 5",
        "optimizer.lr: Input should be greater than 0",
        "optimizer.betas.1: is missing",
        "optimizer.new_rows_lr: Input should be a valid number, unable to parse string as a number",
        "optimizer.new_rows_lr: Input should be 'same'",
        "schedule.milestones: must rise from one to the next",
        "batch: is a section: its settings go below it",
        "train.epochs: Input should be greater than or equal to 1",
        "train.trainable: Input should be a valid string",
        "train.trainable: Input should be a valid list",
        "train.dropout: Input should be less than 1",
        "train.precision: Input should be 'fp32', 'bf16' or 'fp16'",
        "train.dropuot: no such setting; check the spelling (`dimts plan` shows all)",
        "save.every_updates: Input should be a valid integer",
        "save.keep: Input should be a valid integer",
        "evaluate.at_start: Input should be a valid boolean, unable to interpret input",
        "epochs: no such setting; check the spelling (`dimts plan` shows all)",
    ]


def test_what_contradicts_itself_is_told_together(tmp_path: Path) -> None:
    """With its place in the file, whatever else is wrong there."""
    text = """
        base: b
        out: o
        data: {datasets: [d, e, d], replay: [e, f], short_share: 0.9, replay_share: 0.2, temperature: 0.5}
        limits: {clip_samples: 100_000, text_tokens: 200}
        prompt: {speed: 0.9, pitch: -1}
        batch: {by: tokens, tokens: 300}
        """
    assert problems(tmp_path, text) == [
        "data.temperature: Input should be greater than or equal to 1",
        "prompt.speed: Input should be less than or equal to 0.5",
        "prompt.pitch: Input should be greater than or equal to 0",
    ]
    text = text.replace("0.5", "2").replace("speed: 0.9, pitch: -1", "min_samples: 120_000").replace("1}", "x}")
    here = Path.cwd()
    assert problems(tmp_path, text) == [
        f"data.datasets: {here / 'd'} is there twice",
        f"data.replay: {here / 'e'} is one of data.datasets too; give it once",
        "data.short_share: 0.9 and replay_share, 0.2, must stay below 1",
        "prompt.max_samples: 132300 is above limits.clip_samples, 100000",
        "batch.tokens: 300 cannot hold the longest clip that limits allow: 335 rows (32 latents, 200 text tokens, "
        "98 codes, 5 marks)",
    ]
    text = text.replace("[d, e, d]", "[d]").replace("replay_share: 0.2, ", "").replace("by: tokens", "by: auto")
    assert problems(tmp_path, text)[:2] == [
        "data.replay_share: 0 leaves data.replay unheard; set a share such as 0.1",
        "batch.tokens: 300 is not heeded by `by: auto`; set `by: tokens`, or remove it",
    ]
    assert problems(tmp_path, LEAST, "data.replay_share=0.1", "batch.by=tokens") == [
        "data.replay_share: 0.1 of an epoch cannot come from nowhere; give data.replay",
        "batch.tokens: is missing; `by: tokens` needs the most rows of a micro-batch, such as 4000",
    ]
    assert problems(tmp_path, LEAST, "data.replay_share=1")[0] == "data.replay_share: Input should be less than 1"


def test_the_rows_of_the_longest_clip_are_those_of_the_network() -> None:
    """What is demanded of batch.tokens before any network is there."""
    clip = example(0, 255_995, 512)
    (short,) = disagreements(config.Limits(), config.Prompt(), config.Batch(by="tokens", tokens=31 + clip.rows))
    assert f" {32 + clip.rows} rows" in short
    assert not [*disagreements(config.Limits(), config.Prompt(), config.Batch(by="tokens", tokens=32 + clip.rows))]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not a run file: it must hold `base:`, `data:` and `out:`"),
        ("# all commented out\n", "not a run file: it must hold `base:`, `data:` and `out:`"),
        ("- base", "not a run file: it must hold `base:`, `data:` and `out:`"),
        ("base: [b\nout: o", "not YAML: "),
        ("base: b\n\tout: o", "not YAML: "),
        (LEAST + "limits: {clip_samples: 100000}", "prompt.max_samples: 132300 is above limits.clip_samples, 100000"),
        (LEAST + "optimizer: {lr: .nan}", "optimizer.lr: Input should be a finite number"),
        (LEAST + "1: 2", "1: Keys should be strings"),
        (LEAST + "loop: &a [*a]", "loop: no such setting; check the spelling (`dimts plan` shows all)"),
    ],
)
def test_one_problem(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found.startswith(problem) and ("line" in found) == (problem == "not YAML: ")


def test_adapters_that_nothing_would_train_are_refused(tmp_path: Path) -> None:
    text = LEAST + "train: {trainable: last-2, lora: {rank: 8}}"
    assert problems(tmp_path, text) == ["train: lora: is set, but trainable, last-2, does not name lora"]
    for named in ("lora", "[ln_f, lora]"):
        assert read(tmp_path, text, f"train.trainable={named}").train.lora.rank == 8
    assert not read(tmp_path, LEAST + "train: {lora: {rank: 16}}").train.with_lora  # as it is anyway


def test_blocks_of_adapters(tmp_path: Path) -> None:
    for written, meant in (("all", "all"), ("3", "3"), ("20-29", "20-29")):
        text = LEAST + f"train: {{trainable: lora, lora: {{blocks: {written}}}}}"
        assert read(tmp_path, text).train.lora.blocks == meant
    told = "train.lora.blocks: must be `all`, one block such as 29, or a range such as 20-29"
    for wrong in ("last", "1-", "-3", "[1, 2]", "1.5", "1,2"):
        assert problems(tmp_path, LEAST + "train: {trainable: lora}", f"train.lora.blocks={wrong}") == [told]
    (target,) = problems(tmp_path, LEAST + "train: {trainable: lora, lora: {targets: [attn]}}")
    assert target.startswith("train.lora.targets.0: Input should be 'attn.c_attn', 'attn.c_proj', 'mlp.c_fc' or ")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no-such.yaml: cannot be read .*; give a run file"):
        config.read(tmp_path / "no-such.yaml")
    with pytest.raises(ConfigError, match="cannot be read .*; give a run file"):
        config.read(tmp_path)
    (tmp_path / "run.yaml").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(ConfigError, match="not YAML"):
        config.read(tmp_path / "run.yaml")


def test_numbers_as_people_write_them(tmp_path: Path) -> None:
    text = LEAST + "optimizer: {lr: 5e-6, eps: 1E-8, new_rows_lr: 1e-4}\nschedule: {milestones: [50_000, 150000]}\n"
    run = read(tmp_path, text, "optimizer.weight_decay=2e-2")
    assert (run.optimizer.lr, run.optimizer.eps, run.optimizer.new_rows_lr) == (5e-6, 1e-8, 1e-4)
    assert run.optimizer.weight_decay == 0.02 and run.schedule.milestones == [50_000, 150_000]
    assert read(tmp_path, LEAST + "optimizer: {new_rows_lr: same}").optimizer.new_rows_lr == "same"


def test_folders_as_people_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = read(tmp_path, "base: ~/b\ndata: {datasets: [d/e, /f]}\nout: 2026-11-23\n")
    assert run.out == tmp_path / "2026-11-23" and run.data.datasets == [tmp_path / "d/e", Path("/f")]
    assert run.base == Path.home() / "b"


def test_a_section_that_says_nothing_changes_nothing(tmp_path: Path) -> None:
    text = LEAST + "train:\n  # epochs: 3\nsave:\n"
    assert read(tmp_path, text) == read(tmp_path, LEAST)
    assert read(tmp_path, text, "train.epochs=3").train.epochs == 3


def test_set(tmp_path: Path) -> None:
    run = read(
        tmp_path,
        LEAST + "train: {epochs: 7}\n",
        "train.epochs=3",
        "optimizer.betas=[0.8, 0.9]",
        "samples.texts=['ሰላም=1']",
        "train.ema = 0.5",
        "vocab=v.json",
        "train.max_updates=null",
        "out=p",
    )
    assert (run.train.epochs, run.optimizer.betas, run.samples.texts) == (3, (0.8, 0.9), ["ሰላም=1"])
    assert run.train.ema == 0.5 and run.vocab == Path("v.json").absolute() and run.out == Path("p").absolute()


def test_every_problem_of_set_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, LEAST, "=3", "seed", "train..epochs=3", "base.x=1", "seed=[")
    assert found == [
        "--set =3: write it as name.part=value",
        "--set seed: write it as name.part=value",
        "--set train..epochs=3: write it as name.part=value",
        "--set base.x=1: base is a value, not a section",
        "--set seed=[: the value is not YAML",
    ]
    assert problems(tmp_path, LEAST, "train.epoch=3", "sede=1", "train.ema=1") == [
        "train.ema: Input should be less than 1",
        "train.epoch: no such setting; check the spelling (`dimts plan` shows all)",
        "sede: no such setting; check the spelling (`dimts plan` shows all)",
    ]


def test_override_leaves_its_input_alone() -> None:
    content = {"train": {"epochs": 3}}
    assert config.override(content, ["train.epochs=4"]) == {"train": {"epochs": 4}} and content["train"]["epochs"] == 3


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    run = read(tmp_path, LEAST, "samples.texts=[ሰላም]", "train.trainable=[ln_f]", "optimizer.new_rows_lr=same")
    text = config.write(run)
    assert read(tmp_path, text) == run and "ሰላም" in text
    assert set(config.override({}, [])) == set() and "warmup_updates: 0" in text  # every default is spelled out


def test_settings_are_frozen(tmp_path: Path) -> None:
    run = read(tmp_path, LEAST)
    with pytest.raises(ValueError, match="frozen"):
        run.train.epochs = 3


def test_every_setting_has_a_help_text() -> None:
    def walk(model: type[Section], prefix: str = "") -> list[str]:
        missing = []
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, Section):
                missing += walk(kind, f"{prefix}{name}.")
            elif not field.description:
                missing.append(prefix + name)
        return missing

    assert walk(RunConfig) == []


def test_the_recipe_of_the_design(tmp_path: Path) -> None:
    run = read(tmp_path, LEAST)
    assert (run.optimizer.lr, run.optimizer.betas, run.optimizer.eps, run.optimizer.weight_decay) == (
        5e-6, (0.9, 0.96), 1e-8, 1e-2)  # fmt: skip
    assert (run.schedule.kind, run.schedule.milestones, run.schedule.gamma, run.schedule.warmup_updates) == (
        "multistep", [50_000, 150_000, 300_000], 0.5, 0)  # fmt: skip
    assert (run.batch.clips, run.batch.accumulation, run.batch.eval_clips) == (4, 128, 2)
    assert (run.prompt.min_samples, run.prompt.max_samples, run.prompt.masking) == (66_150, 132_300, True)
    assert (run.limits.clip_samples, run.limits.text_tokens) == (255_995, 512)
    assert (run.train.ema, run.train.label_smoothing, run.train.precision, run.train.dropout) == (0, 0, "fp32", 0.1)
    assert (run.optimizer.clip_norm, run.optimizer.new_rows_lr, run.train.trainable) == (1.0, 1e-4, "auto")
