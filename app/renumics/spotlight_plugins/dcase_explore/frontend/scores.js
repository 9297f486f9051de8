// The widget `dcase.scores`: the official numbers of the clips that the page's filters leave, ROC, threshold.
import { useChoice } from "./choice.js";
import { CHOSEN, DOMAINS, FAINT, LINE, WORST } from "./colours.js";
import { Histogram, Roc } from "./curves.js";
import { useFacts, useIntervals } from "./facts.js";
import { chosenMachine, isSet, rowsWithout, showAllMachines, showCategory } from "./filters.js";
import { ascending, averageOf, decided, officialScore, sectionMetrics, SINCE_2022, terms } from "./metrics.js";
import { counted, Frame, h, metric, Nothing, short, TextButton, useDataset, useEffect, useMemo, useSize, useState } from "./parts.js";
import { codeOf, labelledTest, modelInWords, modelsOf, scoresOf, sectionsOf } from "./table.js";

const VIEWS = { numbers: "Numbers", curves: "Curves and threshold" };
const DECISIONS = 340, ALL_BESIDE = 760, BESIDE = 440; // pixels: the room that parts take
const LEAST = 130, ENOUGH = 240, MOST = 340; // pixels: a drawing's height
/** Pixels above and below the drawings. */
const around = (width) => (width > ALL_BESIDE ? 35 : 110);

const WORDS = {
  auc: "AUC", auc_source: "AUC source", auc_target: "AUC target", pauc: "pAUC", pauc_source: "pAUC source", pauc_target: "pAUC target",
};

/** Ascending scores of a section's clips that have one: its normals, anomalies, and both by domain. */
export function groupsOf(table, scores, rows) {
  const { label, domain } = table.columnData;
  const anomaly = codeOf(table, "label", "anomaly"), source = codeOf(table, "domain", "source"), target = codeOf(table, "domain", "target");
  // Room for all in each: there may be a hundred thousand, and lists that grow take several times as long.
  const group = () => ({ values: new Float64Array(rows.length), count: 0 });
  const normals = [group(), group(), group()], anomalies = [group(), group(), group()]; // all, source, target
  for (const row of rows) {
    const score = scores[row];
    if (score === null || Number.isNaN(score)) continue;
    const its = label[row] === anomaly ? anomalies : normals, code = domain ? domain[row] : -1;
    its[0].values[its[0].count++] = score;
    const part = code < 0 ? null : code === source ? its[1] : code === target ? its[2] : null;
    if (part) part.values[part.count++] = score;
  }
  const [[all, ofSource, ofTarget], [anomalous, anomalousSource, anomalousTarget]] = [normals, anomalies]
    .map((those) => those.map(({ values, count }) => values.slice(0, count).sort()));
  return { normals: all, anomalies: anomalous, source: ofSource, target: ofTarget, anomaliesOf: { source: anomalousSource, target: anomalousTarget } };
}

/** Every model's numbers on every section of the rows left: [{model, sections: [{name, machine, …metrics}], omega, terms, worst}]. */
export function scoredModels(table, rows, facts) {
  const sections = sectionsOf(table, labelledTest(table, rows));
  return modelsOf(table.columns).map((model) => {
    const scores = scoresOf(table, model, facts), definition = facts?.definitions?.[model] ?? SINCE_2022;
    const its = sections.map((section) => {
      const groups = groupsOf(table, scores, section.rows);
      return { ...section, groups, clips: groups.normals.length + groups.anomalies.length, ...sectionMetrics(groups, definition.own_anomalies) };
    });
    const scored = its.filter((section) => section.clips);
    const omega = officialScore(scored, definition), costs = terms(scored, definition).map((term) => ({ ...term, of: scored[term.section] }));
    const lowest = costs.reduce((low, term) => (low && low.value <= term.value ? low : term), null);
    return { model, words: modelInWords(table, model), definition, sections: its, scored, omega, terms: costs, worst: costs.length > 2 && lowest.omega > omega ? lowest : null };
  }).filter(({ scored }) => scored.length);
}

