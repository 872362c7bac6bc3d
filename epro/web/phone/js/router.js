// Which screen is shown. Each is an entry in the browser's history, so that the phone's own way back
// is the way back of the app. Addresses stand behind #: the server sees none of them.

import { update } from "./state.js";

/** Begin with the address as it is; return what stood behind # if it is no address of the app. */
export function start() {
  const fragment = decodeURIComponent(location.hash.slice(1));
  const isOwn = fragment.startsWith("/");
  // An activation code must not stay in the address, where it could be seen or shared.
  if (!isOwn) history.replaceState({ depth: 0 }, "", location.pathname);
  else if (!history.state) history.replaceState({ depth: 0 }, "");
  window.addEventListener("popstate", show);
  show();
  return isOwn ? "" : fragment;
}

/** Go to a screen: go("form", "assessment", id). */
export function go(...parts) {
  const depth = ((history.state && history.state.depth) || 0) + 1;
  history.pushState({ depth }, "", `#/${parts.map(encodeURIComponent).join("/")}`);
  show();
}

/** Go to a screen in place of this one, which the way back then passes over. */
export function replace(...parts) {
  const depth = (history.state && history.state.depth) || 0;
  history.replaceState({ depth }, "", `#/${parts.map(encodeURIComponent).join("/")}`);
  show();
}

/** Go back as the phone's own button does; from the first screen to today's. */
export function back() {
  if (history.state && history.state.depth > 0) history.back();
  else replace("today");
}

function show() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  update({ route: { name: name || "today", rest } });
}
