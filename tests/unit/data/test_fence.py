"""Lists of strangers may not name recordings that lie elsewhere."""

from dataclasses import replace
from pathlib import Path

from dimts.data.prepare import prepare
from tests.unit.data.recordings import ALONE, corpus, sentence, tone


def test_recordings_outside_are_turned_away_unread(tmp_path: Path) -> None:
    corpus(tmp_path / "inside", 1)
    tone(tmp_path / "secret.wav")
    (tmp_path / "inside" / "wavs" / "link.wav").symlink_to(tmp_path / "secret.wav")
    rows = f"clip000|{sentence(0)}\n{tmp_path / 'secret.wav'}|one two three\nlink|four five\n../secret.wav|six seven\n"
    (tmp_path / "inside" / "metadata.csv").write_text(rows)
    options = replace(ALONE, inside=(tmp_path / "inside",))
    dataset = prepare([tmp_path / "inside" / "metadata.csv"], tmp_path / "out", "en", options)
    assert [clip.id for clip in dataset.clips] == ["clip000"]
    assert [(each.reason, each.text) for each in dataset.rejected] == [
        ("outside", "one two three"), ("outside", "four five"), ("outside", "six seven")
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out" / "audio").iterdir()) == ["clip000.flac"]
    assert len(prepare([tmp_path / "inside" / "metadata.csv"], tmp_path / "all", "en", ALONE).clips) == 2  # no fence
