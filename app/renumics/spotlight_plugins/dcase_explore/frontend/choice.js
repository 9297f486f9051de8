// Which finding is looked at, and which of its clips: shown alone, the clip in the inspector.
import { isSet, showRows } from "./filters.js";
import { identity, useDataset } from "./parts.js";

let choice = { finding: null, place: 0 };
const listeners = new Set();

function set(next) {
  choice = next;
  listeners.forEach((tell) => tell());
}

export const useChoice = () => globalThis.React.useSyncExternalStore(
  (listener) => { listeners.add(listener); return () => listeners.delete(listener); }, () => choice);

export const onChoice = (listener) => listeners.add(() => listener(choice));

/** Look at a finding's clip of this place, the costliest first; at none with null. */
export function choose(finding, place = 0) {
  if (finding) showRows("condition", null);
  if (finding?.title !== choice.finding?.title) showRows("finding", finding?.rows ?? null, finding?.title.slice(0, 80));
  set({ finding, place });
  if (finding) look(finding.rows[place]);
}

/** Put a row into the inspector, and mark it in table and plots. */
export const look = (row) => lookAll([row]);

/** Select rows, the first of them marked. */
export function lookAll(rows) {
  const { dehighlightAll, highlightRowAt, selectRows } = useDataset.getState();
  selectRows(rows);
  if (rows.length) highlightRowAt(rows[0], true);
  else dehighlightAll();
}

/** The next clip of the finding, or the one before: around its ends. */
export function step(by) {
  const { finding, place } = choice;
  if (finding) choose(finding, (place + by + finding.rows.length) % finding.rows.length);
}

// Its filter taken away by other means: it is no longer looked at.
useDataset.subscribe((state) => state.filters, () => {
  if (choice.finding && !isSet("finding")) set({ finding: null, place: 0 });
});
useDataset.subscribe(identity, () => set({ finding: null, place: 0 }));

// n and p wherever one is, except where one writes.
globalThis.addEventListener("keydown", (event) => {
  const by = { n: 1, p: -1 }[event.key];
  const { target } = event;
  if (!by || !choice.finding || event.ctrlKey || event.metaKey || event.altKey || target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
  event.preventDefault();
  step(by);
});
