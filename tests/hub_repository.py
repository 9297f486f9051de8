"""A stand-in of the enriched 2023 data set as its repository on the hub holds it, and of the original zips."""

import csv
import gzip
import io
import pickle
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

AST = "MIT_ast-finetuned-audioset-10-10-0.4593-embeddings"
AE = "dcase2023_task2_baseline_ae-embeddings"
DEV_RECORD, ADD_RECORD, EVAL_RECORD = "7882613", "7830345", "7860847"
RATE = 16_000

# Attributes as file names spell them, of the source domain and of the target domain. The last seven are made up.
ATTRIBUTES = {
    "fan": (("m-n_W", "m-n_X"), ("m-n_Y", "m-n_Z")),
    "gearbox": (("volt_1.5_wt_200", "volt_1.0_wt_0"), ("volt_1.5_wt_250", "volt_3.5_wt_0")),
    "bearing": (("vel_16_loc_A", "vel_9_loc_A"), ("vel_25_loc_A", "vel_8_loc_E")),
    "slider": (("vel_660_ac_0.09", "vel_300_ac_0.30"), ("vel_820_ac_0.14", "vel_1300_ac_0.30")),
    "ToyCar": (("car_A2_spd_28V_mic_1", "car_B2_spd_31V_mic_1"), ("car_A2_spd_28V_mic_2", "car_E1_spd_37V_mic_2")),
    "ToyTrain": (("car_B1_spd_7_mic_1", "car_D2_spd_10_mic_1"), ("car_A2_spd_9_mic_2", "car_E2_spd_6_mic_2")),
    "valve": (("pat_00", "pat_01"), ("pat_02", "pat_03")),
    "bandsaw": (("vel_6", "vel_8"), ("vel_10", "vel_14")),
    "grinder": (("mat_1_spd_1", "mat_1_spd_2"), ("mat_2_spd_1", "mat_2_spd_2")),
    "shaker": (("spd_800", "spd_1000"), ("spd_1200", "spd_1400")),
    "ToyDrone": (("car_A1_spd_1_mic_1", "car_B1_spd_2_mic_1"), ("car_A1_spd_3_mic_2", "car_C1_spd_1_mic_2")),
    "ToyNscale": (("car_A1_spd_1_mic_1", "car_B1_spd_2_mic_1"), ("car_A1_spd_3_mic_2", "car_C1_spd_1_mic_2")),
    "ToyTank": (("car_A1_spd_1_mic_1", "car_B1_spd_2_mic_1"), ("car_A1_spd_3_mic_2", "car_C1_spd_1_mic_2")),
    "Vacuum": (("id_1", "id_2"), ("id_3", "id_4")),
}
DEV_MACHINES, ADD_MACHINES = tuple(ATTRIBUTES)[:7], tuple(ATTRIBUTES)[7:]

_CONDITIONS = (("source", "normal"), ("source", "anomaly"), ("target", "normal"), ("target", "anomaly"))


