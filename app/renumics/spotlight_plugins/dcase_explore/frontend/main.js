// What Spotlight's page imports at its start.
import { followAddress } from "./address.js";
import { AppBar } from "./appbar.js";
import { Compare } from "./compare.js";
import { Conditions } from "./conditions.js";
import { Findings } from "./findings.js";
import { HistogramWidget } from "./histogram.js";
import { followNames } from "./names.js";
import { NoteLens } from "./note.js";
import { followNotes } from "./notes.js";
import { followColours } from "./palette.js";
import { h } from "./parts.js";
import { Scores } from "./scores.js";

export default {
  activate({ addAppBarItem, registerLens, registerWidget }) {
    [Compare, NoteLens].forEach(registerLens);
    [Scores, Findings, Conditions, HistogramWidget].forEach(registerWidget);
    addAppBarItem(h(AppBar, { key: "dcase" }));
    followColours();
    followNames();
    followNotes();
    followAddress();
    // The page itself makes the ring transparent, by which one sees what has the keyboard.
    document.head.append(Object.assign(document.createElement("style"), { textContent: ":focus-visible { outline: 2px solid #004c8c !important; }" }));
    // A notebook that holds the page in a cell learns that it is here.
    if (globalThis.parent !== globalThis) globalThis.parent.postMessage("dcase-explore is here", "*");
  },
};
