// The lens `dcase.compare`: a clip beside another one, on one dB scale and one time scale, to see and to hear.
import { ANOMALY, FAINT, LINE, NORMAL, TEXT } from "./colours.js";
import { bestLag, logMel } from "./mel.js";
import { heightOf, paintDifference, paintSpectrogram, RAMPS, scaleOf, TICKS_KHZ } from "./painting.js";
import { Player } from "./player.js";
import { Fragment, h, identity, short, TextButton, useDataset, useEffect, useMemo, useRef, useSize, useState } from "./parts.js";
import { decode, matched, recordingOf } from "./sounds.js";
import { wordsOf } from "./table.js";

const CHOICES = { normal: "nearest normal", same: "nearest normal of the same attributes", anomaly: "nearest anomaly", before: "clip selected before" };
const AXIS = 42, BAR = 52, DIFFERENCE_DB = 20, CONTROLS = 108;

// The clip that was selected before the one that is.
let selected = null, before = null;
useDataset.subscribe((state) => state.selectedIndices, (rows) => {
  if (rows.length && rows[0] !== selected) [before, selected] = [selected, rows[0]];
});
useDataset.subscribe(identity, () => { before = selected = null; });

/** What is near a clip, by the server; nothing where it does not say. */
function useNear(row) {
  const uid = useDataset(identity), [near, setNear] = useState(null);
  useEffect(() => {
    let current = true;
    setNear(null);
    fetch(`api/dcase/nearest/${row}`).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}))
      .then((found) => current && setNear(found));
    return () => { current = false; };
  }, [uid, row]);
  return near;
}

/** Which cell holds the other recording, and what it is in words; null where there is none. */
function otherOf(state, against, near, row, column) {
  if (against === "before") return before === null ? null : { column, row: before, words: wordsOf(state, before) };
  const its = near?.[against];
  if (!its) return against === "normal" && state.columnsByKey.nearest_normal ? { column: "nearest_normal", row, words: "training normal" } : null;
  const distance = its.distance === null || its.distance === undefined ? "" : ` · distance ${short(+its.distance.toPrecision(3))}`;
  return its.row === null ? { column: "nearest_normal", row, words: its.words } : { column, row: its.row, words: wordsOf(state, its.row) + distance };
}

/** Both recordings with their spectrograms, once they are here: {pair} or {problem}. */
function usePair(bytes, other) {
  const [found, setFound] = useState({}), { generationID } = useDataset.getState(), uid = useDataset(identity);
  useEffect(() => {
    let current = true;
    // The same clip stays, with what it was compared with, until the next one has come: whoever has the keyboard in it keeps it.
    setFound((before) => (before.bytes === bytes ? before : {}));
    const heard = async (loading) => {
      const recording = await loading;
      return { ...recording, ...logMel(recording.samples, recording.rate) };
    };
    const load = async () => {
      const one = await heard(decode(bytes));
      // At the same rate, or their frequencies would not stand at the same heights.
      return [one, other && (await heard(recordingOf({ uid, generationID }, other.column, other.row, one.rate)))];
    };
    load().then((pair) => current && setFound({ bytes, pair }),
      (error) => current && setFound({ bytes, problem: error.name === "EncodingError" ? "The browser cannot decode this recording." : error.message }));
    return () => { current = false; };
  }, [bytes, other?.column, other?.row, uid, generationID]);
  return found;
}

/** A canvas that paints itself when what it shows changes. */
function Canvas({ name, label, width, height, paint, ...rest }) {
  const ref = useRef(null);
  useEffect(() => paint(ref.current.getContext("2d", { willReadFrequently: true })), [paint, width, height]);
  return h("canvas", { ref, width, height, role: "img", "aria-label": label, "data-compare": name, style: { display: "block", background: "#e8eef3", touchAction: "none" }, ...rest });
}

const Frequencies = ({ height, rate }) => h("svg", { width: AXIS, height, "aria-hidden": true, style: { overflow: "visible", flex: "none" } },
  TICKS_KHZ.filter((khz) => khz * 1000 <= rate / 2).map((khz, i, all) => {
    const y = height * (1 - heightOf(khz * 1000, rate));
    // Where the lowest stand closer together than a number is high, every other one of them further out.
    const tight = i + 1 < all.length && y - height * (1 - heightOf(all[i + 1] * 1000, rate)) < 8;
    return h(Fragment, { key: khz },
      h("line", { x1: AXIS - 4, x2: AXIS, y1: y, y2: y, stroke: FAINT }),
      h("text", { x: AXIS - (tight && i % 2 === 0 ? 26 : 6), y: Math.max(8, Math.min(height, y + 3)), fontSize: 9, textAnchor: "end", fill: FAINT }, khz));
  }), h("text", { x: 2, y: 8, fontSize: 9, fill: FAINT }, "kHz"));

