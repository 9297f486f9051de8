// Notes on clips: the columns `tag` and `note` of the page's table, as they stand in their file, and keeping one.
import { identity, useDataset } from "./parts.js";

const { makeColumn } = globalThis.spotlight;
const DELAY = 300; // ms until a text that is being written is kept
let told = { file: null, tags: [], rows: {}, problem: null };
const listeners = new Set(), waiting = new Map();

export const useNotes = () => globalThis.React.useSyncExternalStore(
  (listener) => { listeners.add(listener); return () => listeners.delete(listener); }, () => told);

/** Ask for all notes and put them into the table. */
async function load() {
  const answer = await fetch("api/dcase/notes").catch(() => null);
  if (!answer?.ok) return; // another program's page: a table has the notes that it came with
  told = await answer.json();
  if (useDataset.getState().length) put();
  listeners.forEach((tell) => tell());
}

/** Columns of the page's own, which the page asks no server for, in place of those that the table came with. */
function put() {
  const { columns, columnData, length } = useDataset.getState();
  const categories = Object.fromEntries(told.tags.map((tag, code) => [tag, code]));
  const tags = new Int32Array(length).fill(-1), notes = new Array(length).fill(null);
  for (const [row, { tag, note }] of Object.entries(told.rows)) {
    if (tag) tags[row] = categories[tag] ?? -1;
    if (note) notes[row] = note;
  }
  const make = (name, dtype, description) => makeColumn({ name, dtype, optional: true, editable: false, computed: false, hidden: false, description, tags: [] }, 0);
  const tag = make("tag", { name: "Category", categories }, "Your tag of the clip; empty where there is none.");
  const note = make("note", { name: "str" }, "Your note of the clip; empty where there is none.");
  note.type = { ...note.type, lazy: false };
  const rest = columns.filter(({ key }) => key !== "tag" && key !== "note");
  // Behind what models say of a clip.
  const place = 1 + rest.findLastIndex(({ key }) => /^(class|label|domain|attributes|(anomaly_score|prediction|auc_cost|domain_distance)_.*)$/.test(key));
  const before = useDataset.getState().columnsByKey;
  // The same objects while they are the same columns: filters and widgets hold on to them.
  const own = [tag, note].map((column) => (before[column.key]?.own ? before[column.key] : Object.assign(column, { own: true })));
  const all = own.every((column) => columns.includes(column)) ? columns
    : [...rest.slice(0, place), ...own, ...rest.slice(place)].map((column, index) => Object.assign(column, { index }));
  useDataset.setState({ columns: all, columnsByKey: Object.fromEntries(all.map((column) => [column.key, column])), columnData: { ...columnData, tag: tags, note: notes } });
}

/** Keep a clip's note; soon, where it is being written. Resolves to a problem, or null. */
export function keep(clipId, row, its, { soon = false } = {}) {
  told = { ...told, rows: { ...told.rows, [row]: its } };
  listeners.forEach((tell) => tell());
  const one = waiting.get(clipId) ?? toKeep(clipId);
  // Its time is not put off by the next key: it is kept while one goes on writing, not only when one pauses.
  one.its = its;
  if (!soon) one.send();
  return one.kept;
}

/** What of a clip is to be kept before long: `send` does so now. */
function toKeep(clipId) {
  const one = {};
  one.kept = new Promise((resolve) => {
    one.send = ({ leaving = false } = {}) => {
      clearTimeout(one.timer);
      waiting.delete(clipId);
      // One after the other, or an earlier one might come last; a page that is left has no time to wait.
      sending = leaving ? sent(clipId, one.its) : sending.then(() => sent(clipId, one.its));
      resolve(sending);
    };
  });
  one.timer = setTimeout(one.send, DELAY);
  waiting.set(clipId, one);
  return one;
}

let sending = Promise.resolve();

async function sent(clipId, its) {
  const body = JSON.stringify({ clip_id: clipId, ...its });
  // Outlives the page that is closed meanwhile.
  const answer = await fetch("api/dcase/notes", { method: "PUT", body, keepalive: body.length < 60000 }).catch(() => null);
  const problem = answer?.ok ? null : (await answer?.json().catch(() => null))?.title ?? "The program does not answer: this note is not kept.";
  if (!problem) put();
  return problem;
}

/** Keep at once what is waiting. */
export const keepNow = () => waiting.forEach(({ send }) => send());

export function followNotes() {
  useDataset.subscribe(identity, load);
  // A table that came anew without them.
  useDataset.subscribe((state) => state.columns, (columns) => { if (columns.length && told.file && !columns.some(({ own }) => own)) put(); });
  globalThis.addEventListener("pagehide", () => waiting.forEach(({ send }) => send({ leaving: true })));
  load();
}
