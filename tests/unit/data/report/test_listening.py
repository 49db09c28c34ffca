"""Clips to listen to: the worst by each measure with what was measured, and seeded ones."""

from dimts.data.report.listening import Group, drawn, worst
from tests.unit.data.report.clips import SETTINGS, clip

LIMITS: dict[str, float] = SETTINGS["limits"]  # type: ignore[assignment]


def group(name: str, groups: tuple[Group, ...]) -> list[tuple[str, str]]:
    return [(heard.clip.id, heard.measured) for each in groups if each.name == name for heard in each.clips]


def test_the_worst_of_each_measure() -> None:
    clips = [clip(n, duration_s=1.0 + n, snr_db=30.0 - n, loudness_lufs=-20.0 - n) for n in range(5)]
    groups = worst(clips, LIMITS, 0)
    assert group("Duration: shortest", groups)[0] == ("clip00000", "1.0 s")
    assert group("Duration: longest", groups)[0] == ("clip00004", "5.0 s")
    assert [name for name, _ in group("Signal to noise: noisiest", groups)] == ["clip00004", "clip00003", "clip00002"]
    assert group("Loudness: loudest", groups)[0] == ("clip00000", "-20.0 LUFS")
    assert group("Characters a second: fastest", groups)[0] == ("clip00000", "3.0 characters a second")
    (noisy,) = (each for each in groups if each.name.startswith("Signal"))
    assert noisy.limits == "turned away below 5.0 dB, warned of below 15.0 dB"
    assert {each.name.split(":")[0] for each in groups} == {
        "Duration",
        "Characters a second",
        "Signal to noise",
        "Loudness",
    }


def test_clips_without_a_fault_are_not_among_the_worst() -> None:
    clips = [clip(0, clipped_share=0.0), clip(1, clipped_share=0.002), clip(2)]
    assert group("Clipped: most", worst(clips, LIMITS, 0)) == [("clip00001", "0.00200 of the samples")]


def test_alignment_where_there_is_one() -> None:
    groups = worst([clip(0, alignment=-0.5), clip(1, alignment=-3.25)], LIMITS, 0)
    assert group("Alignment score: text and sound fit worst", groups)[0] == ("clip00001", "-3.25 nats a sound")


def test_warnings_without_a_measure_have_clips_of_their_own() -> None:
    clips = [clip(n, warnings=("loud edge", "low SNR") if n % 2 else ()) for n in range(20)]
    (found,) = (each for each in worst(clips, LIMITS, 0) if each.name.startswith("Warning"))
    assert found.name == "Warning: loud edge" and found.limits == "3 of 10 clips"
    assert all("loud edge" in heard.clip.warnings for heard in found.clips)


def test_draws_depend_on_the_seed_and_not_on_what_is_added() -> None:
    clips = [clip(n) for n in range(100)]
    some = drawn(clips, 0, 5)
    assert some == drawn(clips[::-1], 0, 5) != drawn(clips, 1, 5)
    more = drawn([*clips, *(clip(n) for n in range(100, 110))], 0, 5)
    stayed = [each for each in more if each in clips]
    assert stayed == some[: len(stayed)] != []
