// Bars of mean cost with their intervals, a row per condition: in findings and in the widget of conditions.
import { FAINT, LINE, TEXT } from "./colours.js";
import { Fragment, h, oneByOne, TextButton } from "./parts.js";
import { modelInWords } from "./table.js";

/** Colours of models beside each other, apart in lightness as well. */
export const MODEL_COLOURS = ["#2f4b7c", "#7fa8c9", "#4d7f5a", "#a8c48f", "#6b5b7b", "#b9adc4"];

const percent = (part) => `${(100 * part).toFixed(2)}%`;

/** One cost from 0 to 1, its interval as a line across the bar's end. */
export const CostBar = ({ mean, interval, colour }) =>
  h("span", { "aria-hidden": true, style: { position: "relative", display: "inline-block", height: 10, width: "100%", background: "#eef2f5", forcedColorAdjust: "none" } },
    h("span", { style: { position: "absolute", left: 0, top: 1, bottom: 1, width: percent(mean), background: colour } }),
    h("span", { style: { position: "absolute", left: percent(interval[0]), width: percent(interval[1] - interval[0]), top: 4.5, height: 1, background: TEXT } }),
    interval.map((end, i) => h("span", { key: i, style: { position: "absolute", left: percent(end), top: 2, width: 1, height: 6, background: TEXT } })));

/**
 * Conditions with their costs, normals and training clips; a click on one is told. Tab stops at the first alone, from which
 * up and down go to the others: there may be a hundred in a page.
 */
export const ConditionBars = ({ conditions, models, chosen = [], onChoose, machine }) =>
  h("table", { style: { width: "100%", borderCollapse: "collapse", fontVariantNumeric: "tabular-nums" }, "aria-label": `Mean AUC cost by condition${machine ? ` of ${machine}` : ""}`, onKeyDown: oneByOne },
    h("thead", null, h("tr", { style: { color: FAINT, textAlign: "left" } },
      ["condition", "normals", "training", "mean AUC cost, 95 % interval"].map((word, i) =>
      h("th", { key: word, scope: "col", colSpan: i === 3 ? 2 : 1, style: { fontWeight: 400, paddingRight: 8 } }, word)))),
    h("tbody", null, conditions.map((its, i) => h("tr", { key: `${its.column} ${its.code}`, "data-condition": its.name, style: { borderTop: `1px solid ${LINE}`, fontWeight: chosen.includes(its) ? 700 : 400 } },
      h("th", { scope: "row", style: { textAlign: "left", fontWeight: "inherit", maxWidth: 120, paddingRight: 8, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } },
        onChoose ? h(TextButton, { pressed: chosen.includes(its), tabIndex: i === 0 || chosen.includes(its) ? 0 : -1, onClick: () => onChoose(its), title: `Show the clips of ${its.name}`, style: { maxWidth: 116, overflow: "hidden", textOverflow: "ellipsis" } }, its.name) : its.name),
      h("td", null, its.normals.length), h("td", null, its.training),
      h("td", { style: { width: "50%", lineHeight: 1 } }, models.map((model, i) => its.costs[model] &&
        h("div", { key: model, style: { height: 12 } }, h(CostBar, { ...its.costs[model], colour: MODEL_COLOURS[i % MODEL_COLOURS.length] })))),
      h("td", { style: { whiteSpace: "nowrap", paddingLeft: 6, lineHeight: 1, fontSize: 11 } }, models.map((model) => {
        const cost = its.costs[model];
        return h("div", { key: model, style: { height: 12 }, "data-model": model, "data-cost": cost?.mean ?? "", "data-interval": cost?.interval.join(" ") ?? "" },
          cost ? `${cost.mean.toFixed(2)} (${cost.interval.map((end) => end.toFixed(2)).join("–")})` : "–");
      }))))));

export const Legend = ({ models, table }) => h(Fragment, null, models.map((model, i) => h("span", { key: model, style: { marginRight: 10 } },
  h("span", { "aria-hidden": true, style: { color: MODEL_COLOURS[i % MODEL_COLOURS.length] } }, "■ "), modelInWords(table, model))));
