// What Python has the page select: `viewer.select`.
import { choose, lookAll } from "./choice.js";
import { factsOf } from "./facts.js";
import { isSeen, showAll } from "./filters.js";
import { findingsOf } from "./findings.js";
import { identity, useDataset } from "./parts.js";

let seen = 0;

/** What was chosen since this was asked the last time; null if nothing was. */
export async function chosenByPython() {
  const answer = await fetch("api/dcase/chosen").catch(() => null);
  const { number = 0, ...its } = answer?.ok ? await answer.json() : {}, isNew = number !== 0 && number !== seen;
  seen = number;
  return isNew ? its : null;
}

/** Look at it, in place of what was looked at before. */
export async function showChosen({ rows, finding: title }) {
  const state = useDataset.getState(), all = findingsOf(await factsOf(identity(state)), state.issues);
  const finding = title === null ? null : all.find((its) => its.title === title);
  choose(null);
  if (!rows.every(isSeen)) showAll();
  if (finding) choose(finding);
  else lookAll(rows);
}