/** What a colour means, beside the picture. */
function Bar({ height, colours, low, high, words }) {
  const paint = useMemo(() => (context) => {
    const image = context.createImageData(8, height);
    for (let i = 0; i < 8 * height; i++) {
      const at = Math.round(255 * (1 - Math.floor(i / 8) / Math.max(1, height - 1))) * 3;
      image.data.set([colours[at], colours[at + 1], colours[at + 2], 255], i * 4);
    }
    context.putImageData(image, 0, 0);
  }, [height, colours]);
  return h("div", { style: { display: "flex", flex: "none", width: BAR, paddingLeft: 4, fontSize: 9, color: FAINT } },
    h(Canvas, { name: "bar", label: `${words}, from ${low} to ${high} dB`, width: 8, height, paint }),
    h("div", { style: { display: "flex", flexDirection: "column", justifyContent: "space-between", height, paddingLeft: 2, whiteSpace: "nowrap" } },
      h("span", null, `${high} dB`), h("span", null, `${low} dB`)));
}

function Seconds({ width, view }) {
  const span = width * view.perPixel, step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60].find((step) => (step / view.perPixel) >= 45) ?? 60;
  const ticks = [];
  for (let at = Math.ceil(view.start / step - 1e-9) * step; at <= view.start + span + 1e-9; at += step) ticks.push(at);
  return h("svg", { width, height: 14, "aria-hidden": true, style: { marginLeft: AXIS, overflow: "visible", display: "block" } }, ticks.map((at) =>
    h("text", { key: at, x: (at - view.start) / view.perPixel, y: 10, fontSize: 9, textAnchor: "middle", fill: FAINT }, `${+at.toFixed(2)} s`)));
}

export function Compare({ values, rowIndex, column }) {
  const { useSetting } = globalThis.spotlight;
  const [against, setAgainst] = useSetting("against", "normal");
  const state = useDataset.getState(), near = useNear(rowIndex);
  const other = useMemo(() => (near || against === "before" ? otherOf(state, against, near, rowIndex, column.key) : null), [near, against, rowIndex, column.key]);
  const { pair, problem } = usePair(values[0], other);
  const [ref, [width, height]] = useSize();
  const words = wordsOf(state, rowIndex), looking = near === null && against !== "before";
  return h("div", { ref, style: { height: "100%", minHeight: 200, overflow: "hidden", color: TEXT, fontSize: 12, position: "relative" } },
    h("label", { style: { display: "flex", gap: 6, alignItems: "center", height: 22 } }, "compare with",
      h("select", { value: against, onChange: (event) => setAgainst(event.target.value), style: { border: `1px solid ${LINE}`, borderRadius: 4 } },
        Object.entries(CHOICES).map(([key, words]) => h("option", { key, value: key }, words)))),
    problem ? h("p", { role: "alert" }, problem) : pair && width > 120 && h(Pair, {
      key: rowIndex, row: rowIndex, pair, width, height: height - 22, pictures: other || looking ? 3 : 1,
      names: [words || "this clip", other ? `${CHOICES[against]}: ${other.words}` : looking ? `${CHOICES[against]} …` : `no ${CHOICES[against]} here`],
    }));
}
Compare.key = "dcase.compare";
Compare.displayName = "Compare by eye and ear";
Compare.dataTypes = ["Audio"];
// Nothing below the fold of 900 pixels; on a higher screen the pictures have what is left of it.
Compare.defaultHeight = Math.min(900, Math.max(500, globalThis.innerHeight - 400));
Compare.minHeight = 260;
Compare.maxHeight = 1000;

