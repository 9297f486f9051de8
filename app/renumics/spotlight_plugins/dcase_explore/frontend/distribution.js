// How the values of clips are distributed: bars per group, the training clips as an outline over them.
import { FAINT, LINE } from "./colours.js";
import { Fragment, h, short, useMemo } from "./parts.js";

export const EDGE = { left: 34, right: 8, top: 6, bottom: 30 };
export const BINS = 40;

export const text = (x, y, children, more) => h("text", { x, y, fontSize: 11, fill: FAINT, ...more }, children);

/** Which of the bins of a range a value lies in; -1 where it is outside. */
export const binOf = (value, [low, high]) => (value >= low && value <= high ? Math.min(BINS - 1, Math.floor(((value - low) / (high - low || 1)) * BINS)) : -1);

function binned(values, range) {
  const bins = new Array(BINS).fill(0);
  for (const value of values) {
    const bin = binOf(value, range);
    if (bin >= 0) bins[bin]++;
  }
  return bins;
}

/** Bars of groups [{name, colour, values}] side by side, with axes and legend, to be put into an svg. */
export function Distribution({ groups, training, range, width, height, words }) {
  const [low, high] = range, inner = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  const { bars, before, most } = useMemo(() => {
    const bars = groups.map(({ values }) => binned(values, range)), before = binned(training, range);
    const most = Math.max(1, ...bars.flat()), scale = most / Math.max(1, ...before);
    return { bars, before: before.map((count) => count * scale), most };
  }, [groups, training, low, high]);
  const y = (count) => EDGE.top + (1 - count / most) * inner[1], wide = inner[0] / BINS, each = wide / groups.length;
  const outline = before.flatMap((count, i) => [[i * wide, count], [(i + 1) * wide, count]]);
  const right = EDGE.left + inner[0];
  return h(Fragment, null,
    groups.map(({ name, colour }, group) => bars[group].map((count, i) => count > 0 && h("rect", {
      key: `${name} ${i}`, x: EDGE.left + i * wide + group * each, y: y(count), width: Math.max(1, each - 0.5), height: y(0) - y(count), fill: colour,
      "data-bar": name, "data-count": count,
    }))),
    training.length > 0 && h("polyline", {
      fill: "none", stroke: FAINT, "data-outline": "", points: outline.map(([px, count]) => `${(EDGE.left + px).toFixed(1)},${y(count).toFixed(1)}`).join(" "),
    }),
    h("line", { x1: EDGE.left, x2: right, y1: y(0), y2: y(0), stroke: LINE }),
    text(EDGE.left - 4, y(0) + 2, 0, { textAnchor: "end" }), text(EDGE.left - 4, y(most) + 8, most, { textAnchor: "end" }),
    [0, 0.5, 1].map((part) => text(EDGE.left + part * inner[0], y(0) + 12, short(low + part * (high - low)),
      { key: part, textAnchor: part === 0 ? "start" : part === 1 ? "end" : "middle" })),
    text(EDGE.left + inner[0] / 2, height - 5, words, { textAnchor: "middle" }),
    groups.map(({ name, colour }, i) => text(right - 2, EDGE.top + 10 + 14 * i, `■ ${name}`, { key: name, textAnchor: "end", fill: colour, fontWeight: 600 })),
    training.length > 0 && text(right - 2, EDGE.top + 10 + 14 * groups.length, "▁▂ training, to scale", { textAnchor: "end" }));
}
