"""File names of every year of the challenge, read and refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_explore.clip_names import RECORDINGS, ClipName, file_identity, is_clip, parse_clip_name

READ = {
    # 2020
    "normal_id_00_00000000.wav": ClipName(0, 0, label="normal", year=2020),
    "anomaly_id_06_00000050.wav": ClipName(6, 50, label="anomaly", year=2020),
    "id_01_00000000.wav": ClipName(1, 0, year=2020),
    # 2021
    "section_00_source_train_normal_0000_strength_1_ambient.wav": ClipName(
        0, 0, "source", "train", "normal", ((None, "strength_1_ambient"),)
    ),
    "section_01_source_train_normal_0012_0_g_25_mm_2000_mV_none.wav": ClipName(
        1, 12, "source", "train", "normal", ((None, "0_g_25_mm_2000_mV_none"),)
    ),
    "section_02_target_train_normal_0002_serial_no_030_water.wav": ClipName(
        2, 2, "target", "train", "normal", ((None, "serial_no_030_water"),)
    ),
    "section_00_target_test_anomaly_0099.wav": ClipName(0, 99, "target", "test", "anomaly"),
    "section_03_source_test_0000.wav": ClipName(3, 0, "source", "test", year=2021),
    # 2022
    "section_00_source_test_normal_0000_car_A2_spd_28V_mic_1_noise_1.wav": ClipName(
        0, 0, "source", "test", "normal", (("car", "A2"), ("spd", "28V"), ("mic", "1"), ("noise", "1"))
    ),
    # 2023, one of each machine type
    "section_00_source_train_normal_0000_vel_16_loc_A.wav": ClipName(
        0, 0, "source", "train", "normal", (("vel", "16"), ("loc", "A"))
    ),
    "section_00_source_test_normal_0000_m-n_W.wav": ClipName(0, 0, "source", "test", "normal", (("m-n", "W"),)),
    "section_00_source_test_normal_0000_volt_1.5_wt_250.wav": ClipName(
        0, 0, "source", "test", "normal", (("volt", "1.5"), ("wt", "250"))
    ),
    "section_00_target_test_anomaly_0049_vel_660_ac_0.09.wav": ClipName(
        0, 49, "target", "test", "anomaly", (("vel", "660"), ("ac", "0.09"))
    ),
    "section_00_source_test_normal_0001_car_A2_spd_28V_mic_1.wav": ClipName(
        0, 1, "source", "test", "normal", (("car", "A2"), ("spd", "28V"), ("mic", "1"))
    ),
    "section_00_source_test_normal_0001_car_B1_spd_7_mic_1.wav": ClipName(
        0, 1, "source", "test", "normal", (("car", "B1"), ("spd", "7"), ("mic", "1"))
    ),
    "section_00_source_train_normal_0000_pat_00.wav": ClipName(0, 0, "source", "train", "normal", (("pat", "00"),)),
    "section_00_0000.wav": ClipName(0, 0),
    # 2024 on
    "section_00_source_train_normal_0000_noAttribute.wav": ClipName(0, 0, "source", "train", "normal"),
    "section_00_source_train_normal_0000_noattribute.wav": ClipName(0, 0, "source", "train", "normal"),
    "section_00_source_train_normal_0000_NOATTRIBUTE.wav": ClipName(0, 0, "source", "train", "normal"),
    "section_00_target_test_anomaly_0003_f-n_C.wav": ClipName(0, 3, "target", "test", "anomaly", (("f-n", "C"),)),
    # however they are written down
    "section_00_source_test_normal_0000_PAT_00.WAV": ClipName(0, 0, "source", "test", "normal", (("PAT", "00"),)),
    "dev_data/valve/test/normal_id_00_00000000.wav": ClipName(0, 0, label="normal", year=2020),
    "section_00_source_test_normal_0000": ClipName(0, 0, "source", "test", "normal"),
    "section_00_0000.npy": ClipName(0, 0),
    "section_00_source_test_normal_0001_volt_1.5_wt_250.wav.npy": ClipName(
        0, 1, "source", "test", "normal", (("volt", "1.5"), ("wt", "250"))
    ),
    "section_00_source_test_normal_0002_ort_Ko\u0308ln.flac": ClipName(
        0, 2, "source", "test", "normal", (("ort", "K\u00f6ln"),)
    ),
    # the data sets it came from
    "1200010001_ToyCar_case1_ab01_IND_ch1_0001.wav": ClipName(1, 1, label="anomaly", attributes=(("ch", "1"),)),
    "1100010001_ToyTrain_case2_normal_CNT_ch4_0012.wav": ClipName(2, 12, label="normal", attributes=(("ch", "4"),)),
    "/data/section_05_source_test_0001/section_00_0002.wav": ClipName(0, 2),
}


@pytest.mark.parametrize(("file_name", "facts"), READ.items(), ids=READ)
def test_name_of_each_year_is_read(file_name: str, facts: ClipName) -> None:
    assert parse_clip_name(file_name) == facts


@pytest.mark.parametrize(
    "file_name",
    [
        "",
        ".wav",
        "holiday.wav",
        "section_00_source_test_normal_0000_pat_00.wav.part",
        "section_",
        "section_00",
        "section_00_.wav",
        "section_xx_source_test_normal_0000.wav",
        "section_00_source_test_normal.wav",
        "section_00_source_test_normal_00.wav",
        "section_00_nowhere_test_normal_0000.wav",
        "section_00_source_test_normal_0000_.wav",
        "Section_00_source_test_normal_0000.wav",
        "copy of section_00_source_test_normal_0000.wav",
        "._section_00_source_test_normal_0000.wav",
        "normal_id_00.wav",
        "broken_id_00_00000000.wav",
        "normal_id_00_00000000_pat_00.wav",
    ],
)
def test_name_of_another_kind_is_refused(file_name: str) -> None:
    assert parse_clip_name(file_name) is None


WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+", min_size=1, max_size=8)
PAIR = st.tuples(WORD.filter(lambda word: word[0].isalpha()), WORD)


@given(
    section=st.integers(0, 99),
    domain=st.sampled_from(["source", "target"]),
    split=st.sampled_from(["train", "test"]),
    label=st.sampled_from([None, "normal", "anomaly"]),
    number=st.integers(0, 9999),
    pairs=st.lists(PAIR, max_size=4),
)
def test_facts_written_in_the_official_style_are_read_back(
    section: int, domain: str, split: str, label: str | None, number: int, pairs: list[tuple[str, str]]
) -> None:
    attributes = tuple(pairs)
    words = ["section", f"{section:02d}", domain, split, *([label] if label else []), f"{number:04d}"]
    words += [word for pair in attributes for word in pair]
    year = 2021 if split == "test" and label is None and not pairs else None
    facts = ClipName(section, number, domain, split, label, attributes, year)
    assert parse_clip_name("_".join(words) + ".wav") == facts


@pytest.mark.parametrize(
    ("file_name", "identity"),
    [
        ("section_00_0000.WAV", "section_00_0000.wav"),
        ("section_00_0000", "section_00_0000.wav"),
        ("section_00_0000.flac", "section_00_0000.wav"),
        ("normal_id_00_00000000.json", "normal_id_00_00000000.wav"),
        ("fan/test/section_00_0000.wav", "section_00_0000.wav"),
        ("hall 1.flac", "hall 1.flac"),
        ("hall 1.FLAC", "hall 1.flac"),
        ("Hall", "Hall"),
        ("v1.2", "v1.2"),
        ("id_00/normal/00000000.wav", "id_00_normal_00000000.wav"),
        ("id_00\\normal\\00000000.wav", "id_00_normal_00000000.wav"),
        ("Lu\u0308fter.wav", "L\u00fcfter.wav"),
    ],
)
def test_what_a_file_name_adds_to_an_identity(file_name: str, identity: str) -> None:
    assert file_identity(file_name) == identity
    assert file_identity(identity) == identity


@pytest.mark.parametrize("ending", RECORDINGS)
def test_a_recording_of_any_format_names_a_clip(ending: str) -> None:
    assert is_clip(f"hall 1{ending}")
    assert is_clip(f"press/test/hall 1{ending.upper()}")
    assert parse_clip_name(f"section_00_0000{ending}") == ClipName(0, 0)


@pytest.mark.parametrize("text", ["anomaly_score", "", "12", "hall 1", "a.b", "._hall.wav"])
def test_other_words_name_no_clip(text: str) -> None:
    assert not is_clip(text)
