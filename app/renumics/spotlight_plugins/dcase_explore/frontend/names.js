// The page's own headings, axes and tooltips in words: what a column is called is its name, by its key it stays known.
import { factsOf } from "./facts.js";
import { identity, useDataset } from "./parts.js";

async function rename() {
  const { words = {} } = await factsOf(identity(useDataset.getState()));
  const { columns, columnsByKey } = useDataset.getState();
  const named = columns.filter(({ key, name }) => words[key] && words[key] !== name);
  if (!named.length) return;
  for (const column of named) {
    // The same objects, for filters and widgets hold on to them. What it is called in Python stands above what it means.
    column.name = words[column.key];
    column.description = `${column.key}\n${column.description}`.trim();
  }
  useDataset.setState({ columns: [...columns], columnsByKey: { ...columnsByKey } });
}

export function followNames() {
  useDataset.subscribe((state) => state.columns, rename);
  rename();
}

/** Have the page write 0 as 0: by its logarithm it takes it for a very small number, 0e+0. To be called where a widget is drawn. */
export function useZero() {
  const format = Object.getPrototypeOf(globalThis.spotlight.useDataformat());
  if (format.zero) return;
  const { formatFloat } = format;
  format.zero = true;
  format.formatFloat = function (value, ...rest) { return value === 0 ? "0" : formatFloat.call(this, value, ...rest); };
}
