// What Spotlight's page imports at its start.
import { Scores } from "./scores.js";

export default {
  activate({ registerWidget }) {
    registerWidget(Scores);
  },
};
