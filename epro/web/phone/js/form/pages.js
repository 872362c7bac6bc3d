// Which questions stand on which screen, and which screen comes next. ES2020, depends on branch.js.

import { walk } from "../branch.js";
import { reads } from "./checks.js";

export const REVIEW = "review";

/** Return the values that branching and rules look at: declined and blank ones are none. */
export function valuesOf(draft) {
  const values = {};
  for (const [link, answer] of Object.entries(draft.answers)) {
    if (reads(answer) && !answer.declined) values[link] = answer.value;
  }
  return values;
}

/** Return only the values of what applies, as they are sent. */
export function shownValuesOf(draft) {
  const values = valuesOf(draft);
  const shown = walk(draft.form.questionnaire.items, values).filter((link) => link in values);
  return Object.fromEntries(shown.map((link) => [link, values[link]]));
}

/**
 * Return the screens of a form as it is answered now: one question each, but the rows of a check list
 * together under what introduces them. Each has {place, items}.
 */
export function pagesOf(draft) {
  const { items } = draft.form.questionnaire;
  const shown = new Set(walk(items, valuesOf(draft)));
  const pages = [];
  for (const item of items) {
    if (!shown.has(item.link_id)) continue;
    const head = item.group ? pages.find((one) => one.place === item.group) : null;
    if (head) head.items.push(item);
    else pages.push({ place: item.link_id, items: [item] });
  }
  return pages;
}

/**
 * Return where to go from a screen. On the way back to the review only what was opened by the change,
 * and has no answer yet, lies in between.
 */
export function after(draft, place) {
  const pages = pagesOf(draft);
  const at = pages.findIndex((one) => one.place === place);
  const rest = draft.isReviewed ? pages.filter((one) => one.place !== place && isOpen(draft, one)) : pages.slice(at + 1);
  return rest.length > 0 ? rest[0].place : REVIEW;
}

/** Return where the way back leads: the screen before, the review, or null out of the form. */
export function before(draft, place) {
  const pages = pagesOf(draft);
  const at = place === REVIEW ? pages.length : pages.findIndex((one) => one.place === place);
  if (draft.isReviewed && place !== REVIEW) return REVIEW;
  return at > 0 ? pages[at - 1].place : null;
}

function isOpen(draft, page) {
  return page.items.some((one) => one.type !== "info" && !one.optional && !reads(draft.answers[one.link_id]));
}
