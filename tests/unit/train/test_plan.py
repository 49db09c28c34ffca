"""The arithmetic of a run, told before it starts."""

from pathlib import Path

from dimts.train import plan
from tests.flow.material import Material


def planned(material: Material, out: Path, *settings: str) -> plan.RunPlan:
    trainer = material.trainer(material.run(out, *settings))
    return plan.of(trainer, trainer.tokenizer.rows - 492)


def test_updates(material: Material, tmp_path: Path) -> None:
    told = planned(material, tmp_path)
    assert (told.train_clips, told.eval_clips, told.rejected_clips, told.new_rows) == (7, 3, 0, 492)
    assert (told.clips_per_update, told.updates_per_epoch, told.total_updates) == (4, 2, 6)
    assert planned(material, tmp_path, "train.max_updates=5").total_updates == 5
    assert planned(material, tmp_path, "train.max_updates=99").total_updates == 6


def test_what_learns(material: Material, tmp_path: Path) -> None:
    whole = planned(material, tmp_path)
    rows = planned(material, tmp_path, "train.trainable=new-rows")
    assert whole.learning_parameters == whole.parameters == rows.parameters
    assert rows.learning_parameters == 492 * (64 + 64 + 1)
    assert rows.lines()[2] == (
        f"{rows.learning_parameters:,} of {rows.parameters:,} GPT weights learn (7.3%), 492 rows of the vocabulary are "
        "new; on cpu"
    )


def test_warnings(material: Material, tmp_path: Path) -> None:
    """New rows that can hardly move, and runs of a handful of updates, are told of."""
    slow = ("optimizer.new_rows_lr=1e-5", "train.epochs=50")
    (line,) = planned(material, tmp_path, *slow).warnings
    assert line.startswith("100 updates at 1e-5 move a new row's weights by about 0.001 in all: they will hardly learn")
    assert planned(material, tmp_path, "train.epochs=50").warnings == ()
    (line,) = planned(material, tmp_path, "train.epochs=9").warnings
    assert line == "only 18 updates in all; lower batch.accumulation or raise train.epochs"
    (line,) = planned(material, tmp_path, *slow, "optimizer.new_rows_lr=same", "optimizer.lr=1e-6").warnings
    assert "100 updates at 1e-6 move a new row's weights by about 0.0001 in all" in line


def test_adapters_that_hardly_move_are_told_of(material: Material, tmp_path: Path) -> None:
    slow = ("train.trainable=lora", "optimizer.lora_lr=1e-5", "train.epochs=50")
    (line,) = planned(material, tmp_path, *slow).warnings
    assert line == (
        "100 updates at 1e-5 move an adapter's weights by about 0.001 in all: they will hardly learn; "
        "use more clips or epochs, less batch.accumulation, or a higher optimizer.lora_lr"
    )
    assert planned(material, tmp_path, *slow, "train.lora.rank=4", "optimizer.lora_lr=1e-3").warnings == ()
    frozen = ("train.trainable=[ln_f]", "optimizer.new_rows_lr=1e-6", "train.epochs=50")
    assert planned(material, tmp_path, *frozen).warnings == ()


def test_the_schedule_is_told_in_words(material: Material, tmp_path: Path) -> None:
    told = planned(material, tmp_path, "schedule.milestones=[2]")
    assert told.schedule == "6 updates in all: LR starts at 0.001; 5e-4 at 2" and told.schedule in told.lines()[1]
