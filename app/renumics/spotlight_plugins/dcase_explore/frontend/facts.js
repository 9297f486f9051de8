// What the page's table does not carry, asked for once per table. Where nobody answers (another program's page), there
// is less to show.
import { identity, useDataset, useEffect, useState } from "./parts.js";

let asked = { uid: undefined, answer: Promise.resolve({}) };

async function ask() {
  try {
    const answer = await fetch("api/dcase/facts");
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

/** Facts of the table with this identity. */
export function factsOf(uid) {
  uid = uid?.trimEnd();
  if (asked.uid !== uid) asked = { uid, answer: ask() };
  return asked.answer;
}

/** The same in a widget; null until they are here. */
export function useFacts() {
  const uid = useDataset(identity), [facts, setFacts] = useState(null);
  useEffect(() => {
    let current = true;
    factsOf(uid).then((found) => current && setFacts(found));
    return () => { current = false; };
  }, [uid]);
  return facts;
}
