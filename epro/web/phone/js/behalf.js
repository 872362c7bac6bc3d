// The app opened by the site for a participant, on the site's own device. It keeps nothing on the
// disk, asks for no PIN, says on every screen for whom it is open, and ends where it was opened.

import { call, unlessUnreachable } from "./api.js";
import { state, update } from "./state.js";
import { isTraining } from "./training.js";

const ENTRY = "#/behalf";
const MARK = "epro-behalf";
let isHere = false;

/** Note whether this page was opened for somebody; it stays so in this tab until the end. */
export function look() {
  if (location.hash === ENTRY) {
    sessionStorage.setItem(MARK, "1");
    history.replaceState({ depth: 0 }, "", `${location.pathname}#/today`);
  }
  isHere = sessionStorage.getItem(MARK) !== null;
  return isHere;
}

/** Tell whether the app was opened by the site for somebody. */
export function isOnBehalf() {
  return isHere;
}

/** Find out for whom; ends where nobody is signed in any more. */
export async function start() {
  const { status, data } = await unlessUnreachable(() => call("GET", "/me"), () => ({}));
  if (status !== 200 || !data.on_behalf) return void end();
  update({ participant: data.code, session: "open", profile: data });
}

/** End it and go back to the site's own pages. */
export async function end() {
  const { participant } = state();
  sessionStorage.removeItem(MARK);
  await call("DELETE", "/sessions/current").catch(() => null);
  const desk = isTraining() ? "/training/console" : "/console";
  location.replace(participant ? `${desk}/participants/${encodeURIComponent(participant)}` : `${desk}/`);
}
