// Who is at this phone: the screen lock, and the end of a session. What is seldom done with one, its beginning
// as well, is done by session_seldom.js.

import { call, hasSession, onEnded, unlessUnreachable } from "./api.js";
import * as db from "./db.js";
import * as behalf from "./behalf.js";
import * as pin from "./pin.js";
import { state, update } from "./state.js";

const LOCK_AFTER_MS = 5 * 60 * 1000;

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
