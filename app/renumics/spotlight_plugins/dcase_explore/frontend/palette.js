// The page's own plots and tables in the colours of ours: label, decisions and domain.
import { ANOMALY, NORMAL, SOURCE, TARGET } from "./colours.js";
import { useDataset } from "./parts.js";

export const COLOURS = { normal: NORMAL, anomaly: ANOMALY, source: SOURCE, target: TARGET };
const MEANT = /^(label|domain|prediction_(?!correct_).*)$/;
const ours = new WeakSet();

/** The same colour function, with our colours for the categories that have one. */
function inOurs(colour, { categories, invertedCategories }) {
  // The page's colours are objects of a library: one of them makes others.
  const Colour = colour(Object.values(categories)[0])?.constructor;
  if (!Colour) return colour;
  const known = Object.fromEntries(Object.entries(COLOURS).map(([name, hex]) => [name, new Colour(hex)]));
  return Object.assign((code) => known[invertedCategories[code]] ?? colour(code), colour);
}

function paint(functions) {
  const { columns } = useDataset.getState(), changed = {};
  for (const { key, type } of columns) {
    const its = functions[key];
    if (!its || ours.has(its) || !MEANT.test(key) || type.kind !== "Category" || !Object.keys(type.categories).length) continue;
    let full, filtered;
    // Each when it is first used, as the page's own are.
    changed[key] = { get full() { return (full ??= inOurs(its.full, type)); }, get filtered() { return (filtered ??= inOurs(its.filtered, type)); } };
    ours.add(changed[key]);
  }
  if (Object.keys(changed).length) useDataset.setState({ colorTransferFunctions: { ...functions, ...changed } });
}

export function followColours() {
  useDataset.subscribe((state) => state.colorTransferFunctions, paint);
  paint(useDataset.getState().colorTransferFunctions);
}
