// Which layouts there are, and showing another one in place.
import { useDataset } from "./parts.js";

/** Names and the current one: {layouts, current}; none where the server has none to choose from. */
export async function layoutsKnown() {
  try {
    const answer = await fetch("api/dcase/layout");
    return answer.ok ? await answer.json() : { layouts: [], current: null };
  } catch {
    return { layouts: [], current: null };
  }
}

/** Have the server show another one; what it knows then. Rejects with a sentence. */
export async function showLayout(name) {
  const answer = await fetch("api/dcase/layout", { method: "PUT", body: JSON.stringify({ layout: name }) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.title);
  // The page asks for its layout anew when the table's identity changes; a space at its end says nothing to anybody else.
  useDataset.setState(({ uid }) => ({ uid: uid.endsWith(" ") ? uid.slice(0, -1) : `${uid} ` }));
  return said;
}

/** Whether the layout that is shown has a widget of this type. */
export const hasWidget = (type) => fetch("api/layout/").then((answer) => answer.text())
  .then((layout) => layout.includes(JSON.stringify(type)), () => false);
