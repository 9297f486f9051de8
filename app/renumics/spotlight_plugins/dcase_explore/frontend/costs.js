// What conditions cost: mean AUC cost of the normals of each attribute value and of each domain.
import { codeOf, cut, nameAt } from "./table.js";

const Z95 = 1.959963984540054, MANY = 200;

/** Probability that Student's t lies within ±t: the finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4). */
function within(t, freedom) {
  const angle = Math.atan(t / Math.sqrt(freedom)), sine = Math.sin(angle), square = Math.cos(angle) ** 2, odd = freedom % 2;
  let term = odd ? Math.cos(angle) : 1, sum = freedom > 1 ? term : 0;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) sum += term *= (square * (k - 1)) / k;
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/** 97.5th percentile of Student's t; of many degrees of freedom by Cornish and Fisher's expansion, which is close then. */
export function student95(freedom) {
  if (freedom > MANY)
    return Z95 + (Z95 ** 3 + Z95) / (4 * freedom) + (5 * Z95 ** 5 + 16 * Z95 ** 3 + 3 * Z95) / (96 * freedom ** 2);
  let low = 0, high = 13;
  for (let step = 0; step < 50; step++) within((low + high) / 2, freedom) < 0.95 ? (low = (low + high) / 2) : (high = (low + high) / 2);
  return high;
}

/** Mean of costs, 0 to 1, and its 95 % interval, which is 0 to 1 where there are fewer than two. */
export function meanAndInterval(values) {
  const n = values.length, mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, interval: [0, 1] };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = (student95(n - 1) * deviation) / Math.sqrt(n);
  return { mean, interval: [Math.max(0, mean - half), Math.min(1, mean + half)] };
}

/** Models that cost something: those of `auc_cost_…`, in the table's order. */
export const costed = (columns) =>
  columns.filter(({ key }) => key.startsWith("auc_cost_")).map(({ key }) => key.slice("auc_cost_".length));

/** Columns that conditions are values of: the domain and the attributes. */
export const conditionColumns = ({ columns }) => columns.filter(({ key, type }) =>
  type.kind === "Category" && (key === "domain" || /^d[1-9]v$/.test(key))).map(({ key }) => key)
  .sort((a, b) => (b === "domain") - (a === "domain"));

/** A condition in words: "vel 8" for a value of an attribute that has a name. */
export function conditionName(table, column, row) {
  const value = nameAt(table, column, row), name = column === "domain" ? "domain" : nameAt(table, `${column.slice(0, -1)}p`, row);
  return cut(column === "domain" ? `${value} domain` : name ? `${name} ${value}` : value);
}

/**
 * Conditions of one machine type's rows: [{column, code, name, rows (all that it holds for), normals (test), training,
 * costs (by model: {n, mean, interval})}], costliest for the first model first within each column. `code` is the value's.
 */
export function conditionsOf(table, rows, models) {
  const { columnData } = table, { split, label } = columnData;
  const test = codeOf(table, "split", "test"), normal = codeOf(table, "label", "normal");
  return conditionColumns(table).flatMap((column) => {
    const byCode = new Map(), codes = columnData[column];
    for (const row of rows) {
      if (codes[row] < 0) continue;
      if (!byCode.has(codes[row])) byCode.set(codes[row], []);
      byCode.get(codes[row]).push(row);
    }
    const found = [...byCode].map(([code, its]) => {
      const normals = its.filter((row) => split[row] === test && label?.[row] === normal);
      const training = its.filter((row) => split[row] !== test).length;
      const costs = Object.fromEntries(models.map((model) => {
        const values = normals.map((row) => columnData[`auc_cost_${model}`][row]).filter((cost) => !Number.isNaN(cost));
        return [model, values.length ? { n: values.length, ...meanAndInterval(values) } : null];
      }));
      return { column, code, name: conditionName(table, column, its[0]), rows: its, normals, training, costs };
    }).filter(({ costs }) => Object.values(costs).some(Boolean));
    return found.sort((a, b) => (b.costs[models[0]]?.mean ?? -1) - (a.costs[models[0]]?.mean ?? -1));
  });
}

/**
 * Which conditions a finding's normals are: one value, or several of one column (a range); {column, its: conditions}.
 * Null where they are none.
 */
export function conditionOf(finding, conditions) {
  const rows = new Set(finding.rows), within = conditions.filter(({ normals }) => normals.length && normals.every((row) => rows.has(row)));
  const whole = within.find(({ normals }) => normals.length === rows.size);
  if (whole) return { column: whole.column, its: [whole] };
  const columns = [...new Set(within.map(({ column }) => column))];
  const column = columns.find((column) => within.filter((one) => one.column === column).reduce((sum, { normals }) => sum + normals.length, 0) === rows.size);
  return column ? { column, its: within.filter((one) => one.column === column) } : null;
}
