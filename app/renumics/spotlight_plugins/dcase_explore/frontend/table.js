// The clip table as the page holds it: categories are codes (-1 where empty), numbers typed arrays (NaN where empty).

const SCORE = "anomaly_score_";

/** Names of the models that have scores, in the table's order. */
export const modelsOf = (columns) =>
  columns.filter((column) => column.key.startsWith(SCORE) && column.type.kind === "float")
    .map((column) => column.key.slice(SCORE.length));

/** What a model is called in words, as the page's headings have it: "AST, nearest normal". */
export const modelInWords = ({ columnsByKey }, model) =>
  /^anomaly score \((.+)\)$/.exec(columnsByKey[SCORE + model]?.name)?.[1] ?? model;

/** Code of a category's name in a column; -2, which no row has, where there is no such column or name. */
export const codeOf = ({ columnsByKey }, key, name) => columnsByKey[key]?.type.categories?.[name] ?? -2;

/** Name of a row's category; null where it is empty or there is no such column. */
export function nameAt({ columnsByKey, columnData }, key, row) {
  const column = columnsByKey[key];
  return column?.type.kind === "Category" ? column.type.invertedCategories[columnData[key][row]] ?? null : null;
}

/** Values of a column: as exact as Python's, where the page's own single precision would tie two clips. */
export const exactly = ({ columnData }, key, facts) => facts?.exact?.[key] ?? columnData[key];

export const scoresOf = (table, model, facts) => exactly(table, SCORE + model, facts);

/** Rows by machine type and section, in the order of the machine types: [{machine, section, name, rows}]. */
export function sectionsOf(table, rows) {
  const { columnsByKey, columnData } = table;
  const machines = columnData.class, sections = columnData.section;
  if (columnsByKey.class?.type.kind !== "Category" || !machines) return [];
  const found = new Map();
  for (const row of rows) {
    const machine = machines[row], section = sections?.[row];
    let ofMachine = found.get(machine);
    if (!ofMachine) found.set(machine, (ofMachine = new Map()));
    const group = ofMachine.get(section);
    if (group) group.push(row);
    else ofMachine.set(section, [row]);
  }
  const groups = [...found.values()].flatMap((ofMachine) => [...ofMachine.values()]).map((rows) => {
    const machine = nameAt(table, "class", rows[0]), section = sections?.[rows[0]] ?? null;
    return { machine, section, code: machines[rows[0]], rows };
  });
  groups.sort((a, b) => a.code - b.code || (a.section ?? 0) - (b.section ?? 0));
  const several = new Set(groups.filter((group, i) => groups[i - 1]?.code === group.code).map((group) => group.code));
  return groups.map((group) => ({
    ...group,
    name: several.has(group.code) && group.section !== null
      ? `${group.machine ?? "?"} ${String(group.section).padStart(2, "0")}` : group.machine ?? "?",
  }));
}

/** Of some rows, those of the test split whose label is known. */
export function labelledTest(table, rows) {
  const { split, label } = table.columnData;
  const test = codeOf(table, "split", "test");
  if (table.columnsByKey.label?.type.kind !== "Category") return [];
  return rows.filter((row) => label[row] >= 0 && (!split || split[row] === test));
}

/** Text that is no longer than it is read. */
export const cut = (text, most = 200) => (text.length > most ? `${text.slice(0, most)}…` : text);

/** What a clip is, in words: "train · vel 8, loc A · source"; a test clip's label with it. */
export const wordsOf = (table, row) => {
  const split = nameAt(table, "split", row);
  return [split, split === "train" ? null : nameAt(table, "label", row), nameAt(table, "attributes", row), nameAt(table, "domain", row)]
    .filter(Boolean).map((word) => cut(word)).join(" · ");
};
