// The lens `dcase.note`: a tag and a text on the clip, kept as they are made.
import { FAINT, LINE } from "./colours.js";
import { keep, keepNow, useNotes } from "./notes.js";
import { h, TextButton, useEffect, useState } from "./parts.js";

const NONE = { tag: "", note: "" }, MOST = 10000;

/** A note in a copy of the page without the program, which keeps none. */
const Written = ({ tag, note }) => h("p", { role: "group", "aria-label": "Note", dir: "auto", style: { padding: 4, whiteSpace: "pre-wrap" } },
  tag && h("strong", null, tag, note && ": "), note, !tag && !note && h("em", { style: { color: FAINT } }, "No note on this clip."));

export function NoteLens({ value: clipId, rowIndex }) {
  const { file, tags, rows, problem: unreadable } = useNotes(), [problem, setProblem] = useState(null), [kept, setKept] = useState(false);
  useEffect(() => { setProblem(null); setKept(false); return keepNow; }, [clipId]);
  if (!file && tags.length) return h(Written, rows[rowIndex] ?? NONE);
  if (!file) return h("p", { style: { padding: 4, color: FAINT, fontStyle: "italic" } }, "Notes are kept by dcase-explore, which does not answer here.");
  if (unreadable) return h("p", { role: "alert", style: { padding: 4 } }, unreadable);
  const its = rows[rowIndex] ?? NONE;
  const change = (part, soon) => {
    setKept(false);
    keep(clipId, rowIndex, { ...its, ...part }, { soon }).then((found) => { setProblem(found); setKept(!found); });
  };
  return h("div", { role: "group", "aria-label": "Note", style: { padding: 4, height: "100%", display: "flex", flexDirection: "column", gap: 4, fontSize: 12 }, onKeyDown: (event) => event.stopPropagation() },
    h("div", { role: "group", "aria-label": "Tag", style: { display: "flex", gap: 4, flexWrap: "wrap", alignItems: "center" } },
      tags.map((tag) => h(TextButton, { key: tag, pressed: its.tag === tag, onClick: () => change({ tag: its.tag === tag ? "" : tag }) }, tag)),
      h("span", { role: "status", style: { color: FAINT } }, kept ? "kept" : "")),
    problem && h("p", { role: "alert" }, problem),
    h("textarea", {
      "aria-label": "Note on this clip", placeholder: "what you hear", value: its.note, maxLength: MOST, title: `Kept in ${file}`, dir: "auto",
      onChange: (event) => change({ note: event.target.value }, true), onBlur: keepNow,
      style: { flex: "1 1 auto", minHeight: 22, width: "100%", resize: "none", border: `1px solid ${LINE}`, borderRadius: 4, padding: "2px 4px", background: "#fff" },
    }));
}
NoteLens.key = "dcase.note";
NoteLens.displayName = "Note";
NoteLens.dataTypes = ["str"];
NoteLens.defaultHeight = 72;
NoteLens.minHeight = 56;
NoteLens.maxHeight = 400;
