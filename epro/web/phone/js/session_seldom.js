// What is seldom done with a session: begun, taken up again, given another PIN, signed out of. Loaded with the
// screens that do it.

import { call, Unreachable } from "./api.js";
import * as db from "./db.js";
import { newId } from "./ids.js";
import * as pin from "./pin.js";
import { end } from "./session.js";
import { state, update } from "./state.js";

const attempts = new Map(); // what was typed, and the number of its attempt; forgotten on success

/**
 * Trade code and year of birth for a session. Returns null, or the code of the refusal: one and the
 * same for every reason that lies in code or year. Throws Unreachable.
 */
export async function activate({ code, yearOfBirth, secret }) {
  const attempt = attemptFor(`${code} ${yearOfBirth} ${secret}`);
  const body = { code, year_of_birth: Number(yearOfBirth), pin: secret, attempt, session_transport: "cookie" };
  const { status, data } = await call("POST", "/sessions/activation", { body });
  if (status !== 200) return data && data.error ? data.error.code : "wrong_credentials";
  attempts.clear();
  await settle(data.person.name, secret);
  return null;
}

/**
 * Take up the diary again on a phone whose storage was cleared: here only the server knows the PIN.
 * Returns null or the code of the refusal. Throws Unreachable.
 */
export async function takeUp(secret) {
  const body = { code: state().participant, pin: secret, session_transport: "cookie", was_cleared: true };
  const { status, data } = await call("POST", "/sessions/participant", { body });
  if (status !== 200) return data && data.error ? data.error.code : "wrong_credentials";
  await settle(data.person.name, secret);
  return null;
}

/** Set another PIN, here and at the server. Returns null or the code of the refusal. */
export async function changePin(old, secret) {
  const { status, data } = await call("PUT", "/me/pin", { body: { old_pin: old, new_pin: secret } });
  if (status !== 204) return data && data.error ? data.error.code : "wrong_pin";
  await pin.keep(secret);
  return null;
}

/**
 * Sign out of this phone: the server first, then everything clinical that is kept here. Records that
 * could not be delivered stay sealed, unless the server has kept what is in them. Throws Unreachable.
 */
export async function signOut() {
  const { status } = await call("DELETE", "/sessions/current");
  if (status !== 204 && status !== 401) throw new Unreachable(`sign out ${status}`);
  for (const store of ["draft", "sent", "form", "outbox"]) {
    for (const one of await db.all(store)) {
      if (store !== "outbox" || one.isKept) await db.remove(store, store === "sent" ? one.id : one.key);
    }
  }
  for (const name of ["profile", "diary", "record", "safety", "offset", "lastSentAt", "pin", "asked"]) await db.remove("meta", name);
  await end("none");
}

/** Keep who is signed in here from now on, and her PIN; nothing of whoever was before her is shown. */
async function settle(participant, secret) {
  await pin.keep(secret);
  await db.change(["meta"], async (store) => {
    await store.put("meta", { participant, state: "open" }, "session");
    for (const name of ["profile", "diary", "offset", "lastSentAt"]) await store.remove("meta", name);
  });
  update({ participant, session: "open", profile: null, diary: null, record: null, lastSentAt: null, waiting: [], drafts: [] });
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
}

/** Number an attempt; the same that was typed gets the same number, should the reply be lost. */
function attemptFor(typed) {
  if (!attempts.has(typed)) attempts.set(typed, newId());
  return attempts.get(typed);
}
