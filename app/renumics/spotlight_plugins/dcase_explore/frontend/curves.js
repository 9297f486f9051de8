// ROC per domain and histogram of the scores, with the decision threshold as a line that can be moved in both.
import { ANOMALY, LINE, NORMAL, PALE, TEXT } from "./colours.js";
import { Distribution, EDGE, text } from "./distribution.js";
import { above, MAX_FPR, roc } from "./metrics.js";
import { h, short, useMemo, useRef } from "./parts.js";

const MOST_POINTS = 800;

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

/** The threshold that a key moves it to: from score to score, by a twentieth of them, or to an end; null for other keys. */
function movedBy(key, scores, threshold) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key];
  if (by) return stepped(scores, threshold, by);
  const last = scores.length - 1, page = { PageUp: 1, PageDown: -1 }[key];
  if (page) return scores[Math.min(last, Math.max(0, last - above(scores, threshold) + page * Math.ceil(scores.length / 20)))];
  return { Home: scores[0], End: scores[last] }[key] ?? null;
}

/** What makes a line a slider for mouse, keyboard and screen reader; `words` say what the threshold does. */
function useSlider({ scores, threshold, onChange, toThreshold, label, words }) {
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
      role: "slider", tabIndex: 0, style: { outlineOffset: 3 }, "aria-label": label, "aria-valuemin": scores[0],
      "aria-valuemax": scores[scores.length - 1], "aria-valuenow": threshold, "aria-valuetext": `${short(threshold)}: ${words}`,
      onKeyDown: (event) => {
        const to = event.ctrlKey || event.metaKey || event.altKey ? null : movedBy(event.key, scores, threshold);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        onChange(to);
      },
    },
  };
}

/** What a threshold does, in words. */
const doing = ({ normals, anomalies }, threshold) =>
  `${above(anomalies, threshold)} of ${anomalies.length} anomalies found, ${above(normals, threshold)} of ${normals.length} normals are false alarms`;

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
  const { svg, drag, slider } = useSlider({ scores, threshold, onChange, toThreshold, label: "Decision threshold on the ROC", words: doing(all, threshold) });
  const tpr = above(all.anomalies, threshold) / all.anomalies.length;
  const dots = curves.map(({ name, colour, normals, anomalies }) =>
    [name, colour, above(normals, threshold) / normals.length, above(anomalies, threshold) / anomalies.length]);
  return h("svg", { ref: svg, width, height, role: "group", "aria-label": `ROC per domain: ${curves.map(({ word }) => word).join(", ")}`, style: { touchAction: "none", cursor: "crosshair" }, ...drag },
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
        { key: name, textAnchor: "end", fill: colour, fontWeight: 600, stroke: PALE, strokeWidth: 3, paintOrder: "stroke" })),
    h("line", { x1: x(0), x2: x(1), y1: y(tpr), y2: y(tpr), stroke: TEXT, strokeWidth: 1 }),
    dots.map(([name, colour, fpr, found]) => h("circle", { key: name, cx: x(fpr), cy: y(found), r: 4, fill: colour, stroke: PALE })),
    h("rect", { x: x(0) - 4, y: y(tpr) - 4, width: 8, height: 8, fill: TEXT, ...slider }));
}

/** Bars of normals and anomalies over the scores, training clips as an outline, the threshold across them. */
export function Histogram({ all, training, scores, threshold, onChange, width, height }) {
  const inner = width - EDGE.left - EDGE.right, low = scores[0], span = scores[scores.length - 1] - low || 1;
  const toThreshold = (px) => low + Math.min(1, Math.max(0, (px - EDGE.left) / inner)) * span;
  const { svg, drag, slider } = useSlider({ scores, threshold, onChange, toThreshold, label: "Decision threshold on the histogram", words: doing(all, threshold) });
  const groups = useMemo(() => [
    { name: "normal", colour: NORMAL, values: all.normals }, { name: "anomaly", colour: ANOMALY, values: all.anomalies },
  ], [all]);
  const x = EDGE.left + Math.min(1, Math.max(0, (threshold - low) / span)) * inner, bottom = height - EDGE.bottom;
  return h("svg", { ref: svg, width, height, role: "group", "aria-label": `Histogram of the scores: ${all.normals.length} normals from ${short(all.normals[0])} to ${short(all.normals.at(-1))}, ${all.anomalies.length} anomalies from ${short(all.anomalies[0])} to ${short(all.anomalies.at(-1))}`, style: { touchAction: "none", cursor: "ew-resize" }, ...drag },
    h(Distribution, { groups, training, range: [low, low + span], width, height, words: width < 280 ? "anomaly score" : "anomaly score (higher is more anomalous)" }),
    h("line", { x1: x, x2: x, y1: EDGE.top, y2: bottom, stroke: TEXT, strokeWidth: 1.5 }),
    h("circle", { cx: x, cy: EDGE.top + 5, r: 5, fill: TEXT, ...slider }));
}
