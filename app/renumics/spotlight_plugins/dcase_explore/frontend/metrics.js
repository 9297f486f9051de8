// The challenge's metrics of one section, by the definitions of DCASE Task 2 since 2022: the same numbers as the
// Python package's `scoring.metrics`. Scores: higher is more anomalous. All in O(n log n).

export const MAX_FPR = 0.1;
export const OFFICIAL = ["auc_source", "auc_target", "pauc"];

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

/** Area under the ROC up to a false-positive rate, standardised after McClish (chance is 0.5); null with one class. */
export function partialAuc(normals, anomalies, maxFpr = MAX_FPR) {
  if (!normals.length || !anomalies.length) return null;
  const { fpr, tpr } = roc(normals, anomalies);
  let area = 0, point = 1;
  for (; point < fpr.length && fpr[point] <= maxFpr; point++)
    area += ((fpr[point] - fpr[point - 1]) * (tpr[point] + tpr[point - 1])) / 2;
  if (point < fpr.length) {
    const [x, y] = [fpr[point - 1], tpr[point - 1]];
    const atStop = y + ((tpr[point] - y) * (maxFpr - x)) / (fpr[point] - x);
    area += ((maxFpr - x) * (y + atStop)) / 2;
  }
  const chance = maxFpr ** 2 / 2;
  return (1 + (area - chance) / (maxFpr - chance)) / 2;
}

/** Metrics of one section from the ascending scores of its `normals`, `anomalies` and its normals by domain. */
export const sectionMetrics = ({ normals, anomalies, source, target }) => ({
  auc: auc(normals, anomalies),
  auc_source: auc(source, anomalies),
  auc_target: auc(target, anomalies),
  pauc: partialAuc(normals, anomalies),
});

export function harmonicMean(values) {
  if (!values.length) return null;
  return values.includes(0) ? 0 : values.length / values.reduce((sum, value) => sum + 1 / value, 0);
}

/** Ω: harmonic mean of all that is defined of the sections; null where no domain's AUC is, for pAUC alone is another. */
export function officialScore(sections) {
  const defined = (names) => sections.flatMap((its) => names.map((name) => its[name])).filter((value) => value !== null);
  return defined(OFFICIAL.slice(0, 2)).length ? harmonicMean(defined(OFFICIAL)) : null;
}

/**
 * The lowest of all numbers, and what Ω would be if it were their median.
 * Returns {section (its index), name, value, median, omega}, or null where there are fewer than three numbers.
 */
export function worst(sections) {
  const all = sections.flatMap((its, section) =>
    OFFICIAL.filter((name) => its[name] !== null).map((name) => ({ section, name, value: its[name] })));
  if (all.length < 3 || officialScore(sections) === null) return null;
  const sorted = all.map(({ value }) => value).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const lowest = all.reduce((low, its) => (its.value < low.value ? its : low));
  const raised = sections.map((its, section) => (section === lowest.section ? { ...its, [lowest.name]: median } : its));
  return { ...lowest, median, omega: officialScore(raised) };
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
