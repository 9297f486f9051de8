// The page's own plots and tables in the colours of ours: label, decisions and domain.
import { ANOMALY, NORMAL, SOURCE, TARGET } from "./colours.js";
import { useDataset } from "./parts.js";

const COLOURS = { normal: NORMAL, anomaly: ANOMALY, source: SOURCE, target: TARGET };
const MEANT = /^(label|domain|prediction_(?!correct_).*)$/;
const ours = new WeakSet();

/** The same colour function, with our colours for the categories that have one. */
function inOurs(colour, { categories, invertedCategories }) {
  // The page's colours are objects of a library: one of them makes others.
  const Colour = colour(Object.values(categories)[0])?.constructor;
  const known = Object.fromEntries(Object.entries(COLOURS).map(([name, hex]) => [name, new Colour(hex)]));
  const found = Object.assign((code) => known[invertedCategories[code]] ?? colour(code), colour);
  ours.add(found);
  return found;
}

function paint(functions) {
  const { columns } = useDataset.getState(), changed = {};
  for (const { key, type } of columns)
    if (MEANT.test(key) && type.kind === "Category" && functions[key] && !ours.has(functions[key].full) && Object.keys(type.categories).length)
      changed[key] = { full: inOurs(functions[key].full, type), filtered: inOurs(functions[key].filtered, type) };
  if (Object.keys(changed).length) useDataset.setState({ colorTransferFunctions: { ...functions, ...changed } });
}

export function followColours() {
  useDataset.subscribe((state) => state.colorTransferFunctions, paint);
  paint(useDataset.getState().colorTransferFunctions);
}