/** The pictures, the player, and what moves them. */
function Pair({ row, pair, names, width, height, pictures }) {
  const shown = pair.filter(Boolean), [one, other] = pair, plot = Math.max(50, width - AXIS - BAR);
  const each = Math.max(40, Math.floor((height - CONTROLS) / pictures));
  const longest = Math.max(...shown.map(({ seconds }) => seconds));
  const [zoom, setZoom] = useState({ times: 1, start: 0 }), [lag, setLag] = useState(0), [span, setSpan] = useState(null);
  const [heard, setHeard] = useState(0), [playing, setPlaying] = useState(false);
  const view = useMemo(() => ({ start: zoom.start, perPixel: longest / plot / zoom.times }), [zoom, longest, plot]);
  const scale = useMemo(() => scaleOf(shown), [pair]);
  const suggested = useMemo(() => (other ? bestLag(one, other) : 0), [pair]);
  const loudness = useMemo(() => (other ? matched(one, other) : [1, 1]), [pair]);
  const player = useRef(null), playhead = useRef(null), dragging = useRef(null);
  player.current ??= new Player();

  useEffect(() => {
    player.current.load(other ? pair : [one, one], loudness);
    return () => { player.current.close(); setPlaying(false); setHeard(0); setLag(0); setSpan(null); };
  }, [pair]);

  const follow = useRef(() => {});
  follow.current = () => {
    if (!playhead.current) return;
    const x = (player.current.position - view.start) / view.perPixel;
    playhead.current.style.transform = `translateX(${x}px)`;
    playhead.current.style.visibility = x < 0 || x > plot ? "hidden" : "visible";
    if (player.current.ended) { player.current.pause(); player.current.seek(0); setPlaying(false); }
  };
  useEffect(() => {
    let frame;
    const run = () => { follow.current(); frame = requestAnimationFrame(run); };
    run();
    return () => cancelAnimationFrame(frame);
  }, []);

  const toggle = () => { playing ? player.current.pause() : player.current.play(); setPlaying(!playing); };
  const hear = (which) => { player.current.hear(which); setHeard(which); };
  const seek = (seconds) => player.current.seek(seconds);
  const loop = (span) => { player.current.loop(span); setSpan(span); };
  const move = (seconds) => { const to = Math.abs(seconds) < longest ? seconds : lag; player.current.shift(to); setLag(to); };
  const zoomBy = (factor, around = player.current.position) => setZoom(({ times, start }) => {
    const now = Math.min(32, Math.max(1, times * factor)), seen = longest / now;
    const part = (around - start) / (longest / times);
    return { times: now, start: Math.min(longest - seen, Math.max(0, around - (part >= 0 && part <= 1 ? part : 0.5) * seen)) };
  });
  const pan = (by) => setZoom(({ times, start }) => ({ times, start: Math.min(longest - longest / times, Math.max(0, start + (by * longest) / times)) }));

  const keys = {
    " ": toggle, a: () => hear(0), b: () => other && hear(1),
    ArrowLeft: (event) => (event.shiftKey ? move(lag - one.step) : seek(player.current.position - 0.5)),
    ArrowRight: (event) => (event.shiftKey ? move(lag + one.step) : seek(player.current.position + 0.5)),
    Home: () => seek(0), "+": () => zoomBy(2), "=": () => zoomBy(2), "-": () => zoomBy(0.5),
    PageUp: () => pan(-0.5), PageDown: () => pan(0.5), Escape: () => loop(null),
    "[": () => loop([player.current.position, Math.max(span?.[1] ?? longest, player.current.position + 0.1)]),
    "]": () => loop([Math.min(span?.[0] ?? 0, Math.max(0, player.current.position - 0.1)), Math.max(0.1, player.current.position)]),
  };
  const onKeyDown = (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    // A button's own space, and the page's shortcuts.
    if (!act || event.ctrlKey || event.metaKey || event.altKey || (event.key === " " && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    event.stopPropagation();
    act(event);
  };

  // Of a button that goes as it is pressed: the keyboard stays in the lens.
  const leaving = (act) => (event) => { event.currentTarget.closest("[role=application]").focus(); act(); };

  const timeAt = (event) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return Math.min(longest, Math.max(0, view.start + x * view.perPixel));
  };
  // Drag marks a span to repeat; a click puts the playhead there.
  const marking = {
    onPointerDown: (event) => { event.currentTarget.setPointerCapture(event.pointerId); dragging.current = timeAt(event); },
    onPointerMove: (event) => {
      if (dragging.current === null || !(event.buttons & 1)) return;
      const now = timeAt(event);
      if (Math.abs(now - dragging.current) > 4 * view.perPixel) setSpan([Math.min(now, dragging.current), Math.max(now, dragging.current)]);
    },
    onPointerUp: (event) => {
      if (dragging.current === null) return;
      const now = timeAt(event), from = dragging.current;
      dragging.current = null;
      if (Math.abs(now - from) > 4 * view.perPixel) loop([Math.min(now, from), Math.max(now, from)]);
      else seek(now);
    },
  };
  const aligning = {
    onPointerDown: (event) => { event.currentTarget.setPointerCapture(event.pointerId); dragging.current = [timeAt(event), lag]; },
    onPointerMove: (event) => { if (dragging.current && event.buttons & 1) setLag(dragging.current[1] + timeAt(event) - dragging.current[0]); },
    onPointerUp: (event) => { const [from, was] = dragging.current; dragging.current = null; move(was + timeAt(event) - from); },
  };

  const paints = [
    useMemo(() => (context) => paintSpectrogram(context, plot, each, one, view, 0, scale), [plot, each, one, view, scale]),
    useMemo(() => (context) => paintSpectrogram(context, plot, each, other, view, lag, scale), [plot, each, other, view, lag, scale]),
    useMemo(() => (context) => paintDifference(context, plot, each, [one, other], view, lag, DIFFERENCE_DB), [plot, each, pair, view, lag]),
  ];
  const line = { position: "relative", zIndex: 1, height: 17, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" };
  const picture = (name, which, colours, [low, high], words, handlers) => h("div", { style: { display: "flex" } },
    h(Frequencies, { height: each, rate: one.rate }),
    h(Canvas, { name, label: words, width: plot, height: each, paint: paints[which], ...handlers }),
    h(Bar, { height: each, colours, low, high, words }));
  const turned = loudness.findIndex((factor) => factor < 0.999);
  // For who does not see it.
  const said = [playing ? "playing" : "paused", `hearing ${"AB"[heard]}`, span && `repeats ${span[0].toFixed(1)} to ${span[1].toFixed(1)} seconds`,
    lag !== 0 && `B moved by ${lag.toFixed(2)} seconds`, zoom.times > 1 && `zoomed ${zoom.times} times`].filter(Boolean).join(", ");
  const quieter = other && turned >= 0 ? `${"AB"[turned]} ${(-20 * Math.log10(loudness[turned])).toFixed(1)} dB down` : "";
  return h("div", { role: "application", "data-row": row, tabIndex: 0, onKeyDown, "aria-label": "Compare two recordings: space plays, a and b switch, left and right move, with shift they align B, square brackets and Escape set the loop, plus and minus zoom, page up and down move the view" },
    h("span", { role: "status", style: { position: "absolute", width: 1, height: 1, overflow: "hidden", clipPath: "inset(50%)" } }, said),
    h("div", { style: { position: "relative" } },
      h("div", { style: { ...line, fontWeight: heard === 0 ? 700 : 400 }, "data-name": "clip" }, `A  ${names[0]}`),
      picture("clip", 0, RAMPS.loudness, scale, `Spectrogram of A, ${names[0]}`, marking),
      h("div", { style: { ...line, fontWeight: heard === 1 ? 700 : 400 }, "data-name": "other" }, `B  ${names[1]}`),
      other && picture("other", 1, RAMPS.loudness, scale, `Spectrogram of B, ${names[1]}`, marking),
      other && h("div", { style: { ...line, color: FAINT } }, "A − B: ", h("span", { style: { color: ANOMALY } }, "A louder"), ", ", h("span", { style: { color: NORMAL } }, "B louder"), " (drag to align)"),
      other && picture("difference", 2, RAMPS.difference, [-DIFFERENCE_DB, DIFFERENCE_DB], "Difference of A and B: orange where A is louder, blue where B is", { ...aligning }),
      h(Seconds, { width: plot, view }),
      h("div", { "aria-hidden": true, style: { position: "absolute", left: AXIS, top: 17, bottom: 14, width: plot, overflow: "hidden", pointerEvents: "none" } },
        span && h("div", { style: { position: "absolute", top: 0, bottom: 0, left: (span[0] - view.start) / view.perPixel, width: (span[1] - span[0]) / view.perPixel, border: "1px solid #fff", outline: `1px solid ${TEXT}`, background: "rgba(255,255,255,.12)" } }),
        h("div", { ref: playhead, "data-playhead": "", style: { position: "absolute", top: 0, bottom: 0, width: 2, background: "#fff", outline: `1px solid ${TEXT}` } }))),
    h("div", { style: { display: "flex", gap: 4, flexWrap: "nowrap", alignItems: "center", height: 24, overflow: "hidden" } },
      h(TextButton, { onClick: toggle, "aria-label": playing ? "Pause" : "Play", style: { width: 34 } }, playing ? "❚❚" : "▶"),
      h(TextButton, { pressed: heard === 0, onClick: () => hear(0), title: "Hear A (key a)" }, "A"),
      other && h(TextButton, { pressed: heard === 1, onClick: () => hear(1), title: "Hear B (key b)" }, "B"),
      span && h(TextButton, { onClick: leaving(() => loop(null)), title: "Play the whole (Escape)" }, `repeats ${span[0].toFixed(1)}–${span[1].toFixed(1)} s ✕`),
      h(TextButton, { onClick: () => zoomBy(2), "aria-label": "Zoom in", "aria-disabled": zoom.times >= 32 }, "+"),
      h(TextButton, { onClick: () => zoomBy(0.5), "aria-label": "Zoom out", "aria-disabled": zoom.times <= 1 }, "−"),
      other && Math.abs(suggested - lag) > one.step && h(TextButton, { onClick: leaving(() => move(suggested)), title: "Move B to where it is most like A" }, `best lag ${suggested.toFixed(2)} s`),
      other && lag !== 0 && h(TextButton, { onClick: leaving(() => move(0)), title: "Move B back" }, `B by ${lag.toFixed(2)} s ✕`),
      quieter && h("span", { style: { color: FAINT, whiteSpace: "nowrap" }, title: "Turned down to be as loud as the other" }, quieter)));
}
