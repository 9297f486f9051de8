// What the widgets share of React and of Spotlight, which puts both on the page before it imports us.
import { CHOSEN, FAINT, LINE, PALE, TEXT } from "./colours.js";

export const { createElement: h, Fragment, useCallback, useEffect, useMemo, useRef, useState } = globalThis.React;
export const { useDataset } = globalThis.spotlight;

/** Identity of the table; what `layouts` puts to its end is none of it. */
export const identity = (state) => state.uid?.trimEnd();

/** A widget's frame: what is in it scrolls. `label` is its name for a screen reader. */
export const Frame = ({ label, children }) =>
  h("section", {
    "aria-label": label,
    style: { height: "100%", overflow: "auto", background: PALE, color: TEXT, fontSize: 13, lineHeight: 1.35, padding: 8 },
  }, children);

/** A sentence where there is nothing to show. */
export const Nothing = ({ children }) => h("p", { style: { color: FAINT, fontStyle: "italic", margin: 8 } }, children);

/** A button that is text; `pressed` where it is one choice of several. */
export const TextButton = ({ pressed, style, ...rest }) =>
  h("button", {
    type: "button", "aria-pressed": pressed, ...rest,
    style: {
      border: `1px solid ${LINE}`, borderRadius: 4, padding: "1px 6px", cursor: "pointer", color: TEXT,
      background: pressed ? CHOSEN : "transparent", fontWeight: pressed ? 700 : 400, ...style,
    },
  });

/** Arrow keys in a table of buttons, of which Tab stops at the first: up and down, Home and End go to the others. */
export function oneByOne(event) {
  const buttons = [...event.currentTarget.querySelectorAll("tbody button")], at = buttons.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  buttons[Math.min(buttons.length - 1, Math.max(0, to))].focus();
}

/** Width and height in pixels of the element that `ref` is given to. */
export function useSize() {
  const ref = useRef(null), [size, setSize] = useState([0, 0]);
  useEffect(() => {
    const watch = new ResizeObserver(([{ contentRect: its }]) => setSize([Math.floor(its.width), Math.floor(its.height)]));
    if (ref.current) watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return [ref, size];
}

/** A number as the official tables print it; a dash where it is not defined. */
export const metric = (value) => (value === null || value === undefined ? "–" : value.toFixed(4));

/** A number of any size in few words, never as 0e+0. */
export const short = (value) => (value === 0 ? "0" : Math.abs(value) >= 0.001 && Math.abs(value) < 1e6
  ? String(+value.toPrecision(4)) : value.toExponential(2));

export const counted = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
