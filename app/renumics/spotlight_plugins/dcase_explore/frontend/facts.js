// What the page's table does not carry, asked for once per table. Where nobody answers (another program's page), there
// is less to show.
import { identity, useDataset, useEffect, useState } from "./parts.js";

const FIRST_PICTURE = 1000; // milliseconds for which what takes the program a while waits

const asked = {};

async function ask(what) {
  try {
    const answer = await fetch(`api/dcase/${what}`);
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

function answerOf(what, uid) {
  uid = uid?.trimEnd();
  if (asked[what]?.uid !== uid || !asked[what]) asked[what] = { uid, answer: ask(what) };
  return asked[what].answer;
}

/** Facts of the table with this identity. */
export const factsOf = (uid) => answerOf("facts", uid);

function useAnswer(what, after) {
  const uid = useDataset(identity), [found, setFound] = useState(null);
  useEffect(() => {
    let current = true;
    const take = () => answerOf(what, uid).then((answer) => current && setFound(answer));
    const waiting = after ? setTimeout(take, after) : take();
    return () => { current = false; if (after) clearTimeout(waiting); };
  }, [uid]);
  return found;
}

/** The same in a widget; null until they are here. */
export const useFacts = () => useAnswer("facts", 0);

/** How sure the official scores of all clips are; null until it is known, and that is after the first picture. */
export const useIntervals = () => useAnswer("intervals", FIRST_PICTURE);
