// What is seldom done with a session: taken up again, given another PIN, signed out of. Loaded with the screens
// that do it.

import { call, Unreachable } from "./api.js";
import * as db from "./db.js";
import * as pin from "./pin.js";
import { end, settle } from "./session.js";
import { state } from "./state.js";

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
