// What she has sent, as the server lists it; kept for reading without network.

import { read, unlessUnreachable } from "./api.js";
import * as db from "./db.js";
import { state, update } from "./state.js";

/** Take over the list that was heard last. */
export async function recall() {
  const kept = await db.get("meta", "record");
  update({ record: kept && kept.participant === state().participant ? kept.items : null });
}

/** Ask for the list anew; without network the kept one stays. */
export async function refresh() {
  await unlessUnreachable(async () => {
    const { items } = await read("/me/responses");
    await db.put("meta", { participant: state().participant, items }, "record");
    update({ record: items });
  }, () => update({ isOnline: false }));
}

/** Return one response in words, question by question. Throws Unreachable. */
export function inWords(id, language) {
  return read(`/me/responses/${id}/as-seen?language=${language}`);
}
