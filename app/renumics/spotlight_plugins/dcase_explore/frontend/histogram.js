// The widget `dcase.histogram`: how a score or a distance of the test clips is distributed, by label or domain, and that of
// the training clips as an outline.
import { MODEL_COLOURS } from "./bars.js";
import { lookAll } from "./choice.js";
import { FAINT, TEXT } from "./colours.js";
import { binOf, BINS, Distribution, EDGE } from "./distribution.js";
import { useFacts } from "./facts.js";
import { isSeen, rowsWithout } from "./filters.js";
import { COLOURS } from "./palette.js";
import { counted, Frame, h, Nothing, short, useDataset, useMemo, useSize, useState } from "./parts.js";
import { codeOf, exactly, nameAt } from "./table.js";

const MOST = 6;

/** Values of the test clips by group, those of the training clips, and the range of both. */
function distributed(table, values, rows, key) {
  const { split } = table.columnData, test = codeOf(table, "split", "test"), byName = new Map(), training = [];
  let low = Infinity, high = -Infinity;
  for (const row of rows) {
    const value = values[row];
    if (value === null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (split && split[row] !== test) training.push(value);
    else {
      const name = key ? nameAt(table, key, row) ?? "unknown" : "test";
      if (!byName.has(name)) byName.set(name, []);
      byName.get(name).push(row);
    }
  }
  const order = Object.keys(table.columnsByKey[key]?.type.categories ?? {});
  const groups = [...byName].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).slice(0, MOST)
    .map(([name, rows], i) => ({ name, rows, colour: COLOURS[name] ?? MODEL_COLOURS[i], values: rows.map((row) => values[row]) }));
  return { groups, training, range: [low, high > low ? high : low + 1] };
}

/** Bars to point at, one after the other: what is in each, and its clips selected. */
function Drawn({ words, values, groups, training, range, row }) {
  const [ref, [width, height]] = useSize(), [at, setAt] = useState(null);
  const wide = (width - EDGE.left - EDGE.right) / BINS, edge = (bin) => range[0] + (bin / BINS) * (range[1] - range[0]);
  const pick = (bin) => {
    setAt(bin);
    const its = groups.flatMap((group) => group.rows.filter((row) => binOf(values[row], range) === bin && isSeen(row)));
    if (its.length) lookAll(its);
  };
  const onKeyDown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if ((!by && event.key !== "Enter") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (by) setAt(at === null ? 0 : Math.min(BINS - 1, Math.max(0, at + by)));
    else if (at !== null) pick(at);
  };
  const place = row === undefined ? -1 : binOf(values[row], range);
  const said = at === null ? "" : `${short(edge(at))} to ${short(edge(at + 1))}: ` +
    groups.map(({ name, values: its }) => `${its.filter((value) => binOf(value, range) === at).length} ${name}`).join(", ");
  const summary = [...groups.map(({ name, values: its }) => counted(its.length, `${name} clip`)), training.length && counted(training.length, "training clip")].filter(Boolean).join(", ");
  return h("div", { ref, style: { height: "100%", minHeight: 120, overflow: "hidden", position: "relative" } },
    width > 80 && h("svg", {
      width, height: height - 18, role: "group", tabIndex: 0, onKeyDown, style: { display: "block", cursor: "pointer" },
      "aria-label": `Histogram of ${words}: ${summary}. Left and right go through the bars, Enter selects a bar's clips.`,
      onClick: (event) => pick(Math.min(BINS - 1, Math.max(0, Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - EDGE.left) / wide)))),
    },
    at !== null && h("rect", { x: EDGE.left + at * wide, y: EDGE.top, width: wide, height: Math.max(0, height - 18 - EDGE.top - EDGE.bottom), fill: "#dcebf7" }),
    h(Distribution, { groups, training, range, width, height: height - 18, words }),
    place >= 0 && h("path", { d: `M${EDGE.left + ((values[row] - range[0]) / (range[1] - range[0])) * wide * BINS} ${height - 18 - EDGE.bottom}l-5 8h10z`, fill: TEXT }, h("title", null, "the clip in the inspector"))),
    h("div", { role: "status", style: { color: FAINT, fontSize: 11, height: 18, whiteSpace: "nowrap", overflow: "hidden" } },
      said || (place >= 0 ? `▲ the clip that is looked at: ${short(values[row])}` : "")));
}

export function HistogramWidget() {
  const facts = useFacts();
  const [columns, columnsByKey, columnData, filteredIndices, selected] = ["columns", "columnsByKey", "columnData", "filteredIndices", "selectedIndices"]
    .map((key) => useDataset((state) => state[key]));
  const [column] = globalThis.spotlight.useWidgetConfig("columnKey", null), [by] = globalThis.spotlight.useWidgetConfig("stackByColumnKey", null);
  const table = useMemo(() => ({ columns, columnsByKey, columnData }), [columns, columnsByKey, columnData]);
  // A finding's clips are marked among the others, which tell how high is high.
  const rows = useMemo(() => rowsWithout("finding", useDataset.getState()), [filteredIndices]);
  const values = exactly(table, column, facts), words = columnsByKey[column]?.name ?? column;
  const { groups, training, range } = useMemo(() => distributed(table, values ?? [], rows, columnsByKey[by] && by), [table, values, rows, by]);
  if (!facts) return h(Frame, { label: "Histogram" });
  if (!groups.length && !training.length) return h(Frame, { label: "Histogram" }, h(Nothing, null, "No clip here has a value."));
  return h(Frame, { label: `Histogram of ${words}` }, h(Drawn, { words, values, groups, training, range, row: selected[0] }));
}
HistogramWidget.key = "dcase.histogram";
HistogramWidget.defaultName = "Histogram";
HistogramWidget.icon = () => h("span", { "aria-hidden": true, style: { fontWeight: 700 } }, "▂");
