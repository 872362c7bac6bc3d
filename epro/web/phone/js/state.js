// What all screens look at, in one place. Whoever changes something here is a module that owns it;
// screens only look.

import { useEffect, useState } from "../vendor/htm-preact.module.js";

const facts = {
  session: "none", // none · locked · open · ended · cleared
  participant: null, // subject number
  profile: null,
  diary: null,
  drafts: [],
  record: null, // what was delivered, as the server lists it
  waiting: [], // outbox records of this participant, without their bodies
  lastSentAt: null,
  done: null, // what was sent off last: {response, code, title}
  ending: null, // what the site opened is to end: "begun", "waits", "over" (see behalf.js)
  isOnline: true,
  route: { name: "today", rest: [] },
  storage: "kept", // kept · blocked · full
  language: "zh",
  textSize: "standard",
  tick: 0, // grows as time passes, so that what depends on the clock is drawn again
};
const listeners = new Set();

/** Return what is known now; not to be changed by the caller. */
export function state() {
  return facts;
}

/** Put new facts in and have everything that looks at them drawn again. */
export function update(changes) {
  Object.assign(facts, changes);
  for (const listener of listeners) listener();
}

/** Look at the state from a component. */
export function useFacts() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return facts;
}