/** Threshold that the decisions in the table follow; the median score where no one threshold does. */
export function thresholdOf(table, model, scores, rows, all) {
  const prediction = table.columnData[`prediction_${model}`];
  const called = codeOf(table, `prediction_${model}`, "anomaly"), passed = codeOf(table, `prediction_${model}`, "normal");
  let highest = -Infinity, lowest = Infinity;
  if (prediction)
    for (const row of rows) {
      if (prediction[row] === passed && scores[row] > highest) highest = scores[row];
      if (prediction[row] === called && scores[row] < lowest) lowest = scores[row];
    }
  if (Number.isFinite(highest) && highest < lowest) return { value: highest, given: true };
  return { value: all[all.length >> 1], given: false };
}

/** The interval of a number that the page shows, if it is that of all clips. */
const sure = (interval, value) => (interval && value !== null && Math.abs(interval.value - value) < 1e-9 ? interval : null);
const ends = ({ low, high }, word = metric) => `${word(low)} to ${word(high)}`;
const signed = (value) => `${value < 0 ? "−" : "+"}${metric(Math.abs(value))}`;

function Numbers({ models, chosen, onChoose, place, onPlace, machine, intervals }) {
  const cell = { padding: "1px 6px", textAlign: "right", borderBottom: `1px solid ${LINE}`, whiteSpace: "nowrap" };
  const names = [...new Map(models.flatMap(({ sections }) => sections).map((its) => [its.name, its])).values()];
  const columnsOf = ({ definition }) => [...definition.numbers, "omega"];
  const first = (its, name) => (name === its.definition.numbers[0] ? `2px solid ${LINE}` : undefined);
  const value = (its, section, name) => (name === "omega" ? officialScore([section], its.definition) : section[name]);
  const of = (model) => intervals?.models?.[model];
  const within = (its, section, name) => {
    const found = sure(of(its.model)?.numbers.find((one) => one.metric === name && one.class === section.machine && (one.section ?? null) === (Number.isFinite(section.section) ? section.section : null)), section[name]);
    return found && `95 % interval ${ends(found)}`;
  };
  // The button goes; whoever pressed it by a key is at the machine type that was shown.
  const showAll = (event) => { event.currentTarget.closest("table").querySelector("tbody button")?.focus(); showAllMachines(); };
  return h("table", { style: { borderCollapse: "collapse", fontVariantNumeric: "tabular-nums" }, "aria-label": "Official score by machine type" },
    h("thead", null,
      h("tr", null,
        h("td", { rowSpan: 2, style: cell },
          machine !== null && h(TextButton, { onClick: showAll, title: "Take the filter by machine type away" }, "all machine types")),
        models.map(({ model, words, definition }) => h("th", { key: model, colSpan: definition.numbers.length + 1, scope: "colgroup", style: { ...cell, textAlign: "center", borderLeft: `2px solid ${LINE}` } },
          h(TextButton, { pressed: model === chosen, onClick: () => onChoose(model), title: `Curves and threshold of ${model}`, style: { maxWidth: 220, overflow: "hidden", textOverflow: "ellipsis" } }, words)))),
      h("tr", null, models.flatMap((its) => columnsOf(its).map((name) =>
        h("th", { key: its.model + name, scope: "col", style: { ...cell, fontWeight: 400, color: FAINT, borderLeft: first(its, name), maxWidth: 90, whiteSpace: name === "omega" ? "normal" : "nowrap" } },
          name === "omega" ? its.definition.symbol : WORDS[name]))))),
    h("tbody", null, names.map((row) =>
      h("tr", { key: row.name, "data-section": row.name, style: { cursor: "pointer", background: row.name === place ? CHOSEN : undefined },
        onClick: () => { onPlace(row.name); if (machine === null) showCategory("class", row.code); } },
      h("th", { scope: "row", style: { ...cell, textAlign: "left" } },
        h("button", { type: "button", style: { textDecoration: "underline dotted", cursor: "pointer" }, title: `Show ${row.machine ?? "these"} alone` }, row.name)),
      models.flatMap((its) => {
        const section = its.sections.find(({ name }) => name === row.name);
        return columnsOf(its).map((name) => {
          const lowest = its.worst && its.worst.of === section && its.worst.name === name, shown = section ? value(its, section, name) : null;
          return h("td", {
            key: its.model + name, "data-metric": name, "data-model": its.model, "data-value": shown ?? "",
            title: (section && within(its, section, name)) ?? undefined,
            "aria-label": lowest ? `${metric(shown)}, the lowest of ${its.words}` : undefined,
            style: { ...cell, background: lowest ? WORST : undefined, fontWeight: lowest ? 700 : 400, borderLeft: first(its, name) },
          }, lowest ? `▼ ${metric(shown)}` : metric(shown));
        });
      })))),
    h("tfoot", null, h("tr", null,
      h("th", { scope: "row", style: { ...cell, textAlign: "left" }, title: "Over what is defined above" }, models.every(({ definition }) => definition.has_domains) ? "harmonic mean" : "mean"),
      models.flatMap((its) => columnsOf(its).map((name) => {
        const { model, scored, omega, definition } = its;
        const shown = name === "omega" ? omega : averageOf(scored.map((one) => one[name]).filter((one) => one !== null), definition);
        return h("td", { key: model + name, "data-metric": name, "data-model": model, "data-total": "", "data-value": shown ?? "",
          style: { ...cell, fontWeight: 700, borderLeft: first(its, name) } }, metric(shown));
      }))),
      h("tr", null,
        h("th", { scope: "row", style: { ...cell, textAlign: "left", fontWeight: 400, color: FAINT }, title: "Of the official score of all clips: they are drawn anew within section, domain and label" }, "95 % interval"),
        models.map(({ model, definition, omega }) => {
          const found = sure(of(model)?.official_score, omega);
          return h("td", { key: model, colSpan: definition.numbers.length + 1, "data-interval": model, style: { ...cell, color: FAINT, borderLeft: `2px solid ${LINE}` } }, found ? ends(found) : "\u00a0");
        }))));
}

