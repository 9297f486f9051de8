// The page's address says what is looked at, so that a link or a bookmark shows the same: machine type, layout, finding,
// clip. Without any of it the page opens with the worst finding.
import { choose, look, onChoice } from "./choice.js";
import { factsOf } from "./facts.js";
import { findingsOf } from "./findings.js";
import { chosenMachine, showAllMachines, showCategory } from "./filters.js";
import { hasWidget, layoutsKnown, showLayout } from "./layouts.js";
import { identity, useDataset } from "./parts.js";
import { chosenByPython, showChosen } from "./python.js";

const MOST = 300; // characters of a title in an address
let chosen = { finding: null }, clip = null, layout = null, opening = true;

/** Name a layout in the address. */
export function setLayoutName(name) {
  layout = name;
  write();
}

const machineName = ({ filters, columnsByKey }) => columnsByKey.class?.type.invertedCategories?.[chosenMachine(filters)] ?? null;

let timer;
function write() {
  if (opening) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    const parts = { class: machineName(useDataset.getState()), layout, finding: chosen.finding?.title.slice(0, MOST), clip };
    const said = new URLSearchParams(Object.entries(parts).filter(([, value]) => value));
    history.replaceState(null, "", `#${said}`);
  }, 100);
}

/** The clip that is selected, by its name in the table. */
async function nameClip() {
  const { selectedIndices: [row], generationID } = useDataset.getState();
  if (row === undefined) clip = null;
  else {
    const answer = await fetch(`api/table/clip_id/${row}?generation_id=${generationID}`).catch(() => null);
    const name = answer?.ok ? await answer.json() : null;
    // Another one may have been selected meanwhile.
    if (useDataset.getState().selectedIndices[0] === row) clip = typeof name === "string" ? name : null;
  }
  write();
}

async function rowOf(clip) {
  const answer = await fetch(`api/dcase/clip?${new URLSearchParams({ clip_id: clip })}`).catch(() => null);
  return answer?.ok ? (await answer.json()).row : null;
}

/** Show what the address says; where it says nothing what Python does, or the worst finding, or the first clip. */
async function open() {
  const { uid, issues, length, columnsByKey } = useDataset.getState();
  if (!length) return;
  opening = true;
  const said = new URLSearchParams(location.hash.slice(1)), known = await layoutsKnown();
  layout = known.current;
  const wanted = said.get("layout");
  if (wanted && wanted !== layout && known.layouts.includes(wanted)) layout = (await showLayout(wanted).catch(() => known)).current;
  const code = columnsByKey.class?.type.categories?.[said.get("class")];
  if (code !== undefined) showCategory("class", code);
  else if (said.size) showAllMachines();
  const all = findingsOf(await factsOf(uid), issues), its = all.filter(({ rows }) => code === undefined || useDataset.getState().columnData.class[rows[0]] === code);
  const row = said.get("clip") ? await rowOf(said.get("clip")) : null;
  const finding = said.get("finding") ? its.find(({ title }) => title.slice(0, MOST) === said.get("finding")) : null;
  const byPython = await chosenByPython();
  if (byPython && !said.size) await showChosen(byPython);
  else if (finding) choose(finding, Math.max(0, finding.rows.indexOf(row)));
  else if (row !== null) look(row);
  else if (!said.get("finding") && !said.get("clip") && its.length && !said.size && (await hasWidget("dcase.findings"))) choose(its[0]);
  else look(its[0]?.rows[0] ?? useDataset.getState().filteredIndices[0] ?? 0);
  opening = false;
  write();
}

/** Follow what is looked at, and the address where it is changed by hand. */
export function followAddress() {
  let opened = open();
  useDataset.subscribe(identity, (_, before) => {
    // Another table in the same page: the address was about the one before.
    if (before) history.replaceState(null, "", location.pathname + location.search);
    opened = open();
  });
  useDataset.subscribe((state) => state.filters, write);
  useDataset.subscribe((state) => state.selectedIndices, nameClip);
  onChoice((choice) => { chosen = choice; write(); });
  // The server tells that Python has chosen by telling that findings have changed.
  useDataset.subscribe((state) => state.issues, async () => {
    await opened;
    const its = await chosenByPython();
    if (its) showChosen(its);
  });
  globalThis.addEventListener("hashchange", () => { opened = open(); });
}
