// Definitions of forms and what is filled in: loaded ahead while there is network, so that a form
// can be opened without any; a draft is kept with every touch.

import { read, unlessUnreachable } from "./api.js";
import * as clock from "./clock.js";
import * as db from "./db.js";
import { state, update } from "./state.js";

const FRESH_MS = 6 * 3600 * 1000;
const AHEAD_MS = 36 * 3600 * 1000;
const CORRECTABLE_MS = 48 * 3600 * 1000;
const LEFT_MS = CORRECTABLE_MS; // then the server has closed what was begun and is due at no hour

/** Return the name a form is kept under, and its draft: of an assessment, a correction, or any hour. */
export function keyOf({ assessmentId, responseId, code }) {
  if (responseId) return `correct:${responseId}`;
  return assessmentId ? `assessment:${assessmentId}` : `open:${code}`;
}

/** Return a form, anew from the server or else as it was kept. Throws Unreachable without either. */
export async function load(which) {
  const key = keyOf(which);
  try {
    const form = await read(pathOf(which));
    await db.put("form", { ...(await db.get("form", key)), key, participant: state().participant, form });
    return form;
  } catch (error) {
    const kept = await db.get("form", key);
    if (kept && kept.participant === state().participant) return kept.form;
    throw error;
  }
}

function pathOf({ assessmentId, responseId, code }) {
  if (responseId) return `/me/responses/${responseId}/form`;
  return assessmentId ? `/me/assessments/${assessmentId}/form` : `/me/forms/${code}`;
}

/** Load what can be asked for soon: what opens within 36 hours, and the reports of any hour. */
export async function loadAhead(diary) {
  const soon = diary.items.filter(
    (one) => Date.parse(one.opens_at) < clock.now() + AHEAD_MS && Date.parse(one.late_until) > clock.now(),
  );
  const open = soon.filter((one) => one.state !== "completed").map((one) => ({ assessmentId: one.id }));
  for (const which of [...open, ...diary.always_open.map(({ code }) => ({ code }))]) {
    await load(which);
  }
  const wanted = new Set([...open.map(keyOf), ...diary.always_open.map(keyOf)]);
  for (const kept of await db.all("form")) {
    const isStillWanted = wanted.has(kept.key) || Date.now() - kept.sentAt < CORRECTABLE_MS;
    if (!isStillWanted && !(await db.get("draft", kept.key))) await db.remove("form", kept.key);
  }
}

/**
 * Return the draft of a form, or begin one. A draft keeps the form it was begun with: an update of
 * the study never changes a form in the middle. A report that was left alone for days is another one now:
 * what was answered of it has been sent.
 */
export async function draftOf(which, begin) {
  const key = keyOf(which);
  const kept = await db.get("draft", key);
  if (kept && kept.participant === state().participant && !isLeft(kept)) return kept;
  const form = await load(which);
  return { key, participant: state().participant, assessmentId: which.assessmentId || null, form, ...(await begin(form)) };
}

function isLeft({ key, savedAt }) {
  return key.startsWith("open:") && Date.now() - savedAt >= LEFT_MS;
}

/** Keep a draft; resolves when it is on the disk, as long as that takes it. */
export async function save(draft) {
  await db.put("draft", { ...draft, savedAt: Date.now() });
  await show();
}

/**
 * Keep a form with what was sent in it, so that it can be corrected without network; `sent` has the
 * shape in which the server gives a response.
 */
export function keepSent(draft, sent) {
  const key = keyOf({ responseId: sent.id });
  return db.put("form", { key, participant: state().participant, form: draft.form, sent, sentAt: Date.now() });
}

/** Return a response to be corrected: from the server, else as it was sent. Throws Unreachable. */
export function sentOf(responseId) {
  return unlessUnreachable(() => read(`/me/responses/${responseId}`), async (error) => {
    const kept = await db.get("form", keyOf({ responseId }));
    if (!kept || !kept.sent || kept.participant !== state().participant) throw error;
    return kept.sent;
  });
}

/** Forget what was sent: a correction of it is on its way, and another would correct what is no more. */
export function forgetSent(responseId) {
  return db.remove("form", keyOf({ responseId }));
}

/** Tell whether a form was touched within the last hours: a new app would come in the middle of it. */
export async function isFilling() {
  return (await db.all("draft")).some((one) => Date.now() - one.savedAt < FRESH_MS);
}

/** Let the screens know which forms have been begun. */
export async function show() {
  const drafts = await db.all("draft");
  const own = drafts.filter((one) => one.participant === state().participant && !isLeft(one));
  update({ drafts: own.map(({ key, assessmentId, savedAt }) => ({ key, assessmentId, savedAt })) });
}