/** What each number costs, what would bring most first; folded away. */
const Terms = ({ models }) => h("details", { "aria-label": "What each number costs" },
  h("summary", { style: { cursor: "pointer", color: FAINT } }, "What each number costs"),
  models.filter((one) => one.terms.length).map((one) => h("section", { key: one.model, "aria-label": `What costs ${one.words}` },
    h("h3", { style: { fontWeight: 700, marginTop: 4 } }, one.words),
    h("ol", { style: { fontVariantNumeric: "tabular-nums" } }, one.terms.map((term) => h("li", { key: `${term.section} ${term.name}` },
      `${term.of.name} ${WORDS[term.name]} ${metric(term.value)}: at the median of the others (${metric(term.median)}) ${one.definition.symbol} would be ${metric(term.omega)}, ${signed(term.omega - one.omega)}`))))));

const Decisions = ({ groups, threshold }) => {
  const cell = { padding: "1px 5px", textAlign: "right", whiteSpace: "nowrap" };
  const rows = [
    ...["source", "target"].map((name) => [name, decided(groups[name], groups.anomaliesOf[name], threshold)]),
    ["all", decided(groups.normals, groups.anomalies, threshold)],
  ].filter(([name, its]) => name === "all" || its.normals || its.anomalies);
  return h("table", { "aria-label": "What the threshold decides", style: { fontVariantNumeric: "tabular-nums" } },
    h("thead", null, h("tr", null, h("td"), ["precision", "recall", "F1", "false alarms"].map((word) =>
      h("th", { key: word, scope: "col", style: { ...cell, fontWeight: 400, color: FAINT } }, word)))),
    h("tbody", null, rows.map(([name, its]) => h("tr", { key: name, "data-decided": name },
      h("th", { scope: "row", style: { ...cell, textAlign: "left", color: DOMAINS[name] } }, name),
      [its.precision, its.recall, its.f1].map((value, i) => h("td", { key: i, style: cell }, metric(value))),
      h("td", { style: cell }, its.normals ? `${its.falseAlarms} of ${its.normals}` : "–")))));
};

