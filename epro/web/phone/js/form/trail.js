// The way through a form in the browser's history: one entry for each screen, so that the phone's own
// way back leads to the question before, and out of the form only from its first one. An entry holds
// {depth, entry, place, from}: how deep it lies, how deep the form began, what it shows, what came before.

/** Begin at a screen. `onMove(place)` hears when the phone's own way leads elsewhere in the form. */
export function begin(place, onMove) {
  const known = history.state || { depth: 0 };
  const entry = known.entry === undefined ? known.depth : known.entry;
  history.replaceState({ ...known, entry, place }, "");
  const heard = () => {
    if (history.state && history.state.entry !== undefined) onMove(history.state.place);
  };
  window.addEventListener("popstate", heard);
  return () => window.removeEventListener("popstate", heard);
}

/** Go on to a screen. */
export function forward(place) {
  const { depth, entry, place: from } = history.state;
  history.pushState({ depth: depth + 1, entry, place, from }, "");
}

/** Show a screen in place of the present one, which the way back then passes over. */
export function instead(place) {
  history.replaceState({ ...history.state, place }, "");
}

/** Go back to a screen; true when the browser does it, and `onMove` will hear of it. */
export function backward(place) {
  if (history.state.from === place) {
    history.back();
    return true;
  }
  history.replaceState({ ...history.state, place, from: null }, "");
  return false;
}

/** Take the form's screens off the way back, then do something. */
export function leave(afterwards) {
  const { depth, entry } = history.state;
  if (depth === entry) return void afterwards();
  window.addEventListener("popstate", afterwards, { once: true });
  history.go(entry - depth);
}