@dataclass(frozen=True)
class StandIn:
    """``files`` is the repository's root; ``records`` holds ``<record id>/<name>.zip``."""

    files: Path
    records: Path
    keys: dict[str, list[str]]
    vectors: dict[str, dict[str, NDArray[np.float64]]] = field(repr=False)
    sounds: dict[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class Clip:
    """One clip; ``domain`` and ``label`` are what it truly is, also where its name does not tell."""

    machine: str
    split: str
    domain: str
    label: str
    attributes: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.split}/{self.machine}_{self.name}"

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names and values in turn, as the name spells them."""
        return tuple(self.attributes.split("_"))


def make_repository(
    folder: Path,
    *,
    machines: Iterable[str] = ("fan", "valve"),
    add_machines: Iterable[str] = ("bandsaw",),
    train: int = 24,
    test: int = 8,
    seconds: float = 0.5,
    ast_dimensions: int = 768,
    ae_dimensions: int = 2976,
    with_audio: bool = True,
    own_scores_only: bool = False,
    seed: int = 0,
) -> StandIn:
    """
    Build both below a folder; the same arguments give the same bytes.

    ``train`` and ``test`` are clips per machine type. With ``own_scores_only`` each row of scores.csv has the values
    of one of the two models: the size of the real file suggests it.
    """
    machines, add_machines = tuple(machines), tuple(add_machines)
    files, records = folder / "hub", folder / "records"
    (files / "data").mkdir(parents=True)
    records.mkdir()
    subsets = {
        "dev_train": [clip for machine in machines for clip in _train(machine, train)],
        "dev_test": [clip for machine in machines for clip in _test(machine, test)],
        "add_train": [clip for machine in add_machines for clip in _train(machine, train)],
        "eval_test": [clip for machine in add_machines for clip in _eval(machine, test)],
    }
    (files / "README.md").write_text("---\npretty_name: enriched DCASE 2023 Task 2\n---\n\n# Dataset card\n")
    (files / "dcase23-task2-enriched.py").write_text('raise RuntimeError("the loading script was run")\n')
    _write_metadata(files / "data" / "dev_metadata.csv", subsets["dev_train"] + subsets["dev_test"])
    _write_metadata(files / "data" / "add_metadata.csv", subsets["add_train"])
    _write_scores(files / "data" / "scores.csv", subsets, own_scores_only, seed)

    vectors = {f"{AST}_{subset}": _embed(clips, ast_dimensions, seed) for subset, clips in subsets.items()}
    vectors |= {f"{AE}_{subset}": _embed(subsets[subset], ae_dimensions, seed) for subset in ("dev_train", "dev_test")}
    for stem, held in vectors.items():
        pickled_npz(files / "data" / f"{stem}.npz", held)

    sounds = {}
    if with_audio:
        sounds = {clip.key: _sound(clip, seconds, seed) for clips in subsets.values() for clip in clips}
        for subset, clips in subsets.items():
            _write_archive(files / "data" / f"{subset}.tar.gz", subset, {clip.key: sounds[clip.key] for clip in clips})
        for machine in machines:
            clips = [clip for clip in subsets["dev_train"] + subsets["dev_test"] if clip.machine == machine]
            _write_zip(records / DEV_RECORD / f"dev_{machine}.zip", clips, sounds)
        for machine in add_machines:
            for record, subset, split in (
                (ADD_RECORD, "add_train", "train"),
                (EVAL_RECORD, "eval_test", "test"),
            ):
                clips = [clip for clip in subsets[subset] if clip.machine == machine]
                _write_zip(records / record / f"eval_data_{machine}_{split}.zip", clips, sounds)

    keys = {subset: [clip.key for clip in clips] for subset, clips in subsets.items()}
    return StandIn(files, records, keys, vectors, sounds)


def pickled_npz(
    path: Path, vectors: Mapping[str, NDArray[np.float64]], protocol: int = 3, module: str = "numpy.core.multiarray"
) -> None:
    """
    Write vectors as the repository's npz files hold them: a stored member, a 0-d object array, a pickled dict.

    ``module`` is where the pickle looks for ``_reconstruct``: numpy 2 writes ``numpy._core.multiarray``.
    """
    pickled = memoryview(pickle.dumps(np.array(dict(vectors), dtype=object), protocol))
    start = b""
    if module != "numpy._core.multiarray":
        # The array itself comes first, so the global does; the others refer to it. Later protocols count its letters.
        written = b"\x80%cc%s\n_reconstruct\n" % (protocol, b"numpy._core.multiarray")
        assert bytes(pickled[: len(written)]) == written, f"protocol {protocol} cannot be respelled"
        start, pickled = written.replace(b"numpy._core.multiarray", module.encode()), pickled[len(written) :]
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
        archive.open(zipfile.ZipInfo("arr_0.npy"), "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array_header_1_0(member, {"descr": "|O", "fortran_order": False, "shape": ()})
        member.write(start)
        member.write(pickled)


def _train(machine: str, count: int) -> list[Clip]:
    targets = max(2, count // 100)
    return _named(machine, "train", [("source" if i < count - targets else "target", "normal") for i in range(count)])


def _test(machine: str, count: int) -> list[Clip]:
    return _named(machine, "test", [_CONDITIONS[i * 4 // count] for i in range(count)])


def _named(machine: str, split: str, conditions: list[tuple[str, str]]) -> list[Clip]:
    first = int(machine.startswith("Toy") and split == "test")  # the toys' test clips are counted from one
    numbers: Counter[tuple[str, str]] = Counter()
    clips = []
    for domain, label in conditions:
        number = first + numbers[domain, label]
        numbers[domain, label] += 1
        attributes = ATTRIBUTES[machine][domain == "target"][number % 2]
        name = f"section_00_{domain}_{split}_{label}_{number:04d}_{attributes}.wav"
        clips.append(Clip(machine, split, domain, label, attributes, name))
    return clips


def _eval(machine: str, count: int) -> list[Clip]:
    """Their names tell nothing."""
    return [Clip(machine, "test", *_CONDITIONS[i % 4], "", f"section_00_{i:04d}.wav") for i in range(count)]


def _write_metadata(path: Path, clips: list[Clip]) -> None:
    rows = []
    for clip in clips:
        given = ["" if i >= len(clip.pairs) else _as_read(clip.pairs[i]) for i in range(6)]
        known = [clip.machine, clip.domain, "0", clip.label]
        rows.append([clip.key, *given[:2], *known, *given[2:]])
    _write_rows(path, ["path", "d1p", "d1v", "class", "domain", "section", "label", "d2p", "d2v", "d3p", "d3v"], rows)


def _as_read(value: str) -> str:
    """As the repository spells an attribute: numbers went through a number, ``00`` became ``0``."""
    if value.isdigit():
        return str(int(value))
    try:
        return str(float(value))
    except ValueError:
        return value


def _write_scores(path: Path, subsets: dict[str, list[Clip]], own_only: bool, seed: int) -> None:
    """A clip's own model tells anomalies from normals at an AUC of about 0.85; to the other one all is strange."""
    rows = []
    for subset, clips in subsets.items():
        rng = _rng(seed, "scores", subset)
        strange = np.array([0.2 * (clip.label == "anomaly") + 0.03 * (clip.domain == "target") for clip in clips])
        own = 1.1 + strange + rng.normal(0, 0.14, len(clips))
        other = 2.0 + 0.2 * strange + rng.normal(0, 0.2, len(clips))
        for clip, *scores in zip(clips, own.tolist(), other.tolist(), strict=True):
            of_own, of_other = ([int(score > 1.3), score] for score in scores)
            if own_only:  # beside gaps the flags went through numbers with a point
                of_own, of_other = [float(of_own[0]), of_own[1]], ["", ""]
            rows.append([clip.key, *(of_own + of_other if subset.startswith("dev") else of_other + of_own)])
    names = ["dev_train_lof_anomaly", "dev_train_lof_anomaly_score"]
    _write_rows(path, ["path", *names, *(name.replace("dev", "add", 1) for name in names)], rows)


