// The widget `dcase.findings`: what is worth a look, worst first; a click shows its clips, one after the other.
import { ConditionBars, Legend } from "./bars.js";
import { choose, step, useChoice } from "./choice.js";
import { ANOMALY, CHOSEN, FAINT, LINE } from "./colours.js";
import { conditionOf, conditionsOf, costed } from "./costs.js";
import { useFacts } from "./facts.js";
import { chosenMachine } from "./filters.js";
import { counted, Frame, h, Nothing, TextButton, useDataset, useMemo, useState } from "./parts.js";
import { cut, wordsOf } from "./table.js";

const MOST = 12;
const SIGNS = { high: "▲", medium: "■", low: "·" };
const SHADES = { high: ANOMALY, medium: "#b98b00", low: FAINT };

/** Findings as the server tells them; as Spotlight's own issues where it does not. */
export const findingsOf = (facts, issues) => (facts?.findings ?? issues.map((issue) => ({ ...issue, rows: Array.from(issue.rows) })))
  .filter(({ rows }) => rows.length);

const Share = ({ share }) => {
  if (share === null || share === undefined) return null;
  const words = `${Math.round(100 * share)} % of the AUC lost`;
  return h("span", { title: words, "aria-label": words, style: { flex: "none", display: "flex", alignItems: "center", gap: 4, width: 84, fontSize: 11, whiteSpace: "nowrap" } },
    h("span", { "aria-hidden": true, style: { width: 48, height: 8, background: "#eef2f5" } },
      h("span", { style: { display: "block", height: 8, forcedColorAdjust: "none", width: `${Math.min(100, 100 * share)}%`, background: ANOMALY } })),
    `${Math.round(100 * share)} %`);
};

function Chosen({ finding, place, table }) {
  const models = useMemo(() => {
    const its = Object.keys(finding.auc_lost_shares ?? {});
    return costed(table.columns).sort((a, b) => its.includes(b) - its.includes(a));
  }, [finding, table]);
  const conditions = useMemo(() => {
    if (finding.rule !== "attribute_values") return null;
    const { class: machines } = table.columnData, code = machines?.[finding.rows[0]];
    const rows = Array.from(machines?.keys() ?? []).filter((row) => machines[row] === code);
    const all = conditionsOf(table, rows, models), found = conditionOf(finding, all);
    return found && { its: found.its, all: all.filter(({ column }) => column === found.column) };
  }, [finding, table]);
  const row = finding.rows[place];
  return h("div", { style: { padding: "4px 8px 8px 24px" } },
    h("div", { style: { display: "flex", gap: 8, alignItems: "center", flexWrap: "wrap" } },
      h(TextButton, { onClick: () => step(-1), title: "Previous clip (key p)" }, "◀ previous"),
      h("span", { "data-place": "", "aria-live": "polite", style: { fontWeight: 700, fontVariantNumeric: "tabular-nums" } }, `${place + 1} of ${finding.rows.length}`),
      h(TextButton, { onClick: () => step(1), title: "Next clip (key n)" }, "next ▶"),
      h("bdi", { "aria-live": "polite", style: { color: FAINT } }, wordsOf(table, row))),
    h("p", { dir: "auto", style: { margin: "6px 0", whiteSpace: "pre-line", overflowWrap: "anywhere" } }, cut(finding.description ?? "", 4000)),
    conditions && h("div", null, h(Legend, { models, table }), h(ConditionBars, { conditions: conditions.all, models, chosen: conditions.its, machine: finding.class })));
}

export function Findings() {
  const facts = useFacts(), { finding: chosen, place } = useChoice(), [every, setEvery] = useState(false);
  const [columns, columnsByKey, columnData, issues, filters] = ["columns", "columnsByKey", "columnData", "issues", "filters"]
    .map((key) => useDataset((state) => state[key]));
  const table = useMemo(() => ({ columns, columnsByKey, columnData }), [columns, columnsByKey, columnData]);
  const findings = useMemo(() => findingsOf(facts, issues), [facts, issues]);
  if (!facts) return h(Frame, { label: "Findings" });
  const machine = chosenMachine(filters);
  const its = findings.filter((finding) => machine === null || columnData.class?.[finding.rows[0]] === machine);
  const shown = every ? its : its.slice(0, MOST);
  return h(Frame, { label: "Findings" },
    !its.length && h(Nothing, null, "Nothing was found here."),
    its.some(({ auc_lost_share: share }) => share !== null && share !== undefined) &&
      h("div", { "aria-hidden": true, style: { textAlign: "right", color: FAINT, fontSize: 11 } }, "share of the AUC lost"),
    h("ol", null, shown.map((finding, number) => {
      const open = chosen?.title === finding.title;
      return h("li", { key: number, "data-finding": finding.title, style: { borderBottom: `1px solid ${LINE}`, background: open ? CHOSEN : undefined } },
        h("button", {
          type: "button", "aria-expanded": open, onClick: () => choose(open ? null : finding),
          style: { display: "flex", gap: 8, alignItems: "baseline", width: "100%", textAlign: "left", padding: "3px 0", cursor: "pointer" },
        },
        h("span", { title: `${finding.severity} severity`, "aria-label": `${finding.severity} severity`, style: { color: SHADES[finding.severity], width: 14, flex: "none", textAlign: "center" } }, SIGNS[finding.severity]),
        h("bdi", { style: { flex: "1 1 auto", overflowWrap: "anywhere" } }, cut(finding.title, 400)),
        h(Share, { share: finding.auc_lost_share }),
        h("span", { style: { flex: "none", width: 62, textAlign: "right", color: FAINT } }, counted(finding.rows.length, "clip"))),
        open && h(Chosen, { finding, place, table }));
    })),
    its.length > MOST && h(TextButton, { onClick: () => setEvery(!every), style: { marginTop: 4 } }, every ? "the first alone" : `${its.length - MOST} more`),
    facts.not_looked_for?.length > 0 && h("div", { style: { marginTop: 8, color: FAINT } }, "Not looked for: ", facts.not_looked_for.join("; "), "."));
}
Findings.key = "dcase.findings";
Findings.defaultName = "Findings";
Findings.icon = () => h("span", { "aria-hidden": true, style: { fontWeight: 700 } }, "▲");
