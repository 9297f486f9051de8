// What Spotlight's page imports at its start.
import { Compare } from "./compare.js";
import { Scores } from "./scores.js";

export default {
  activate({ registerLens, registerWidget }) {
    registerLens(Compare);
    registerWidget(Scores);
  },
};