function Curves({ table, facts, rows, its, section, height }) {
  const [moved, setMoved] = useState(null), [ref, [width]] = useSize();
  const { model } = its, { groups } = section;
  const scores = scoresOf(table, model, facts);
  const every = useMemo(() => ascending([...groups.normals, ...groups.anomalies]), [groups]);
  const training = useMemo(() => {
    const { split, class: machines, section: numbers } = table.columnData, code = codeOf(table, "split", "train");
    const its = rows.filter((row) => split?.[row] === code && machines[row] === section.code &&
      (section.section === null || numbers[row] === section.section) && !Number.isNaN(scores[row]));
    return Array.from(its, (row) => scores[row]);
  }, [rows, section, scores]);
  const start = useMemo(() => thresholdOf(table, model, scores, section.rows, every), [section, model, every]);
  const key = `${model}/${section.name}`, threshold = moved?.key === key ? moved.value : start.value;
  const onChange = (value) => setMoved({ key, value });
  const against = (name) => (its.definition.own_anomalies ? groups.anomaliesOf[name] : groups.anomalies);
  const roc = (its.definition.has_domains ? ["source", "target"] : []).filter((name) => groups[name].length && against(name).length)
    .map((name) => ({ name, word: `${name} ${metric(section[`auc_${name}`])}`, colour: DOMAINS[name], normals: groups[name], anomalies: against(name) }));
  if (!roc.length && groups.normals.length && groups.anomalies.length)
    roc.push({ name: "all", word: `AUC ${metric(section.auc)}`, colour: "#333", normals: groups.normals, anomalies: groups.anomalies });
  const all = { normals: groups.normals, anomalies: groups.anomalies };
  // Beside each other where there is room, with what the threshold decides beside them as well.
  const wide = width - (width > ALL_BESIDE ? DECISIONS : 0), each = Math.max(200, Math.min(380, (wide - 16) / (width > 416 ? 2 : 1)));
  return h("div", { ref, style: { flex: "1 1 0", minWidth: 240 } },
    h("div", { style: { fontWeight: 700 } }, `${section.name} · ${its.words}`),
    h("div", { style: { display: "flex", flexWrap: "wrap", gap: 8 } },
    !roc.length ? h(Nothing, null, "Both normals and anomalies are needed for a curve.") : width > 0 && [
        h(Roc, { key: "roc", groups: roc, all, scores: every, threshold, onChange, width: each, height }),
        h(Histogram, { key: "histogram", all, training, scores: every, threshold, onChange, width: each, height })],
    h("div", null,
      h("div", { style: { display: "flex", gap: 6 } },
        h("div", { "data-threshold": threshold }, `flagged above ${short(threshold)}`),
        h("div", { style: { color: FAINT } }, moved?.key === key ? h(TextButton, { onClick: (event) => { event.currentTarget.closest("section").querySelector("[role=slider]").focus(); setMoved(null); }, title: "Back to where the threshold was" }, "back") :
          start.given ? "the threshold of the decisions" : "the median score")),
      h(Decisions, { groups, threshold }))));
}

/** Numbers and curves beside or below each other; where the widget has no room for that, one of them at a time. */
function Both({ numbers, curves }) {
  const [whole, [width, height]] = useSize(), [first, [wide, high]] = useSize(), [view, setView] = useState("numbers");
  // Below the numbers where drawings are of a good size there, beside them where there is room for any.
  const left = height - high - 16 - around(width), beside = wide + BESIDE <= width && left < ENOUGH, together = beside || left >= LEAST;
  const hidden = !together && view !== "numbers", room = beside ? height - around(0) - 20 : hidden ? height - 32 - around(width) : left;
  return h("div", { ref: whole, style: { height: "100%" } },
    !together && width > 0 && h("div", { role: "group", "aria-label": "What is shown", style: { marginBottom: 6 } }, Object.entries(VIEWS).map(([key, word]) =>
      h(TextButton, { key, pressed: key === view, onClick: () => setView(key), style: { marginRight: 4 } }, word))),
    h("div", { style: { display: "flex", flexDirection: beside ? "row" : "column", gap: together ? 16 : 0 } },
      // What is hidden keeps its size: by that it is known when there is room again.
      h("div", { style: hidden ? { height: 0, overflow: "hidden", visibility: "hidden" } : { maxWidth: "100%" } },
        h("div", { ref: first, style: { width: "max-content", maxWidth: "100%", overflowX: "auto" } }, numbers)),
      (together || hidden) && curves(Math.max(LEAST, Math.min(MOST, room)))));
}

