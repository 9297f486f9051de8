"""
What enrichment costs: features beside librosa's and torchaudio's, the light ears of the demo, the autoencoder, an audio
model, LOF and a map of 1,200 clips.

    uv run --group test python tests/benchmarks/enrich.py

Made-up clips of 10 s at 16 kHz. Features: log-mel spectrograms read from files, on as many threads as there are cores,
ours and the others' taking turns. Prints wall seconds and the processor seconds of the same, which other programs on
the machine disturb less. The autoencoder and the audio model (an AST of full size and random weights) need torch, the
features beside ours torchaudio of the same build (the registry's does not load beside torch's build for CPUs, which is
said); they are left out where these are not installed. With ``fast`` behind
the command the former are left out anyway.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from dcase_explore.enrich import enrich, logmel
from dcase_explore.enrich.frames import Frames, windows
from dcase_explore.enrich.hearing import hear
from dcase_explore.enrich.knn import knn_scores
from dcase_explore.enrich.lof import lof_scores
from dcase_explore.enrich.maps import map_coordinates
from dcase_explore.sources import read_sources
from dcase_explore.store import Store

ROUNDS, CLIPS, RATE = 3, 200, 16_000
MACHINE_TYPE, DIMENSIONS = 1_200, 768


def ours(path: str) -> np.ndarray:
    """Frames as enrichment hears them."""
    frames = logmel.listen(path).frames
    assert frames is not None
    return frames


def librosas(path: str) -> np.ndarray:
    """The same by librosa."""
    samples, rate = soundfile.read(path, dtype="float32")
    mel = librosa.feature.melspectrogram(y=samples, sr=rate, n_fft=1024, hop_length=512, n_mels=128, power=2.0)
    return 10 * np.log10(np.maximum(mel, np.finfo(np.float32).eps)).T


def torchaudios() -> Callable[[str], np.ndarray] | None:
    """The same by torchaudio, a thread each; None where it is not installed."""
    try:
        import torch
        from torchaudio.transforms import MelSpectrogram
    except (ImportError, OSError) as error:  # of another build than torch, its library cannot be loaded
        print(f"without torchaudio: {error}")
        return None
    torch.set_num_threads(1)
    bands = {"n_mels": 128, "norm": "slaney", "mel_scale": "slaney"}
    mel = MelSpectrogram(RATE, n_fft=1024, hop_length=512, power=2.0, pad_mode="constant", **bands)

    def hear(path: str) -> np.ndarray:
        samples, _ = soundfile.read(path, dtype="float32")
        with torch.inference_mode():
            power = mel(torch.from_numpy(samples))
            return (10 * torch.log10(torch.clamp(power, min=torch.finfo(torch.float32).eps))).T.numpy()

    return hear


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def told(what: str, seconds: list[tuple[float, float]], count: int = 0, thing: str = "clips") -> None:
    wall, processor = (statistics.median(times) for times in zip(*seconds, strict=True))
    rate = f"  {count / wall:8,.0f} {thing}/s" if count else ""
    print(f"{what:44} {wall:8.2f} s  {processor:8.2f} s{rate}")


def features(folder: Path) -> list[str]:
    """Compare features; the paths of the recordings."""
    rng, paths = np.random.default_rng(0), []
    for number in range(CLIPS):
        paths.append(str(folder / f"{number}.wav"))
        soundfile.write(paths[-1], rng.normal(0, 0.1, 10 * RATE), RATE)
    ways = {"features, ours": ours, "features, librosa": librosas}
    theirs = torchaudios()
    if theirs is not None:
        ways["features, torchaudio"] = theirs
        apart = np.abs(theirs(paths[0]) - ours(paths[0])).max()
        print(f"torchaudio's differ from ours by {apart:.1e} dB at most")
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for way in ways.values():
        way(paths[0])  # what is compiled or imported at first
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in range(ROUNDS):
            for name, way in ways.items():
                seconds[name].append(measured(lambda way=way: list(pool.map(way, paths))))
    for name, times in seconds.items():
        told(name, times, CLIPS)
    return paths


def listen(paths: list[str]) -> None:
    """Hear recordings, and keep what was heard."""
    with Store() as store:
        hear({"all": paths}, store.file_digests(paths), {}, store)


def light(folder: Path) -> None:
    """What hearing the demo takes at first, and what both light ears add to that."""
    frame = read_sources(["demo"]).frame
    both = partial(enrich, frame, with_maps=False)
    both()  # what is imported at first
    seconds: dict[str, list[tuple[float, float]]] = {"hearing alone": [], "with both light ears": []}
    for number in range(ROUNDS):
        for name, frames in seconds.items():
            os.environ["DCASE_EXPLORE_CACHE"] = str(folder / f"{name} {number}")
            frames.append(measured(partial(listen, list(frame["path"])) if name == "hearing alone" else both))
    for name, frames in seconds.items():
        told(f"demo, {name}", frames, len(frame))


def models(paths: list[str], folder: Path) -> None:
    """The two stages that need torch."""
    try:
        from dcase_explore.enrich import audio_model, network
    except ImportError:
        print("without torch: neither autoencoder nor audio model")
        return
    with Frames() as frames:
        for path in paths[:50]:
            frames.add(path, ours(path))
        view, rows = frames.training(paths[:50])
        train = lambda: network.train(view, rows, 1, folder / "a.pt", "")  # noqa: E731
        told("autoencoder, an epoch of 50 clips (1 thread)", [measured(train)], int(0.9 * len(rows)), "windows")
        trained, _ = network.train(view, rows, 1, folder / "a.pt", "")
        score = lambda: [network.residuals(trained, windows(frames.of(path))) for path in paths[:50]]  # noqa: E731
        told("autoencoder, score", [measured(score)], 50)
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    ASTModel(ASTConfig()).save_pretrained(folder / "ast")
    ASTFeatureExtractor().save_pretrained(folder / "ast")
    model = audio_model.load(str(folder / "ast"))
    sounds = [model.listen(path) for path in paths[:4]]
    wall, processor = measured(lambda: model.embed(sounds))
    print(f"{'AST of full size, 4 clips at once':44} {wall:8.2f} s  {processor:8.2f} s  {4 / wall:8.2f} clips/s")


def of_embeddings() -> None:
    """LOF, nearest neighbours and map of a machine type."""
    matrix = np.random.default_rng(0).normal(size=(MACHINE_TYPE, DIMENSIONS)).astype(np.float32)
    training = np.arange(MACHINE_TYPE) < 1_000
    told(f"LOF of {MACHINE_TYPE:,} clips", [measured(lambda: lof_scores(matrix, training))])
    told(f"nearest neighbours of {MACHINE_TYPE:,} clips", [measured(lambda: knn_scores(matrix, training))])
    told(f"map of {MACHINE_TYPE:,} clips, UMAP compiled anew", [measured(lambda: map_coordinates(matrix))])
    told(f"map of {MACHINE_TYPE:,} clips", [measured(lambda: map_coordinates(matrix))])


def main() -> None:
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}\n{'':44} {'wall':>8}    {'processor':>9}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DCASE_EXPLORE_CACHE"] = str(Path(folder) / "cache")
        light(Path(folder))
        paths = features(Path(folder))
        if "fast" not in sys.argv:
            models(paths, Path(folder))
    of_embeddings()


if __name__ == "__main__":
    main()
