// What Spotlight's page imports at its start.
import { Compare } from "./compare.js";
import { Conditions } from "./conditions.js";
import { Findings } from "./findings.js";
import { Scores } from "./scores.js";

export default {
  activate({ registerLens, registerWidget }) {
    registerLens(Compare);
    [Scores, Findings, Conditions].forEach(registerWidget);
  },
};
