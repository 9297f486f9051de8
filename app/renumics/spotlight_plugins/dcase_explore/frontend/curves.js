// ROC per domain and histogram of the scores, with the decision threshold as a line that can be moved in both.
import { ANOMALY, FAINT, LINE, NORMAL, PALE, TEXT } from "./colours.js";
import { above, MAX_FPR, roc } from "./metrics.js";
import { h, short, useMemo, useRef } from "./parts.js";

const EDGE = { left: 34, right: 8, top: 6, bottom: 30 };
const MOST_POINTS = 800;
const BINS = 40;

const text = (x, y, children, more) => h("text", { x, y, fontSize: 11, fill: FAINT, ...more }, children);

/** Every so many points of a curve, its last among them: no screen shows more. */
function thinned({ fpr, tpr }) {
  const step = Math.max(1, Math.ceil(fpr.length / MOST_POINTS));
  return fpr.map((x, i) => [x, tpr[i]]).filter((_, i) => i % step === 0 || i === fpr.length - 1);
}

/** The threshold just below the next score up or down: each step changes what is flagged. */
export function stepped(scores, threshold, by) {
  const upTo = scores.length - above(scores, threshold);
  if (by > 0) {
    const next = scores[upTo];
    return next === undefined ? threshold : next;
  }
  // The highest score that is not flagged; below it, the one before is the threshold.
  let place = upTo - 1;
  while (place > 0 && scores[place - 1] === scores[place]) place--;
  return place > 0 ? scores[place - 1] : place === 0 ? scores[0] - Math.max(1e-12, Math.abs(scores[0]) * 1e-6) : threshold;
}

/** What makes a line a slider for mouse, keyboard and screen reader. */
function useSlider({ scores, threshold, onChange, toThreshold, label }) {
  const svg = useRef(null);
  const at = (event) => {
    const box = svg.current.getBoundingClientRect();
    onChange(toThreshold(event.clientX - box.left, event.clientY - box.top));
  };
  return {
    svg,
    drag: {
      onPointerDown: (event) => { event.currentTarget.setPointerCapture(event.pointerId); at(event); },
      onPointerMove: (event) => { if (event.buttons & 1) at(event); },
    },
    slider: {
      role: "slider", tabIndex: 0, "aria-label": label, "aria-valuemin": scores[0],
      "aria-valuemax": scores[scores.length - 1], "aria-valuenow": threshold, "aria-valuetext": short(threshold),
      onKeyDown: (event) => {
        const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        onChange(stepped(scores, threshold, by));
      },
    },
  };
}

