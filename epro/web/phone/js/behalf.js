// The app opened by the site for a participant, on the site's own device. It keeps nothing on the
// disk, asks for no PIN, says on every screen for whom it is open, and ends where it was opened; but
// not while anything is nowhere but in this page.

import { call, speakFor, unlessUnreachable } from "./api.js";
import * as outbox from "./outbox.js";
import { replace } from "./router.js";
import { state, update } from "./state.js";
import { isTraining, noteWhose } from "./training.js";

const ENTRY = /^#\/behalf\/(.+)$/;
const MARK = "epro-behalf";

let whose = null; // subject number; it stays with this tab, whoever is opened in another
let isEnding = false;
let isLeaving = false;
let asked = ""; // the unfinished forms of which she was told

/** Note for whom this page was opened; it stays so in this tab until the end. */
export function look() {
  const entry = ENTRY.exec(location.hash);
  if (entry) {
    sessionStorage.setItem(MARK, decodeURIComponent(entry[1]));
    history.replaceState({ depth: 0 }, "", `${location.pathname}#/today`);
  }
  whose = sessionStorage.getItem(MARK);
  if (whose === null) return false;
  speakFor(whose);
  noteWhose(whose);
  window.addEventListener("beforeunload", warn);
  return true;
}

/** Tell whether the app was opened by the site for somebody. */
export function isOnBehalf() {
  return whose !== null;
}

/** Find out how it was opened; leaves where the server takes the session no more. */
export async function start() {
  const { status, data } = await unlessUnreachable(() => call("GET", "/me"), () => ({}));
  if (status !== 200) return leave();
  return update({ participant: data.code, session: "open", profile: data });
}

/**
 * Deliver what waits, then go back to the site's own pages. Stays and says so while something waits, and
 * once for each form that was begun; without `isAsked` (nobody is there) forms are not asked about.
 */
export async function end({ isAsked = true } = {}) {
  if (isEnding) return;
  isEnding = true;
  try {
    await endUnless(isAsked);
  } finally {
    isEnding = false;
  }
}

async function endUnless(isAsked) {
  const begun = state().drafts.map(({ key }) => key).join(" ");
  if (isAsked && begun !== "" && begun !== asked) {
    asked = begun;
    update({ ending: "begun" });
    replace("today"); // leaving a form sends what is in it
  } else {
    update({ ending: "waits" });
    await outbox.flush();
    if (!isAnythingWaiting()) await leave();
  }
}

/** The server takes this session no more: leave, unless something would be lost. */
export function over() {
  update({ ending: "over" });
  if (!isAnythingWaiting() && state().drafts.length === 0) leave();
}

/** Something was delivered: end what could not be ended before; a session that was over is taken again. */
export function goOn() {
  const { ending, drafts } = state();
  if (ending === "over") update({ ending: null });
  if (ending === "waits" && drafts.length === 0) end();
}

/** Return why this has not ended, to be said in words: "waits", "begun", "over", or null. */
export function hindrance() {
  const { ending, drafts } = state();
  if (ending === null || (!isAnythingWaiting() && drafts.length === 0)) return null;
  if (ending === "over") return "over";
  return isAnythingWaiting() ? "waits" : "begun";
}

/** Tell whether anything is nowhere but in this page: not stored, nor kept as refused. */
function isAnythingWaiting() {
  return state().waiting.some((one) => one.state === "waiting" || (one.response_id && !one.isKept));
}

function warn(event) {
  if (isAnythingWaiting() || state().drafts.length > 0) event.preventDefault();
}

async function leave() {
  if (isLeaving) return;
  isLeaving = true;
  window.removeEventListener("beforeunload", warn);
  sessionStorage.removeItem(MARK);
  await call("DELETE", "/sessions/current").catch(() => null);
  location.replace(`${isTraining() ? "/training/console" : "/console"}/participants/${encodeURIComponent(whose)}`);
}
