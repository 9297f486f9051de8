"""
The challenge baseline's autoencoder, from its published definition: 640 – 128×4 – 8 – 128×4 – 640.

The only module that needs torch for it. Everything random comes from a seed, and every epoch's order from that and its
number, so that a training that goes on from where it was killed ends with the same bits on the same CPU.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dcase_explore.cache import write_atomically
from dcase_explore.messages import note
from dcase_explore.progress import track

INPUT, WIDTH, BOTTLENECK = 640, 128, 8
BATCH, RATE = 256, 1e-3
VALIDATION = 0.1
SEED = 13711
RECIPE = (
    f"autoencoder 1: {INPUT}-{WIDTH}x4-{BOTTLENECK}-{WIDTH}x4-{INPUT}, batch norm (momentum 0.01, eps 1e-3), ReLU, "
    f"Adam {RATE}, batch {BATCH}, {VALIDATION:.0%} of the windows for validation, seed {SEED}"
)
"""Names everything a trained network depends on besides windows and epochs."""
_CHUNK = 8192


class Autoencoder(nn.Module):  # type: ignore[misc] # no types where torch is not installed
    """The network; 267,928 parameters."""

    def __init__(self) -> None:
        super().__init__()
        widths = [INPUT, *[WIDTH] * 4, BOTTLENECK]
        self.encoder = nn.Sequential(*(layer for pair in pairwise(widths) for layer in _hidden(*pair)))
        widths = [BOTTLENECK, *[WIDTH] * 4]
        hidden = (layer for pair in pairwise(widths) for layer in _hidden(*pair))
        self.decoder = nn.Sequential(*hidden, nn.Linear(WIDTH, INPUT))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Reconstruct windows, shape (windows, 640)."""
        restored: torch.Tensor = self.decoder(self.encoder(windows))
        return restored


def _hidden(width_in: int, width_out: int) -> tuple[nn.Module, ...]:
    return nn.Linear(width_in, width_out), nn.BatchNorm1d(width_out, momentum=0.01, eps=1e-3), nn.ReLU()


def device() -> torch.device:
    """Where to compute: the accelerator, where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    windows: np.ndarray, rows: np.ndarray, epochs: int, checkpoint: Path, doing: str
) -> tuple[Autoencoder, float]:
    """
    Train a network, or go on with one that was interrupted.

    Parameters
    ----------
    windows
        float32, shape (any, 640); read a batch at a time.
    rows
        Those to train on, int64; a tenth of them is put aside for validation.
    epochs
        Passes over them.
    checkpoint
        File of the training so far, written after each epoch; named by all that it depends on.
    doing
        What the progress bar says.

    Returns
    -------
    network : Autoencoder
        In evaluation mode.
    validation : float
        Its mean squared error on the windows put aside, dB²; NaN where there are none.
    """
    with _one_thread():
        return _train(windows, rows, epochs, checkpoint, doing)


@contextmanager
def _one_thread() -> Iterator[None]:
    """For sums in the same order, and so the same bits, however many cores there are and whatever else they do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _train(
    windows: np.ndarray, rows: np.ndarray, epochs: int, checkpoint: Path, doing: str
) -> tuple[Autoencoder, float]:
    network, optimizer, done = _begin(checkpoint)
    shuffled = np.random.default_rng(SEED).permutation(rows)
    aside, kept = np.split(shuffled, [int(VALIDATION * len(rows))])
    keeping = True
    for epoch in track(range(done, epochs), epochs - done, doing):
        network.train()
        order = np.random.default_rng([SEED, epoch]).permutation(kept)
        for start in range(0, len(order), BATCH):
            batch_rows = order[start : start + BATCH]
            if len(batch_rows) < 2:  # of a single window a batch has no variance to be normalised by
                continue
            batch = torch.from_numpy(windows[batch_rows]).to(device())
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(batch), batch)
            loss.backward()
            optimizer.step()
        keeping = keeping and _keep(checkpoint, network, optimizer, epoch + 1)
    network.eval()
    errors = [float(np.mean(residual**2)) * len(residual) for residual, _ in _passes(network, windows, aside)]
    return network, sum(errors) / len(aside) if len(aside) else float("nan")


def residuals(network: Autoencoder, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    What a network makes of a clip.

    Parameters
    ----------
    network
        Trained.
    windows
        float32, shape (windows, 640).

    Returns
    -------
    residual : numpy.ndarray
        Window minus reconstruction, dB, float32, shape (windows, 640).
    bottleneck : numpy.ndarray
        Activations, float32, shape (windows, 8).
    """
    with _one_thread():
        found = list(_passes(network, windows, np.arange(len(windows))))
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])


def _passes(network: Autoencoder, windows: np.ndarray, rows: np.ndarray) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    with torch.inference_mode():
        for start in range(0, len(rows), _CHUNK):
            batch = torch.from_numpy(windows[rows[start : start + _CHUNK]]).to(device())
            narrow = network.encoder(batch)
            yield (batch - network.decoder(narrow)).cpu().numpy(), narrow.cpu().numpy()


def _keep(checkpoint: Path, network: Autoencoder, optimizer: torch.optim.Adam, epochs: int) -> bool:
    """Keep the training so far; whether there is room for it."""
    content = io.BytesIO()
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs}
    torch.save(state, content)
    try:
        write_atomically(checkpoint, content.getvalue())
    except OSError as error:
        note(f"{checkpoint.parent} cannot be written ({error.strerror}): a training that is interrupted begins anew")
        return False
    return True


def _begin(checkpoint: Path) -> tuple[Autoencoder, torch.optim.Adam, int]:
    """Network and optimizer, and how many epochs they have behind them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = Autoencoder().to(device())
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    if not checkpoint.is_file():
        return network, optimizer, 0
    try:
        state = torch.load(checkpoint, map_location=device(), weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        return network, optimizer, int(state["epochs"])
    except Exception as error:  # whatever a damaged file leads to
        note(f"{checkpoint} is damaged ({type(error).__name__}): the training begins anew")
        checkpoint.unlink()
        return _begin(checkpoint)
