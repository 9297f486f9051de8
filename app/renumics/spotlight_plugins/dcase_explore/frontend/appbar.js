// Machine type and layout in the app bar: another one is shown in place.
import { setLayoutName } from "./address.js";
import { choose, look, useChoice } from "./choice.js";
import { LINE } from "./colours.js";
import { useFacts } from "./facts.js";
import { chosenMachine, showAllMachines, showCategory } from "./filters.js";
import { findingsOf } from "./findings.js";
import { layoutsKnown, showLayout } from "./layouts.js";
import { useZero } from "./names.js";
import { counted, h, TextButton, useDataset, useEffect, useMemo, useState } from "./parts.js";

const Choice = ({ label, value, options, onChange }) => h("label", { style: { display: "flex", alignItems: "center", gap: 4, fontSize: 13, marginLeft: 8, whiteSpace: "nowrap" } },
  label, h("select", { value, onChange: (event) => onChange(event.target.value), style: { border: `1px solid ${LINE}`, borderRadius: 4, background: "#fff", maxWidth: 160, height: 22 } },
    options.map(([key, word]) => h("option", { key, value: key }, word))));

/** Save what the server makes as a file. */
async function save(name, path, request = {}) {
  const answer = await fetch(path, request).catch(() => null);
  if (!answer?.ok) return globalThis.spotlight.notifyError((await answer?.json().catch(() => null))?.title ?? "The program does not answer.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const saveCsv = (rows, name) => save(name, "api/dcase/csv", { method: "PUT", body: JSON.stringify(Array.from(rows)) });

/** One file to send of all that is explored here. */
function Report() {
  const [busy, setBusy] = useState(false);
  const make = () => { if (busy) return; setBusy(true); save("report.html", "api/dcase/report").finally(() => setBusy(false)); };
  return h(TextButton, { onClick: make, "aria-disabled": busy, title: "Save a report of all clips: one file to send, which opens in any browser and plays", style: { marginLeft: 8, background: "#fff", fontSize: 13 } }, busy ? "Making…" : "Report");
}

/** The selected clips as CSV, or those that the filters leave where fewer than two are selected. */
function Csv() {
  const [selected, filtered] = ["selectedIndices", "filteredIndices"].map((key) => useDataset((state) => state[key]));
  const [rows, word] = selected.length > 1 ? [selected, "selected"] : [filtered, "filtered"];
  return h(TextButton, { onClick: () => saveCsv(rows, `${word}-clips.csv`), title: `Save the ${counted(rows.length, "clip")} ${word} as CSV`, style: { marginLeft: 8, background: "#fff", fontSize: 13 } }, "CSV");
}

export function AppBar() {
  useZero();
  const [columnsByKey, columnData, filters, issues] = ["columnsByKey", "columnData", "filters", "issues"].map((key) => useDataset((state) => state[key]));
  const uid = useDataset((state) => state.uid), facts = useFacts(), { finding } = useChoice(), [known, setKnown] = useState({ layouts: [], current: null });
  useEffect(() => { layoutsKnown().then(setKnown); }, [uid]);
  const machines = useMemo(() => {
    const { categories } = columnsByKey.class?.type ?? {}, there = new Set(columnData.class);
    return Object.entries(categories ?? {}).filter(([, code]) => there.has(code)).sort(([, a], [, b]) => a - b);
  }, [columnsByKey, columnData]);
  const onMachine = (code) => {
    if (finding) choose(null);
    if (code === "") return showAllMachines();
    showCategory("class", Number(code));
    // Its worst clip, so that the inspector is about the machine type that is shown.
    const rows = findingsOf(facts, issues).find(({ rows }) => columnData.class[rows[0]] === Number(code))?.rows ?? useDataset.getState().filteredIndices;
    if (rows.length) look(rows[0]);
  };
  const onLayout = (name) => showLayout(name).then((said) => { setKnown(said); setLayoutName(said.current); }, (error) => globalThis.spotlight.notifyError(error.message));
  // A layout that was opened from a file is none of the library's.
  const layouts = known.current && !known.layouts.includes(known.current) ? [known.current, ...known.layouts] : known.layouts;
  return h("div", { style: { display: "flex", alignItems: "center" } },
    machines.length > 1 && h(Choice, { label: "machine type", value: chosenMachine(filters) ?? "", options: [["", "all"], ...machines.map(([name, code]) => [code, name])], onChange: onMachine }),
    layouts.length > 0 && h(Choice, { label: "layout", value: known.current ?? "", options: layouts.map((name) => [name, name]), onChange: onLayout }),
    known.layouts.length > 0 && h(Csv),
    known.layouts.length > 0 && h(Report));
}