export function Scores() {
  const facts = useFacts(), intervals = useIntervals();
  const [columns, columnsByKey, columnData, filteredIndices, filters] = ["columns", "columnsByKey", "columnData", "filteredIndices", "filters"]
    .map((key) => useDataset((state) => state[key]));
  // A finding's clips alone have no score: it is of the clips that it was found in.
  const rows = useMemo(() => rowsWithout("finding", useDataset.getState()), [filteredIndices]);
  const table = useMemo(() => ({ columns, columnsByKey, columnData }), [columns, columnsByKey, columnData]);
  const models = useMemo(() => (facts ? scoredModels(table, rows, facts) : []), [table, rows, facts]);
  const [column, setColumn] = globalThis.spotlight.useWidgetConfig("scoreColumn", null);
  const [place, setPlace] = useState(null), { finding } = useChoice();
  useEffect(() => setPlace(null), [finding?.title]);
  if (!facts) return h(Frame, { label: "Scores" });
  const its = models.find(({ model }) => `anomaly_score_${model}` === column) ?? models[0];
  if (!its)
    return h(Frame, { label: "Scores" }, h(Nothing, null, modelsOf(columns).length
      ? "No test clip here has both a score and a label." : "There is no anomaly score in this data."));
  const about = columnData.class?.[finding?.rows[0]];
  const section = its.scored.find(({ name }) => name === place) ?? its.scored.find(({ code }) => code === about) ?? its.worst?.of ?? its.scored[0];
  // Of the best with each other; until it is known there is room for it, so that nothing moves.
  const best = models.reduce((high, one) => (one.omega > (high?.omega ?? -1) ? one : high), null);
  const inWords = (name) => models.find(({ model }) => model === name)?.words ?? name;
  const shown = (name) => sure(intervals.models?.[name]?.official_score, models.find(({ model }) => model === name)?.omega ?? null);
  const differences = intervals === null ? models.slice(1).map(({ model }) => ({ model })) : (intervals.differences ?? [])
    .filter(({ model, other }) => [model, other].includes(best?.model) && shown(model) && shown(other));
  const clips = its.scored.reduce((sum, one) => sum + one.clips, 0);
  const numbers = [
    h(Numbers, { key: "numbers", models, chosen: its.model, onChoose: (model) => setColumn(`anomaly_score_${model}`), place: section.name, onPlace: setPlace, machine: chosenMachine(filters), intervals }),
    h("ul", { key: "words", style: { color: FAINT, fontSize: 12, marginTop: 4, width: 0, minWidth: "100%" } }, // as wide as the table
      h("li", null, `${counted(clips, "labelled test clip")} that the filters leave${isSet("finding") ? ", the finding's aside" : ""}.`),
      differences.map((one) => h("li", { key: `${one.model} ${one.other}`, "data-difference": one.model }, one.other === undefined ? "\u00a0" :
        `${inWords(one.model)} less ${inWords(one.other)}: ${signed(one.value)}, 95 % interval ${ends(one, signed)}${one.low <= 0 && one.high >= 0 ? "" : ", which chance does not explain"}.`)),
      models.map((one) => one.worst && one.scored.length > 1 && h("li", { key: one.model },
        `${one.words}: lowest is ${one.worst.of.name}, ${WORDS[one.worst.name]} ${metric(one.worst.value)}; at the median of the others (${metric(one.worst.median)}) ${one.definition.symbol} would be ${metric(one.worst.omega)}.`))),
    models.some((one) => one.terms.length) && h(Terms, { key: "terms", models })];
  return h(Frame, { label: "Scores" }, h(Both, { numbers, curves: (height) => h(Curves, { table, facts, rows, its, section, height }) }));
}
Scores.key = "dcase.scores";
Scores.defaultName = "Scores";
Scores.icon = () => h("span", { "aria-hidden": true, style: { fontWeight: 700 } }, "Ω");
