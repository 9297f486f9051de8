"""Embeddings of a pretrained audio model, as transformers loads and calls it."""

import hashlib
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dcase_explore.enrich import logmel
from dcase_explore.enrich.network import device
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note

AST = "MIT/ast-finetuned-audioset-10-10-0.4593"
_WITH_FIRST_TOKEN = ("audio-spectrogram-transformer",)
"""Kinds of models whose first token stands for the clip."""
_OF_ONE_LENGTH = ("audio-spectrogram-transformer",)
"""Kinds of models that hear as much of every clip, as they were trained."""
_SHORTEST = 0.025
"""Seconds: the window that transformers look through, of which a clip has to fill one."""
RECIPE = "audio model 1: first channel, resampled, at most 60 s"


@dataclass(frozen=True)
class AudioModel:
    """
    A pretrained model that is ready to listen.

    Attributes
    ----------
    name
        Of the embedding.
    source
        Name on the hub, or of the folder.
    revision
        Commit of the hub, or a digest of the folder's files.
    pooling
        How a clip's vector is made of the last hidden state.
    rate
        Sampling rate it hears, Hz.
    precision
        What its vectors are computed in.
    """

    name: str
    source: str
    revision: str
    pooling: str
    rate: int
    precision: str
    _extractor: Any = field(repr=False)
    _model: Any = field(repr=False)

    @property
    def recipe(self) -> str:
        """Names everything a vector depends on besides the recording."""
        return f"{RECIPE}; {self.revision}, {self.pooling}, {self.precision}"

    def listen(self, path: str) -> np.ndarray:
        """Samples as the model hears them, float32, shape (samples,). ValueError says why a file cannot be read."""
        samples, rate, _, _ = logmel.read(path)
        samples = samples if rate == self.rate else logmel.resample(samples, rate, self.rate)
        if len(samples) < _SHORTEST * self.rate:
            raise ValueError(f"shorter than {_SHORTEST} s, too short for {self.name}")
        return samples

    def embed(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """
        Embed several clips at once.

        Parameters
        ----------
        waveforms
            Samples at `rate`, float32, shape (samples,) each.

        Returns
        -------
        numpy.ndarray
            float32, shape (clips, dimensions).

        Raises
        ------
        ExploreError
            When there is no memory for a single clip; when the model cannot be called as those that hear are.
        """
        try:
            return self._embed(waveforms)
        except ExploreError:
            raise
        except Exception as error:  # whatever a model raises that asks for more than sound
            if not _is_memory(error):
                raise ExploreError(
                    f"{self.source} ({self._model.config.model_type}) makes nothing of these clips ({_why(error)}): "
                    f"--model takes another, such as {AST}"
                ) from error
            if len(waveforms) == 1:
                raise _no_memory(self.source) from error
        if device().type == "cuda":
            torch.cuda.empty_cache()
        half = len(waveforms) // 2
        note(f"not enough memory for {len(waveforms)} clips at once: {half} at a time (--batch {half})")
        return np.concatenate([self.embed(waveforms[:half]), self.embed(waveforms[half:])])

    def _embed(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        if self._model.config.model_type not in _OF_ONE_LENGTH and len({len(each) for each in waveforms}) > 1:
            # What would be added to the shorter ones would be heard as well.
            return np.concatenate([self._embed([each]) for each in waveforms])
        inputs = self._extractor(list(waveforms), sampling_rate=self.rate, return_tensors="pt", padding=True)
        half = torch.autocast("cuda", torch.float16) if device().type == "cuda" else nullcontext()
        with torch.inference_mode(), half:
            output = self._model(**{name: tensor.to(device()) for name, tensor in inputs.items()})
        pooled = _pooled(output, self.pooling)
        return np.asarray(pooled.float().cpu().numpy(), dtype=np.float32)


def load(
    source: str = AST, pooling: str | None = None, revision: str | None = None, on: str | None = None
) -> AudioModel:
    """
    Load a model from the hub or a folder.

    Parameters
    ----------
    source
        Its name on the hub, or a folder with ``config.json``, ``preprocessor_config.json`` and weights.
    pooling
        ``"cls"`` (the first token of the last hidden state), ``"mean"`` over its tokens, or ``"pooler"``, the model's
        own; None for ``"cls"`` where a model has such a token, otherwise ``"mean"``.
    revision
        Of the hub; None for the newest.
    on
        What the vectors are computed on, ``"cpu"`` or ``"cuda"``, where that is another machine; None for this one.

    Returns
    -------
    AudioModel
        On the accelerator, where there is one.

    Raises
    ------
    ExploreError
        When there is no such model, a file of it is missing or damaged, or it is no audio model.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # there is one of ours
    logging.set_verbosity_error()
    warnings.filterwarnings("ignore", message="At least one mel filter has all zero values")
    folder = Path(source).expanduser()
    is_folder = folder.is_dir()
    if not is_folder and (folder.is_absolute() or source.startswith((".", "~")) or source.count("/") != 1):
        raise ExploreError(f"there is no folder {source}: give one, or a name on the hub, such as {AST}")
    if is_folder:
        _check_files(folder)
    name_or_folder = str(folder) if is_folder else source
    try:
        from transformers import AutoConfig, AutoFeatureExtractor, AutoModel

        config = AutoConfig.from_pretrained(name_or_folder, revision=revision, trust_remote_code=False)
        extractor = AutoFeatureExtractor.from_pretrained(name_or_folder, revision=revision, trust_remote_code=False)
        model, loaded = AutoModel.from_pretrained(
            name_or_folder, revision=revision, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
    except Exception as error:  # whatever transformers raises for what it cannot read
        if _is_memory(error):
            raise _no_memory(source) from error
        what = "is no audio model that can be loaded" if is_folder else "cannot be had from the hub"
        raise ExploreError(f"{source} {what} ({_why(error)}): --model FOLDER takes one that is here") from error
    missing = [name for name in loaded["missing_keys"] if "pooler" not in name]
    if missing:
        raise ExploreError(f"{source} lacks weights of its model, such as {missing[0]}: download it again")
    rate = getattr(extractor, "sampling_rate", None)
    hears = model.main_input_name in getattr(extractor, "model_input_names", ())
    if not isinstance(rate, int) or not hears or not hasattr(config, "hidden_size"):
        raise ExploreError(f"{source} is a model of another kind ({config.model_type}): give one that hears sound")
    has_first = config.model_type in _WITH_FIRST_TOKEN
    chosen = pooling or ("cls" if has_first else "mean")
    if chosen == "cls" and not has_first:
        raise ExploreError(f"{source} ({config.model_type}) has no first token that stands for a clip: --pooling mean")
    named = folder.resolve().name if is_folder else source.rpartition("/")[2]
    usual = chosen == ("cls" if has_first else "mean")
    commit = _digest(folder) if is_folder else str(getattr(config, "_commit_hash", None) or revision or "unknown")
    name = named if usual else f"{named}_{chosen}"
    precision = "float16" if (on or device().type) == "cuda" else "float32"
    known_as = named if is_folder else source
    return AudioModel(name, known_as, commit, chosen, rate, precision, extractor, model.eval().to(device()))


def _check_files(folder: Path) -> None:
    needed = {
        "config.json": ["config.json"],
        "preprocessor_config.json": ["preprocessor_config.json", "processor_config.json"],
        "model.safetensors": ["model.safetensors", "model.safetensors.index.json"],
    }
    for name, either in needed.items():
        if not any((folder / each).is_file() for each in either):
            raise ExploreError(f"the model folder {folder} lacks {name}: download it again, all files of it")


def _digest(folder: Path) -> str:
    """Of all that a model is made of."""
    total = hashlib.blake2b(digest_size=20)
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
        with path.open("rb") as file:
            total.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _pooled(output: Any, pooling: str) -> torch.Tensor:
    """Vector of each clip, shape (clips, dimensions)."""
    state: torch.Tensor = output.last_hidden_state
    if pooling == "cls":
        return state[:, 0]
    if pooling == "mean":
        return state.flatten(2).mean(2) if state.ndim == 4 else state.mean(1)
    pooled = getattr(output, "pooler_output", None)
    if pooled is None:
        raise ExploreError("this model has no pooler of its own: --pooling mean")
    vector: torch.Tensor = pooled
    return vector


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _is_memory(error: Exception) -> bool:
    told = any(words in str(error) for words in ("can't allocate memory", "Cannot allocate memory"))
    return told or isinstance(error, MemoryError | torch.OutOfMemoryError)


def _no_memory(source: str) -> ExploreError:
    return ExploreError(f"there is not enough memory for {source}: close other programs")
