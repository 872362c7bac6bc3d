// The study's safety rules, kept so that advice needs no network. Asked for anew whenever the diary
// is opened; the server says "as before" where nothing has changed.

import { call, unlessUnreachable } from "./api.js";
import * as db from "./db.js";
import { state } from "./state.js";

let rules = null;

/** Return the rules as last heard for whoever is signed in; null where none ever were. */
export function safetyRules() {
  return rules;
}

/** Take over what is kept, then ask whether it is still true. */
export async function refresh() {
  const kept = await db.get("meta", "safety");
  const isOwn = kept && kept.participant === state().participant;
  rules = isOwn ? kept.rules : null;
  const headers = isOwn && kept.tag ? { "If-None-Match": kept.tag } : {};
  const { status, data, tag } = await unlessUnreachable(() => call("GET", "/me/safety-rules", { headers }), () => ({}));
  if (status !== 200) return;
  rules = data;
  await db.put("meta", { participant: state().participant, rules, tag }, "safety");
}
