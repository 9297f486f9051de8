"""That the stand-in of the hub and of its repository are what the real client and numpy take."""

import csv
import hashlib
import io
import pickletools
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
import soundfile
from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hub_repository import AE, AST, StandIn, make_repository, pickled_npz
from hub_server import Fault, HubServer, cut, flipped, no_ranges, reset, shorter, slow, stall, status

REPO = "renumics/dcase23-task2-enriched"
LARGE, SMALL = f"data/{AST}_dev_test.npz", "data/dev_metadata.csv"
ZIP, ZIP_URL = "7882613/dev_fan.zip", "/records/7882613/files/dev_fan.zip"


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    return make_repository(tmp_path_factory.mktemp("standin"), ast_dimensions=64, ae_dimensions=96, seconds=0.25)


@pytest.fixture
def hub(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with HubServer(standin) as hub:
        yield hub


def download(hub: HubServer, cache: Path, name: str, revision: str | None = None, token: str | bool = False) -> bytes:
    path = hf_hub_download(
        REPO, name, repo_type="dataset", revision=revision, cache_dir=cache, endpoint=hub.url, token=token
    )
    return Path(path).read_bytes()


def read(url: str, asked: str | None = None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={"Range": asked} if asked else {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_client_learns_the_commit_and_what_there_is(hub: HubServer, standin: StandIn, tmp_path: Path):
    api = HfApi(endpoint=hub.url, token=False)
    info = api.repo_info(REPO, repo_type="dataset", files_metadata=True)
    assert (info.sha, info.id, info.private, info.gated) == (hub.commit, REPO, False, False)
    assert api.resolve_revision(REPO, repo_type="dataset", cache_dir=tmp_path).resolved == hub.commit
    names = {path.relative_to(standin.files).as_posix() for path in standin.files.rglob("*") if path.is_file()}
    assert {sibling.rfilename for sibling in info.siblings} == names

    tree = list(api.list_repo_tree(REPO, repo_type="dataset", recursive=True, revision=hub.commit))
    files = {entry.path: entry for entry in tree if hasattr(entry, "size")}
    assert files.keys() == names
    assert [files[name].size == (standin.files / name).stat().st_size for name in names] == [True] * len(names)
    large = (standin.files / LARGE).read_bytes()
    assert (files[LARGE].lfs.sha256, files[SMALL].lfs) == (hashlib.sha256(large).hexdigest(), None)
    top = [entry.path for entry in api.list_repo_tree(REPO, repo_type="dataset")]
    assert top == ["README.md", "data", "dcase23-task2-enriched.py"]
    within = [entry.path for entry in api.list_repo_tree(REPO, "data", repo_type="dataset")]
    assert within == sorted(name for name in names if name.startswith("data/"))


@pytest.mark.parametrize("xet", [False, True])
def test_files_come_whole_and_the_token_stays_on_the_hub(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, xet: bool
):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with HubServer(standin, xet=xet) as hub:
        for name in (SMALL, LARGE):
            assert download(hub, tmp_path, name, token="hf_secret") == (standin.files / name).read_bytes()
            assert hub.bytes_sent_for(name) == (standin.files / name).stat().st_size
        assert {"/cdn/" in seen.path: seen.authorization for seen in hub.requests} == {
            False: "Bearer hf_secret",
            True: None,
        }
        assert [seen.file for seen in hub.requests if "/cdn/" in seen.path] == [LARGE]


def test_snapshot_is_complete(hub: HubServer, standin: StandIn, tmp_path: Path):
    folder = Path(snapshot_download(REPO, repo_type="dataset", cache_dir=tmp_path, endpoint=hub.url, token=False))
    assert folder.name == hub.commit
    for path in standin.files.rglob("*.*"):
        assert (folder / path.relative_to(standin.files)).read_bytes() == path.read_bytes()


def test_endpoint_of_the_environment_is_enough(hub: HubServer, standin: StandIn, tmp_path: Path):
    code = f"from huggingface_hub import hf_hub_download as get; print(get({REPO!r}, {SMALL!r}, repo_type='dataset'))"
    environment = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).read_bytes() == (standin.files / SMALL).read_bytes()


def test_what_is_not_there_is_refused_as_the_hub_refuses(hub: HubServer, tmp_path: Path):
    api = HfApi(endpoint=hub.url, token=False)
    with pytest.raises(RepositoryNotFoundError) as refusal:
        api.repo_info("renumics/other", repo_type="dataset")
    assert refusal.value.response.status_code == 401
    with pytest.raises(RevisionNotFoundError):
        api.repo_info(REPO, repo_type="dataset", revision="refs/pr/1")
    with pytest.raises(RevisionNotFoundError):
        download(hub, tmp_path, SMALL, revision="0" * 40)
    with pytest.raises(RemoteEntryNotFoundError):
        download(hub, tmp_path, "data/eval_metadata.csv")


def test_published_commit_is_main_and_the_old_one_stays(hub: HubServer, standin: StandIn, tmp_path: Path):
    old = hub.commit
    newer = make_repository(tmp_path / "newer", train=2, test=4, with_audio=False, ast_dimensions=64, ae_dimensions=96)
    assert hub.publish(newer, "ab" * 20) == hub.commit == "ab" * 20
    for revision, state in ((None, newer), (old, standin)):
        for name in (SMALL, LARGE):
            assert download(hub, tmp_path / "cache", name, revision) == (state.files / name).read_bytes()
    assert (tmp_path / "cache" / f"datasets--{REPO.replace('/', '--')}" / "refs" / "main").read_text() == "ab" * 20


@pytest.mark.parametrize("ignored", [False, True])
def test_client_goes_on_after_a_cut(
    hub: HubServer, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignored: bool
):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)  # it keeps whole chunks alone, of 10 MiB
    hub.fault(LARGE, cut(2500))
    if ignored:
        hub.fault(LARGE, no_ranges())
    size = (standin.files / LARGE).stat().st_size
    assert download(hub, tmp_path, LARGE) == (standin.files / LARGE).read_bytes()
    first, second = [request for request in hub.requests_for(LARGE) if request.method == "GET"]
    assert (first.range, first.status, first.bytes_sent) == (None, 200, 2500)
    assert (second.range, second.status) == ("bytes=2000-", 200 if ignored else 206)
    assert second.bytes_sent == (size if ignored else size - 2000)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (reset(100), httpx2.ReadError),
        (reset(None), httpx2.ReadError),
        (shorter(10), OSError),
        (status(404), HfHubHTTPError),
        (status(500), HfHubHTTPError),
    ],
)
def test_client_gives_up(hub: HubServer, tmp_path: Path, fault: Fault, error: type[Exception]):
    hub.fault(LARGE, fault)
    with pytest.raises(error):
        download(hub, tmp_path, LARGE)
    assert download(hub, tmp_path, LARGE)  # once was ordered
    *_, last = (request for request in hub.requests_for(LARGE) if request.method == "GET")
    assert last.range is None, "from the start"


