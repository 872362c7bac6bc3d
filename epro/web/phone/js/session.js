// Who is at this phone: activation, the screen lock, and the end of a session. What is seldom done with one
// is done by session_seldom.js.

import { call, hasSession, onEnded, unlessUnreachable } from "./api.js";
import * as db from "./db.js";
import * as behalf from "./behalf.js";
import { newId } from "./ids.js";
import * as pin from "./pin.js";
import { state, update } from "./state.js";

const LOCK_AFTER_MS = 5 * 60 * 1000;

const attempts = new Map(); // what was typed, and the number of its attempt; forgotten on success

let hiddenAt = null;

/** Find out how this phone stands, and lock it whenever it was out of sight for five minutes. */
export async function start() {
  onEnded(() => (behalf.isOnBehalf() ? behalf.over() : end("ended")));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hiddenAt = Date.now();
    else if (hiddenAt !== null && Date.now() - hiddenAt >= LOCK_AFTER_MS) lock();
  });
  if (behalf.isOnBehalf()) return behalf.start();
  const kept = await db.get("meta", "session");
  if (!kept) return update(await stillSignedIn());
  const isLocked = kept.state === "open" && (await pin.isSet());
  return update({ participant: kept.participant, session: isLocked ? "locked" : kept.state });
}

/** Find a session that only this phone has forgotten, because its storage was cleared. */
async function stillSignedIn() {
  if (!hasSession()) return { session: "none" };
  const { status, data } = await unlessUnreachable(() => call("GET", "/me"), () => ({}));
  return status === 200 ? { session: "cleared", participant: data.code } : { session: "none" };
}

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

/** Keep who is signed in here from now on, and her PIN; nothing of whoever was before her is shown. */
export async function settle(participant, secret) {
  await pin.keep(secret);
  await db.change(["meta"], async (store) => {
    await store.put("meta", { participant, state: "open" }, "session");
    for (const name of ["profile", "diary", "offset"]) await store.remove("meta", name);
  });
  update({ participant, session: "open", profile: null, diary: null, record: null, waiting: [], drafts: [] });
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
}

/** Number an attempt; the same that was typed gets the same number, should the reply be lost. */
function attemptFor(typed) {
  if (!attempts.has(typed)) attempts.set(typed, newId());
  return attempts.get(typed);
}

/** Try to unlock; the answer is that of `pin.attempt`. */
export async function unlock(secret) {
  const tried = await pin.attempt(secret);
  if (tried.result === "right") update({ session: "open" });
  if (tried.result === "over") await end("ended");
  return tried;
}

/** Lock the screen; drafts and unsent records stay, and go on being sent. */
export function lock() {
  if (behalf.isOnBehalf()) return void behalf.end({ isAsked: false }); // there is no PIN of hers here
  if (state().session === "open") update({ session: "locked" });
}

/** Close this phone's session: "ended" by the server or by wrong PINs, "none" by her own wish. */
export async function end(how) {
  await db.change(["meta"], async (store) => {
    const kept = await store.get("meta", "session");
    if (how === "none") await store.remove("meta", "session");
    else if (kept) await store.put("meta", { ...kept, state: how }, "session");
  });
  if (how === "none") update({ participant: null, profile: null, diary: null, record: null, waiting: [], drafts: [], done: null });
  update({ session: how });
}