/** ROC of each domain's normals against all anomalies; the threshold is a line through its point on each of them. */
export function Roc({ groups, all, scores, threshold, onChange, width, height }) {
  const inner = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  const x = (fpr) => EDGE.left + fpr * inner[0], y = (tpr) => EDGE.top + (1 - tpr) * inner[1];
  const curves = useMemo(() => groups.map((group) => {
    const curve = roc(group.normals, group.anomalies);
    return { ...group, curve, points: thinned(curve) };
  }), [groups]);
  // The nearest point of any curve; what is flagged there begins at its score, so the threshold is the score below it.
  const toThreshold = (px, py) => {
    let nearest = Infinity, score = threshold;
    for (const { curve } of curves)
      for (let i = 0; i < curve.fpr.length; i++) {
        const apart = (x(curve.fpr[i]) - px) ** 2 + (y(curve.tpr[i]) - py) ** 2;
        if (apart < nearest) [nearest, score] = [apart, curve.scores[i]];
      }
    return score === Infinity ? scores[scores.length - 1] : stepped(scores, score, -1);
  };
  const { svg, drag, slider } = useSlider({ scores, threshold, onChange, toThreshold, label: "Decision threshold on the ROC" });
  const tpr = above(all.anomalies, threshold) / all.anomalies.length;
  const dots = curves.map(({ name, colour, normals, anomalies }) =>
    [name, colour, above(normals, threshold) / normals.length, above(anomalies, threshold) / anomalies.length]);
  return h("svg", { ref: svg, width, height, role: "group", "aria-label": "ROC per domain", style: { touchAction: "none", cursor: "crosshair" }, ...drag },
    h("rect", { x: x(0), y: y(1), width: MAX_FPR * inner[0], height: inner[1], fill: "#e8eef3" }),
    text(x(0) + 3, y(1) + 11, `p = ${MAX_FPR}`),
    h("rect", { x: x(0), y: y(1), width: inner[0], height: inner[1], fill: "none", stroke: LINE }),
    h("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), stroke: LINE, strokeDasharray: "2 3" }),
    [0, 0.5, 1].map((tick) => [
      text(x(tick), y(0) + 12, tick, { key: `x${tick}`, textAnchor: tick === 1 ? "end" : "middle" }),
      text(x(0) - 4, y(tick) + 4, tick, { key: `y${tick}`, textAnchor: "end" }),
    ]),
    text(x(0.5), height - 5, "false alarms, share of normals", { textAnchor: "middle" }),
    text(0, 0, "anomalies found", { transform: `translate(10 ${y(0.5)}) rotate(-90)`, textAnchor: "middle" }),
    curves.map(({ name, colour, points }) =>
      h("polyline", {
        key: name, fill: "none", stroke: colour, strokeWidth: 1.8, strokeDasharray: name === "target" ? "5 3" : undefined,
        points: points.map(([fpr, tpr]) => `${x(fpr).toFixed(1)},${y(tpr).toFixed(1)}`).join(" "), "data-curve": name,
      })),
    curves.map(({ name, colour, word }, i) =>
      text(x(1) - 4, y(0) - 6 - 14 * (curves.length - 1 - i), `${name === "target" ? "╌" : "─"} ${word}`,
        { key: name, textAnchor: "end", fill: colour, fontWeight: 600 })),
    h("line", { x1: x(0), x2: x(1), y1: y(tpr), y2: y(tpr), stroke: TEXT, strokeWidth: 1 }),
    dots.map(([name, colour, fpr, found]) => h("circle", { key: name, cx: x(fpr), cy: y(found), r: 4, fill: colour, stroke: PALE })),
    h("rect", { x: x(0) - 4, y: y(tpr) - 4, width: 8, height: 8, fill: TEXT, ...slider }));
}

/** Bars of normals and anomalies over the scores, training clips as an outline, the threshold across them. */
export function Histogram({ all, training, scores, threshold, onChange, width, height }) {
  const inner = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  const [low, high] = [scores[0], scores[scores.length - 1]], span = high - low || 1;
  const x = (score) => EDGE.left + Math.min(1, Math.max(0, (score - low) / span)) * inner[0];
  const counts = useMemo(() => {
    const binned = (values) => {
      const bins = new Array(BINS).fill(0);
      for (const value of values) if (value >= low && value <= high) bins[Math.min(BINS - 1, Math.floor(((value - low) / span) * BINS))]++;
      return bins;
    };
    const [normals, anomalies, before] = [all.normals, all.anomalies, training].map(binned);
    const most = Math.max(1, ...normals, ...anomalies), scale = most / Math.max(1, ...before);
    return { normals, anomalies, before: before.map((count) => count * scale), most };
  }, [all, training, low, high]);
  const y = (count) => EDGE.top + (1 - count / counts.most) * inner[1], wide = inner[0] / BINS;
  const toThreshold = (px) => low + Math.min(1, Math.max(0, (px - EDGE.left) / inner[0])) * span;
  const { svg, drag, slider } = useSlider({ scores, threshold, onChange, toThreshold, label: "Decision threshold on the histogram" });
  const bars = (bins, colour, shift, key) => bins.map((count, i) => count > 0 && h("rect", {
    key: key + i, x: EDGE.left + i * wide + shift * wide / 2, y: y(count), width: Math.max(1, wide / 2 - 0.5),
    height: EDGE.top + inner[1] - y(count), fill: colour,
  }));
  const outline = counts.before.flatMap((count, i) => [[i * wide, count], [(i + 1) * wide, count]]);
  return h("svg", { ref: svg, width, height, role: "group", "aria-label": "Histogram of the scores", style: { touchAction: "none", cursor: "ew-resize" }, ...drag },
    bars(counts.normals, NORMAL, 0, "n"), bars(counts.anomalies, ANOMALY, 1, "a"),
    training.length > 0 && h("polyline", {
      fill: "none", stroke: FAINT, points: outline.map(([px, count]) => `${(EDGE.left + px).toFixed(1)},${y(count).toFixed(1)}`).join(" "),
    }),
    h("line", { x1: EDGE.left, x2: EDGE.left + inner[0], y1: y(0), y2: y(0), stroke: LINE }),
    text(EDGE.left - 4, y(0) + 2, 0, { textAnchor: "end" }), text(EDGE.left - 4, y(counts.most) + 8, counts.most, { textAnchor: "end" }),
    [0, 0.5, 1].map((part) => text(EDGE.left + part * inner[0], y(0) + 12, short(low + part * span),
      { key: part, textAnchor: part === 0 ? "start" : part === 1 ? "end" : "middle" })),
    text(EDGE.left + inner[0] / 2, height - 5, "anomaly score (higher is more anomalous)", { textAnchor: "middle" }),
    text(EDGE.left + inner[0] - 2, EDGE.top + 10, "■ normal", { textAnchor: "end", fill: NORMAL, fontWeight: 600 }),
    text(EDGE.left + inner[0] - 2, EDGE.top + 24, "■ anomaly", { textAnchor: "end", fill: ANOMALY, fontWeight: 600 }),
    training.length > 0 && text(EDGE.left + inner[0] - 2, EDGE.top + 38, "▁▂ training, to scale", { textAnchor: "end" }),
    h("line", { x1: x(threshold), x2: x(threshold), y1: EDGE.top, y2: y(0), stroke: TEXT, strokeWidth: 1.5 }),
    h("circle", { cx: x(threshold), cy: EDGE.top + 5, r: 5, fill: TEXT, ...slider }));
}

