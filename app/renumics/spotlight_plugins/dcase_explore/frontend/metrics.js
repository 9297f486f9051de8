// The challenge's metrics of one section, and its official score by the definition of a year: the same numbers as the
// Python package's `scoring`. Scores: higher is more anomalous. All in O(n log n).

export const MAX_FPR = 0.1;

/** The definition where nothing else is said; those of other years come with the facts. */
export const SINCE_2022 = { symbol: "Ω", numbers: ["auc_source", "auc_target", "pauc"], own_anomalies: false, has_domains: true };

/** Scores of one group of clips, ascending; `Float64Array` sorts by number, unlike `Array`. */
export const ascending = (scores) => Float64Array.from(scores).sort();

/** AUC of normals against anomalies, both ascending: the share of pairs in order, ties one half; null without a pair. */
export function auc(normals, anomalies) {
  if (!normals.length || !anomalies.length) return null;
  let below = 0, upTo = 0, inOrder = 0;
  for (const score of anomalies) {
    while (below < normals.length && normals[below] < score) below++;
    if (upTo < below) upTo = below;
    while (upTo < normals.length && normals[upTo] === score) upTo++;
    inOrder += below + (upTo - below) / 2;
  }
  return inOrder / (normals.length * anomalies.length);
}

/**
 * ROC curve: a point per distinct score, from the highest down, with what is flagged from that score on.
 * `scores[i]` is the lowest score flagged at point i; Infinity at the first, where nothing is.
 */
export function roc(normals, anomalies) {
  const fpr = [0], tpr = [0], scores = [Infinity];
  let alarms = normals.length, hits = anomalies.length;
  while (alarms || hits) {
    const score = Math.max(alarms ? normals[alarms - 1] : -Infinity, hits ? anomalies[hits - 1] : -Infinity);
    while (alarms && normals[alarms - 1] === score) alarms--;
    while (hits && anomalies[hits - 1] === score) hits--;
    fpr.push((normals.length - alarms) / normals.length);
    tpr.push((anomalies.length - hits) / anomalies.length);
    scores.push(score);
  }
  return { fpr, tpr, scores };
}

/**
 * Area under the ROC up to a false-positive rate, standardised after McClish (chance is 0.5); null with one class.
 * It goes along the curve, from the highest score down, as far as that rate and no further.
 */
export function partialAuc(normals, anomalies, maxFpr = MAX_FPR) {
  if (!normals.length || !anomalies.length) return null;
  let alarms = normals.length, hits = anomalies.length, area = 0, x = 0, y = 0;
  while (x < maxFpr && (alarms || hits)) {
    const score = Math.max(alarms ? normals[alarms - 1] : -Infinity, hits ? anomalies[hits - 1] : -Infinity);
    while (alarms && normals[alarms - 1] === score) alarms--;
    while (hits && anomalies[hits - 1] === score) hits--;
    const fpr = (normals.length - alarms) / normals.length, tpr = (anomalies.length - hits) / anomalies.length;
    const to = Math.min(fpr, maxFpr), height = fpr > maxFpr ? y + ((tpr - y) * (maxFpr - x)) / (fpr - x) : tpr;
    area += ((to - x) * (y + height)) / 2;
    [x, y] = [to, height];
  }
  const chance = maxFpr ** 2 / 2;
  return (1 + (area - chance) / (maxFpr - chance)) / 2;
}

/**
 * Metrics of one section from the ascending scores of its `normals`, its `anomalies`, its normals by domain (`source`,
 * `target`) and its anomalies by domain (`anomaliesOf`). `own`: rank a domain's normals against its own anomalies.
 */
export function sectionMetrics({ normals, anomalies, source, target, anomaliesOf }, own = false) {
  return {
    auc: auc(normals, anomalies), pauc: partialAuc(normals, anomalies),
    auc_source: auc(source, own ? anomaliesOf.source : anomalies), auc_target: auc(target, own ? anomaliesOf.target : anomalies),
    pauc_source: partialAuc(source, anomaliesOf.source), pauc_target: partialAuc(target, anomaliesOf.target),
  };
}

const meanOf = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);

export function harmonicMean(values) {
  if (!values.length) return null;
  return values.includes(0) ? 0 : values.length / values.reduce((sum, value) => sum + 1 / value, 0);
}

const defined = (sections, names) => sections.flatMap((its) => names.map((name) => its[name])).filter((value) => value !== null);

/** How a definition averages one number over sections. */
export const averageOf = (values, { has_domains: hasDomains }) => (hasDomains ? harmonicMean(values) : meanOf(values));

/** The official score of sections (with their `machine`), over what is defined; null where no AUC is. */
export function officialScore(sections, definition = SINCE_2022) {
  const { numbers } = definition;
  if (!defined(sections, numbers.filter((name) => name.startsWith("auc"))).length) return null;
  if (definition.has_domains) return harmonicMean(defined(sections, numbers));
  const machines = [...new Set(sections.map(({ machine }) => machine))];
  return meanOf(machines.flatMap((machine) => numbers.map((name) => meanOf(defined(sections.filter((its) => its.machine === machine), [name]))))
    .filter((value) => value !== null));
}

function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What each number costs: what the official score would be, were it at the median of the others, what would bring most
 * first: [{section (its index), name, value, median, omega}]; none where there is no official score or one number only.
 */
export function terms(sections, definition = SINCE_2022) {
  const all = sections.flatMap((its, section) =>
    definition.numbers.filter((name) => its[name] !== null).map((name) => ({ section, name, value: its[name] })));
  if (all.length < 2 || officialScore(sections, definition) === null) return [];
  return all.map((term) => {
    const median = medianOf(all.filter((other) => other !== term).map(({ value }) => value));
    const changed = sections.map((its, section) => (section === term.section ? { ...its, [term.name]: median } : its));
    return { ...term, median, omega: officialScore(changed, definition) };
  }).sort((a, b) => b.omega - a.omega);
}

/** How many of ascending scores lie above a threshold. */
export function above(scores, threshold) {
  let low = 0, high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] > threshold) high = middle;
    else low = middle + 1;
  }
  return scores.length - low;
}

/** What a threshold (clips that score above it are flagged) does to one group of normals and anomalies. */
export function decided(normals, anomalies, threshold) {
  const falseAlarms = above(normals, threshold), hits = above(anomalies, threshold), alarms = falseAlarms + hits;
  const known = anomalies.length > 0;
  return {
    normals: normals.length, anomalies: anomalies.length, falseAlarms, hits,
    // As in the official tables, precision is 0 where nothing is flagged.
    precision: !known ? null : alarms ? hits / alarms : 0,
    recall: known ? hits / anomalies.length : null,
    f1: known ? (2 * hits) / (alarms + anomalies.length) : null,
  };
}
