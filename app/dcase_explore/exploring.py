"""Puts an exploration together: source, own results, enrichment, scores, findings, the rows asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from dcase_explore import clips
from dcase_explore.attach import attach
from dcase_explore.attach.given import clip_table
from dcase_explore.cache import make_do
from dcase_explore.choosing import of_machine_types, rows_asked_for
from dcase_explore.column_names import members
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.enrich import enrich
from dcase_explore.enrich.maps import in_place_of_maps
from dcase_explore.exploration import Exploration
from dcase_explore.findings import Found
from dcase_explore.findings.again import find_again
from dcase_explore.messages import note
from dcase_explore.notes import Notes, notes_file
from dcase_explore.notes.in_tables import notes_in, with_notes
from dcase_explore.options import RowOptions, TableOptions
from dcase_explore.pending import Pending
from dcase_explore.recordings import fetch_all
from dcase_explore.sampling import CARRIED, sample
from dcase_explore.scoring import score
from dcase_explore.scoring.definitions import definition_of
from dcase_explore.sources import Source, read_sources
from dcase_explore.timing import step

SCORED = "scored_clips"
"""Key of a frame's ``attrs``: on how many clips of the whole each model was scored; a part has fewer."""


def for_page(options: RowOptions, *, pending: Pending | None = None) -> Exploration:
    """
    Build an exploration with no more clips than a page can carry.

    Parameters
    ----------
    options, pending
        As `explored` takes them.

    Returns
    -------
    Exploration
        A sample where there are more; that is said.

    Raises
    ------
    ExploreError
        As `explored`.
    """
    return _at_most(explored(options, pending=pending), CARRIED)


def explored(
    options: TableOptions,
    *,
    listen: bool = True,
    with_maps: bool = True,
    with_findings: bool = True,
    pending: Pending | None = None,
) -> Exploration:
    """
    Build an exploration, without a layout.

    Parameters
    ----------
    options
        What to explore; an exploration among its data is taken as it is, unless something new is asked of it.
    listen
        Whether to listen to recordings that come without embeddings; otherwise only where there is no score at all.
    with_maps
        Whether maps are wanted.
    with_findings
        Whether findings are.
    pending
        Gathers what is left for later, if it is given: maps that are not computed yet, in whose place the first two
        principal components of the embedding stand, as the columns' descriptions say; and findings and distances where
        there are many clips.

    Returns
    -------
    Exploration
        With all its findings. What could not be computed is absent, and said on stderr.

    Raises
    ------
    ExploreError
        Unreadable source, results that do not fit it, unknown machine type, no clip left.
    """
    definitions = [definition_of(year) for year in options.year]  # first: a typo should not wait for the data
    make_do()
    options = replace(options, data=[one if isinstance(one, Exploration) else clip_table(one) for one in options.data])
    before = _at_hand(options.data)
    audio = options.audio if isinstance(options, RowOptions) else "lazy"
    if before is None:
        with step("reading the data"):
            source = read_sources(options.data, configs=options.config, with_audio=audio != "none")
        for credit in source.credits:
            note(credit.sentence())
    else:
        source = Source(before.given, before.title, before.credits)
    new = (
        options.notes
        or options.scores
        or options.embeddings
        or options.ground_truth
        or options.class_name
        or definitions
    )
    if before is None or new:
        whole = _explored(source, options, audio, listen, with_maps, with_findings, pending)
        # What was in view stays in view.
        shown = whole if before is None else whole.only(whole.frame["clip_id"].isin(before.frame["clip_id"]))
    else:
        shown = before
    if not isinstance(options, RowOptions):
        return shown
    rows = rows_asked_for(shown.frame, options)
    return _at_most(shown if rows is None else shown.only(rows), options.limit)


def _at_most(exploration: Exploration, most: int | None) -> Exploration:
    """So many clips of an exploration, if there are more."""
    if most is None or len(exploration.frame) <= most:
        return exploration
    with step("choosing clips"):
        rows, sentence = sample(exploration.frame, exploration.findings, most)
        note(sentence)
        return replace(exploration.only(rows), sampled=sentence)


def _explored(
    source: Source,
    options: TableOptions,
    audio: str,
    listen: bool,
    with_maps: bool,
    with_findings: bool,
    pending: Pending | None,
) -> Exploration:
    # Before anything is left out, for arrays without names are matched by position in the whole table.
    with step("attaching your own results"):
        frame = attach(
            source.frame, scores=options.scores, embeddings=options.embeddings, ground_truth=options.ground_truth
        )
    if options.year:
        frame = clips.conform(frame.assign(year=int(options.year[0])))
    # Machine types are independent of each other, so the others need not be listened to; splits and domains are not.
    frame = of_machine_types(frame, options.class_name)
    if audio == "all" and "path" in frame:
        with step("fetching recordings"):
            fetch_all(frame["path"].dropna())
    if any(ATTRIBUTE.fullmatch(name) for name in frame.columns):
        with step("putting attributes into words"):
            frame = clips.conform(frame.assign(attributes=clips.attributes_in_words(frame)))
    listen = listen or not members(frame.columns, "anomaly_score_<score>")
    with step("listening and mapping"):
        frame = enrich(frame, listen=listen, with_maps=with_maps, pending=None if pending is None else pending.maps)
    before = _at_hand(options.data)
    file = before.notes_file if before else None
    if options.notes or not file:
        file = Path(options.notes) if options.notes else notes_file(options.data, source.title)
    frame = with_notes(frame, Notes(file, notes_in(frame)).read())
    given = frame
    whole = _scored_before(options.data)
    with step("scoring"):
        scored = score(frame, whole, beside=[definition_of(year) for year in options.year[1:]])
    if pending is not None and with_findings and len(scored.frame) > pending.many:
        with_findings, pending.findings = False, True
    with step("finding"):
        found = find_again(scored.frame) if with_findings else Found(scored.frame, [])
    found.frame.attrs[SCORED] = {**_scored_clips(scored.frame), **whole}
    return Exploration(
        found.frame,
        source.title,
        source.credits,
        scored.models,
        found.findings,
        scored.thresholds,
        found.distances,
        {**scored.descriptions(), **found.descriptions, **in_place_of_maps(pending.maps if pending else ())},
        given,
        file,
        looked=not (pending and pending.findings),
        made=source.made,
    )


def _at_hand(data: Sequence[object]) -> Exploration | None:
    """The exploration that is explored further."""
    return data[0] if len(data) == 1 and isinstance(data[0], Exploration) else None


def _scored_clips(frame: pd.DataFrame) -> dict[str, int]:
    return {name: int(frame[f"auc_cost_{name}"].notna().sum()) for name in members(frame.columns, "auc_cost_<score>")}


def _scored_before(data: Sequence[object]) -> Mapping[str, int]:
    """Of the models of tables at hand that were loaded here: the clips of the whole that each was scored on."""
    known: dict[str, int] = {}
    for one in data:
        if isinstance(one, pd.DataFrame) and isinstance(counts := one.attrs.get(SCORED), dict):
            known.update({name: count for name, count in counts.items() if isinstance(count, int)})
    return known
