// The same colours in every widget, in the report and the notebooks, which people who see fewer colours tell apart. What a
// colour says is said by a dash, a sign or a word as well.

export const ANOMALY = "#d55e00", NORMAL = "#708aa2";
export const SOURCE = "#004c8c", TARGET = "#009068";
export const DOMAINS = { source: SOURCE, target: TARGET };
export const TEXT = "#0c192b", FAINT = "#677276", LINE = "#c7ced3", PALE = "#fafcfe", CHOSEN = "#dcebf7", WORST = "#fbe3d0";
