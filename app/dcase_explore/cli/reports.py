"""The commands that print: what the models score, and what was found."""

import signal

import typer

from dcase_explore.cli.options import (
    Config,
    Data,
    Debug,
    Embeddings,
    Format,
    GroundTruth,
    MachineTypes,
    Scores,
    errors_as_sentences,
    options,
)


def score(
    data: Data = None,
    config: Config = None,
    class_name: MachineTypes = None,
    scores: Scores = None,
    embeddings: Embeddings = None,
    ground_truth: GroundTruth = None,
    output: Format = "table",
    debug: Debug = False,
) -> None:
    """
    Print the official metrics of every model: AUC, pAUC, precision, recall, F1, their means and the official score.

    dcase-explore score --data path/to/results --scores mine=scores.csv
    """
    with errors_as_sentences(debug):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop reading
        from dcase_explore.explore import load_scored
        from dcase_explore.scoring import report

        chosen = options(data, class_name, scores, embeddings, ground_truth, config)
        scored, _ = load_scored(chosen, listen=False, with_maps=False)
        models = scored.comparable()
        if output == "table":
            report.print_tables(models)
        else:
            typer.echo(report.as_json(models) if output == "json" else report.as_csv(models), nl=output == "json")


def findings(
    data: Data = None,
    config: Config = None,
    class_name: MachineTypes = None,
    scores: Scores = None,
    embeddings: Embeddings = None,
    ground_truth: GroundTruth = None,
    output: Format = "table",
    debug: Debug = False,
) -> None:
    """
    Print what was found: the clips that cost each model its score, domain shift, suspects in the data.

    dcase-explore findings --data path/to/results --class valve
    """
    with errors_as_sentences(debug):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop reading
        from dcase_explore.explore import load_found
        from dcase_explore.findings import report, shown

        chosen = options(data, class_name, scores, embeddings, ground_truth, config)
        _, found, _ = load_found(chosen, with_maps=False)
        if output == "table":
            report.print_findings(shown(found.findings), found)
        else:  # programs get all of them
            clip_ids = found.frame["clip_id"].to_numpy()
            write = report.as_json if output == "json" else report.as_csv
            typer.echo(write(found.findings, clip_ids), nl=output == "json")
