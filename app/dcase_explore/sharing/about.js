// In a copy's app bar: what it is, whose data it shows and under which licence.
const { createElement: h, useState, useEffect, useRef } = globalThis.React;

function About() {
  const [its, setIts] = useState(null), dialog = useRef(null);
  useEffect(() => { fetch("api/dcase/copy").then((answer) => answer.json()).then(setIts); }, []);
  if (its === null) return null;
  const button = { whiteSpace: "nowrap", border: "1px solid #ccc", borderRadius: 4, background: "#fff", padding: "0 6px", height: 22, fontSize: 13, cursor: "pointer" };
  return h("div", { style: { marginLeft: 8 } },
    h("button", { type: "button", style: button, onClick: () => dialog.current.showModal() }, "About this copy"),
    h("dialog", { ref: dialog, "aria-label": "About this copy", style: { maxWidth: "42rem", margin: "auto", padding: "1rem 1.5rem", border: "1px solid #ccc", borderRadius: 6, fontSize: 14 } },
      h("h2", { style: { fontSize: 18, fontWeight: 600 } }, its.title),
      its.paragraphs.map((text) => h("p", { key: text, style: { margin: "0.6em 0" } }, text)),
      its.citations.length > 0 && h("p", null, "Please cite:"),
      its.citations.length > 0 && h("ul", { style: { listStyle: "disc", paddingLeft: "1.2em" } }, its.citations.map((text) => h("li", { key: text }, text))),
      h("button", { type: "button", style: { ...button, marginTop: "0.6em" }, onClick: () => dialog.current.close() }, "Close")));
}

export default {
  activate({ addAppBarItem }) {
    addAppBarItem(h(About, { key: "dcase-copy" }));
  },
};
