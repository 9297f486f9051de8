// The widget `dcase.conditions`: what each attribute value and each domain costs, for the models chosen; SEP and DSUP.
import { ConditionBars, MODEL_COLOURS } from "./bars.js";
import { choose, useChoice } from "./choice.js";
import { FAINT } from "./colours.js";
import { conditionsOf, costed } from "./costs.js";
import { useFacts } from "./facts.js";
import { chosenMachine, isSet, showRows } from "./filters.js";
import { Frame, h, Nothing, TextButton, useDataset, useMemo, useState } from "./parts.js";
import { modelInWords, sectionsOf } from "./table.js";

const auc = (its) => (its ? `${its.value.toFixed(3)} (${its.interval.map((end) => end?.toFixed(2) ?? "–").join("–")})` : "–");

function Separation({ separation }) {
  const cell = { padding: "1px 10px 1px 0", textAlign: "left", fontWeight: 400 };
  return h("table", { "aria-label": "Separation and domain shift", style: { marginTop: 10, fontVariantNumeric: "tabular-nums" } },
    h("caption", { style: { textAlign: "left", color: FAINT } },
      "AUC of the distance to the source training normals, 95 % interval. SEP: anomalies against normals, higher is better. DSUP: target against source normals, 0.5 where they share their support."),
    h("thead", null, h("tr", { style: { color: FAINT } }, ["machine type", "embedding", "SEP", "DSUP"].map((word) => h("th", { key: word, scope: "col", style: cell }, word)))),
    h("tbody", null, separation.map((its) => h("tr", { key: `${its.class} ${its.embedding}` },
      h("th", { scope: "row", style: cell }, its.class), h("td", { style: cell }, its.embedding), h("td", { style: cell }, auc(its.sep)), h("td", { style: cell }, auc(its.dsup))))));
}

export function Conditions() {
  const facts = useFacts(), [last, setChosen] = useState(null);
  const [columns, columnsByKey, columnData, indices, filters] = ["columns", "columnsByKey", "columnData", "indices", "filters"]
    .map((key) => useDataset((state) => state[key]));
  const table = useMemo(() => ({ columns, columnsByKey, columnData }), [columns, columnsByKey, columnData]);
  const every = useMemo(() => costed(columns), [columns]);
  const [kept, setKept] = globalThis.spotlight.useWidgetConfig("costColumns", null);
  const models = every.filter((model) => !kept?.length || kept.includes(`auc_cost_${model}`));
  const machine = chosenMachine(filters), { finding } = useChoice(), about = finding && columnData.class?.[finding.rows[0]];
  const all = useMemo(() => {
    const { class: machines } = columnData;
    const rows = Array.from(indices).filter((row) => machine === null || machines?.[row] === machine);
    const byMachine = new Map();
    for (const { machine, rows: its } of sectionsOf(table, rows)) byMachine.set(machine, [...(byMachine.get(machine) ?? []), ...its]);
    return [...byMachine].map(([name, rows]) => ({ name, code: machines?.[rows[0]], conditions: conditionsOf(table, rows, models) })).filter(({ conditions }) => conditions.length);
  }, [table, indices, machine, models.join("\n")]);
  // That of the finding which is looked at stands first.
  const groups = useMemo(() => [...all].sort((a, b) => (b.code === about) - (a.code === about)), [all, about]);
  const chosen = isSet("condition") ? last : null; // its filter may have been taken away
  const toggle = (model) => {
    const now = models.includes(model) ? models.filter((one) => one !== model) : every.filter((one) => one === model || models.includes(one));
    if (now.length) setKept(now.length === every.length ? null : now.map((one) => `auc_cost_${one}`));
  };
  const onChoose = (machine) => (its) => {
    const again = chosen === `${machine} ${its.column} ${its.code}`;
    choose(null); // few clips are of both
    setChosen(again ? null : `${machine} ${its.column} ${its.code}`);
    showRows("condition", again ? null : its.rows, `${machine} ${its.name}`.slice(0, 80));
  };
  const separation = (facts?.separation ?? []).filter((its) => machine === null || its.class === columnsByKey.class?.type.invertedCategories[machine]);
  return h(Frame, { label: "Conditions" },
    h("div", { role: "group", "aria-label": "Models", style: { marginBottom: 4 } }, every.length > 1 && every.map((model) =>
      h(TextButton, { key: model, pressed: models.includes(model), onClick: () => toggle(model), style: { marginRight: 4 } },
        models.includes(model) && h("span", { "aria-hidden": true, style: { color: MODEL_COLOURS[models.indexOf(model) % MODEL_COLOURS.length] } }, "■ "), modelInWords(table, model)))),
    !groups.length && h(Nothing, null, every.length ? "No condition of these clips has a cost." : "There is no AUC cost in this data: it takes scores and labels."),
    groups.map(({ name, conditions }) => h("section", { key: name, "aria-label": name },
      h("h3", { style: { fontWeight: 700, marginTop: 6 } }, name),
      h(ConditionBars, { conditions, models, machine: name, onChoose: onChoose(name), chosen: conditions.filter((its) => chosen === `${name} ${its.column} ${its.code}`) }))),
    separation.length > 0 && h(Separation, { separation }));
}
Conditions.key = "dcase.conditions";
Conditions.defaultName = "Conditions";
Conditions.icon = () => h("span", { "aria-hidden": true, style: { fontWeight: 700 } }, "≡");
