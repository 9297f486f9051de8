// Filters that the widgets set in the page, one of each purpose at a time.
import { useDataset } from "./parts.js";

const { PredicateFilter, getApplicablePredicates } = globalThis.spotlight;
const purposes = new WeakMap();

/** The page's filter of a purpose, if it is still there. */
const present = (purpose) => useDataset.getState().filters.find((filter) => purposes.get(filter) === purpose);

/** Whether the filter of a purpose is there and counts. */
export const isSet = (purpose) => Boolean(present(purpose)?.isEnabled);

function put(purpose, filter) {
  const { addFilter, removeFilter, replaceFilter } = useDataset.getState(), before = present(purpose);
  if (filter) purposes.set(filter, purpose);
  if (before && filter) replaceFilter(before, filter);
  else if (before) removeFilter(before);
  else if (filter) addFilter(filter);
}

/** Show the rows of one category (its code) of a column; all again with null. */
export function showCategory(key, code) {
  const column = useDataset.getState().columnsByKey[key];
  put(key, code === null ? null : new PredicateFilter(column, getApplicablePredicates(column.type.kind).equal, code));
}

/** Show these rows under a name, and no others; all again with null. */
export function showRows(purpose, rows, name) {
  const rowIndices = new Set(rows ?? []);
  put(purpose, rows && {
    kind: "SetFilter", name, rowIndices, isEnabled: true, isInverted: false, apply: (row) => rowIndices.has(row),
  });
}

/** Rows that the page's filters leave, those of one purpose of ours aside. */
export function rowsWithout(purpose, { filters, indices, filteredIndices, columnData }) {
  if (!isSet(purpose)) return filteredIndices;
  const others = filters.filter((filter) => filter.isEnabled && purposes.get(filter) !== purpose);
  return indices.filter((row) => others.every((filter) => filter.apply(row, columnData) !== filter.isInverted));
}

/** The code of the machine type that the page's filters alone leave, whoever set them; null for several. */
export const chosenMachine = (filters) =>
  filters.find((filter) => filter.isEnabled && !filter.isInverted && filter.column?.key === "class" &&
    filter.predicate?.shorthand === "=")?.referenceValue ?? null;

/** Take the machine type's filter away, whoever set it. */
export function showAllMachines() {
  const { filters, removeFilter } = useDataset.getState();
  filters.filter((filter) => filter.column?.key === "class").forEach(removeFilter);
}

/** Whether the page's filters leave a row. */
export const isSeen = (row) => useDataset.getState().isIndexFiltered[row];

/** Take all filters away. */
export function showAll() {
  const { filters, removeFilter } = useDataset.getState();
  filters.forEach(removeFilter);
}