def test_client_takes_a_flipped_byte(hub: HubServer, standin: StandIn, tmp_path: Path):
    whole = (standin.files / LARGE).read_bytes()
    hub.fault(LARGE, flipped(), times=None)
    harmed = download(hub, tmp_path, LARGE)
    assert [at for at in range(len(whole)) if harmed[at] != whole[at]] == [len(whole) // 2]


def test_faults_keep_to_path_method_and_number(hub: HubServer):
    url = hub.url + ZIP_URL
    hub.fault("dev_fan.zip", status(429, {"Retry-After": "1"}), times=2)
    hub.fault("dev_fan.zip", status(403, method="HEAD"), times=None)
    assert [read(url)[0], read(url)[0], read(url)[0]] == [429, 429, 200]
    assert [read(url, method="HEAD")[0], read(f"{hub.url}/records/1/files/dev_fan.zip")[0]] == [403, 404]
    assert [seen.status for seen in hub.requests_for("dev_fan")] == [429, 429, 200, 403, 404]
    hub.mend()
    assert read(url, method="HEAD")[0] == 200


def test_late_and_slow_answers(hub: HubServer, standin: StandIn):
    url = hub.url + ZIP_URL
    for fault in (stall(0.2), slow(5000)):
        hub.fault("dev_fan.zip", fault)
        began = time.monotonic()
        assert read(url, "bytes=0-999")[2] == (standin.records / ZIP).read_bytes()[:1000]
        assert 0.15 < time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("asked", "part", "code"),
    [
        (None, slice(None), 200),
        ("bytes=0-0", slice(1), 206),
        ("bytes=100-", slice(100, None), 206),
        ("bytes=100-199", slice(100, 200), 206),
        ("bytes=-65536", slice(-65536, None), 206),
        ("bytes=-99999999", slice(None), 206),
        ("bytes=0-99999999", slice(None), 206),
        ("bytes=99999999-", slice(0), 416),
        ("bytes=-0", slice(0), 416),
        ("bytes=0-1,5-6", slice(None), 200),
        ("bytes=5-1", slice(None), 200),
        ("clips=0-1", slice(None), 200),
    ],
)
def test_parts_of_a_record(hub: HubServer, standin: StandIn, asked: str | None, part: slice, code: int):
    whole = (standin.records / ZIP).read_bytes()
    got, headers, content = read(hub.url + ZIP_URL, asked)
    assert (got, content, headers["Accept-Ranges"]) == (code, whole[part], "bytes")
    start, end, _ = part.indices(len(whole))
    assert headers.get("Content-Range") == {
        200: None,
        206: f"bytes {start}-{end - 1}/{len(whole)}",
        416: f"bytes */{len(whole)}",
    }.get(code)
    assert hub.bytes_sent_for("dev_fan") == len(content)