def _write_rows(path: Path, names: list[str], rows: list[list]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])


def _embed(clips: list[Clip], dimensions: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """A cloud per machine type, its target clips and its anomalies a bit beside it."""
    vectors = {}
    for machine in dict.fromkeys(clip.machine for clip in clips):
        of_machine = [clip for clip in clips if clip.machine == machine]
        scales = [[1.0], [0.15], [0.25]]
        centre, target, fault = _rng(seed, machine, str(dimensions)).normal(0, scales, (3, dimensions))
        rng = _rng(seed, machine, of_machine[0].split, str(dimensions))
        block = rng.normal(0, 0.3, (len(of_machine), dimensions))
        block += centre
        for row, clip in zip(block, of_machine, strict=True):
            row += (clip.domain == "target") * target + (clip.label == "anomaly") * rng.uniform(0.3, 1.2) * fault
            vectors[clip.key] = row[np.newaxis]
    return vectors


def _sound(clip: Clip, seconds: float, seed: int) -> bytes:
    """Hum of the machine type and noise; the target domain hums higher, anomalies squeal."""
    import soundfile  # not needed at the full size, which is made without sound

    rng = _rng(seed, clip.key)
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = (200 + 150 * list(ATTRIBUTES).index(clip.machine)) * (1.1 if clip.domain == "target" else 1)
    wave = 0.2 * np.sin(2 * np.pi * pitch * time) + rng.normal(0, 0.02, len(time))
    if clip.label == "anomaly":
        wave += rng.uniform(0.05, 0.2) * np.sin(2 * np.pi * 3000 * time)
    file = io.BytesIO()
    soundfile.write(file, wave, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _write_archive(path: Path, prefix: str, sounds: dict[str, bytes]) -> None:
    # Without a time and a name in gzip's head, so that the same arguments give the same bytes.
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in (prefix, *(f"{prefix}/{split}" for split in sorted({key.split("/")[0] for key in sounds}))):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        for key, sound in sounds.items():
            member = tarfile.TarInfo(f"{prefix}/{key}")
            member.size = len(sound)
            archive.addfile(member, io.BytesIO(sound))


def _write_zip(path: Path, clips: list[Clip], sounds: dict[str, bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    machine = clips[0].machine
    with zipfile.ZipFile(path, "w") as archive:

        def add(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)

        for split in dict.fromkeys(clip.split for clip in clips):
            add(f"{machine}/{split}/", b"")
        for clip in clips:
            add(f"{machine}/{clip.split}/{clip.name}", sounds[clip.key])
        rows = [[f"{machine}/{clip.split}/{clip.name}", *clip.pairs] for clip in clips if clip.attributes]
        if rows:  # the evaluation data come without
            names = ("file_name", "d1p", "d1v", "d2p", "d2v", "d3p", "d3v")[: len(rows[0])]
            add(f"{machine}/attributes_00.csv", "".join(",".join(row) + "\n" for row in (names, *rows)).encode())


def _rng(seed: int, *words: str) -> np.random.Generator:
    return np.random.default_rng([seed, *(zlib.crc32(word.encode()) for word in words)])
