"""A small audio spectrogram transformer, randomly initialised, in the format of the real one."""

from pathlib import Path

RATE = 16_000


def make_model(folder: Path, hidden: int = 32, seed: int = 0) -> Path:
    """Write config, feature extractor and weights, as ``save_pretrained`` does."""
    import torch
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    torch.manual_seed(seed)
    config = ASTConfig(
        hidden_size=hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * hidden,
        frequency_stride=32,
        time_stride=64,
    )
    ASTModel(config).save_pretrained(folder)
    ASTFeatureExtractor().save_pretrained(folder)
    return folder