def test_zip_is_read_by_parts(hub: HubServer, standin: StandIn):
    url, key = hub.url + ZIP_URL, "test/fan_section_00_target_test_anomaly_0001_m-n_Z.wav"
    size = int(read(url, method="HEAD")[1]["Content-Length"])
    tail = read(url, "bytes=-20000")[2]
    with zipfile.ZipFile(io.BytesIO(bytes(size - len(tail)) + tail)) as archive:
        found = archive.getinfo("fan/test/section_00_target_test_anomaly_0001_m-n_Z.wav")
        assert "fan/attributes_00.csv" in archive.namelist()
    start = found.header_offset + 30 + len(found.filename)
    packed = read(url, f"bytes={start}-{start + found.compress_size - 1}")[2]
    assert zlib.decompress(packed, -zlib.MAX_WBITS) == standin.sounds[key]
    assert hub.bytes_sent_for("dev_fan") < size / 5


def test_connection_is_kept_and_gone_when_the_hub_is_down(standin: StandIn):
    with HubServer(standin) as hub, httpx2.Client() as client:
        url = f"{hub.url}/api/datasets/{REPO}"
        client.get(url)
        client.get(url)
        assert len(hub._servers[0].connections) == 1
        hub.close()
        with pytest.raises(httpx2.TransportError):
            client.get(url)


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_npz_is_as_the_real_one(tmp_path: Path, standin: StandIn, module: str):
    vectors = standin.vectors[f"{AE}_dev_test"]
    path = tmp_path / "vectors.npz"
    pickled_npz(path, vectors, module=module)
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.infolist()
        content = archive.read(member)
    assert (member.filename, member.compress_type) == ("arr_0.npy", zipfile.ZIP_STORED)
    operations = list(pickletools.genops(content[content.index(b"\n") + 1 :]))
    assert (operations[0][0].name, operations[0][1]) == ("PROTO", 3)
    named = {argument for operation, argument, _ in operations if operation.name in ("GLOBAL", "STACK_GLOBAL")}
    assert named == {f"{module} _reconstruct", "numpy ndarray", "numpy dtype"}
    held = np.load(path, allow_pickle=True)["arr_0"].item()
    assert list(held) == list(vectors)
    for key, vector in held.items():
        assert (vector.shape, vector.dtype) == ((1, 96), np.float64)
        assert (vector == vectors[key]).all()


def test_repository_holds_what_it_says(standin: StandIn):
    data = standin.files / "data"
    assert {key: len(keys) for key, keys in standin.keys.items()} == {
        "dev_train": 48,
        "dev_test": 16,
        "add_train": 24,
        "eval_test": 8,
    }
    dev, scores = rows_of(data / "dev_metadata.csv"), rows_of(data / "scores.csv")
    assert [row["path"] for row in dev] == standin.keys["dev_train"] + standin.keys["dev_test"]
    assert [row["path"] for row in scores] == [key for keys in standin.keys.values() for key in keys]
    assert standin.keys["eval_test"][0] == "test/bandsaw_section_00_0000.wav"
    told = {row["path"]: row["label"] for row in dev if row["path"].startswith("test/")}
    normal, anomalous = (
        np.array([float(row["dev_train_lof_anomaly_score"]) for row in scores if told.get(row["path"]) == label])
        for label in ("normal", "anomaly")
    )
    assert 0.6 < (anomalous[:, np.newaxis] > normal).mean() < 1
    for subset, keys in standin.keys.items():
        assert list(np.load(data / f"{AST}_{subset}.npz", allow_pickle=True)["arr_0"].item()) == keys
        with tarfile.open(data / f"{subset}.tar.gz") as archive:
            members = [member for member in archive if member.isfile()]
            assert [member.name for member in members] == [f"{subset}/{key}" for key in keys]
            assert archive.extractfile(members[0]).read() == standin.sounds[keys[0]]
    sound = soundfile.info(io.BytesIO(standin.sounds[standin.keys["dev_test"][0]]))
    assert (sound.samplerate, sound.channels, sound.subtype, sound.frames) == (16_000, 1, "PCM_16", 4000)


def test_names_and_attributes_of_each_machine_type(tmp_path: Path):
    machines = ("valve", "fan", "gearbox", "slider", "bearing", "ToyCar", "ToyTrain")
    made = make_repository(
        tmp_path / "a", machines=machines, train=4, test=4, with_audio=False, ast_dimensions=2, ae_dimensions=2
    )
    rows = {row["path"]: row for row in rows_of(made.files / "data" / "dev_metadata.csv")}
    given = ("d1p", "d1v", "class", "domain", "section", "label", "d2p", "d2v", "d3p", "d3v")
    for name, expected in (
        ("train/valve_section_00_source_train_normal_0000_pat_00", "pat,0,valve,source,0,normal,,,,"),
        ("test/fan_section_00_target_test_anomaly_0000_m-n_Y", "m-n,Y,fan,target,0,anomaly,,,,"),
        ("train/slider_section_00_source_train_normal_0001_vel_300_ac_0.30", "vel,300,slider,source,0,normal,ac,0.3,,"),
        (
            "train/ToyCar_section_00_source_train_normal_0000_car_A2_spd_28V_mic_1",
            "car,A2,ToyCar,source,0,normal,spd,28V,mic,1",
        ),
        (
            "test/ToyTrain_section_00_target_test_normal_0001_car_E2_spd_6_mic_2",
            "car,E2,ToyTrain,target,0,normal,spd,6,mic,2",
        ),
    ):
        assert ",".join(rows[f"{name}.wav"][column] for column in given) == expected


def test_same_arguments_give_the_same_bytes(tmp_path: Path):
    small = {"train": 3, "test": 4, "seconds": 0.05, "ast_dimensions": 4, "ae_dimensions": 4}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        make_repository(tmp_path / name, **small, seed=seed)
    paths = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*") if path.is_file()]
    same = {name: [(tmp_path / name / path).read_bytes() for path in paths] for name in "abc"}
    assert same["a"] == same["b"] != same["c"]
