// What is due: the server's list as last heard, and what this phone knows beyond it.

import { read, unlessUnreachable } from "./api.js";
import * as clock from "./clock.js";
import * as db from "./db.js";
import { keyOf, loadAhead } from "./forms.js";
import * as i18n from "./i18n.js";
import { state, update } from "./state.js";

const DAILY = new Set(["daily", "infusion_evening"]);
const IS_LEFT = new Set(["later", "open", "late", "begun", "late-begun"]);
const STRIP_DAYS = 7;
const MISSED_SHOWN_MS = 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;

const doneAt = new Map(); // when this phone heard that an assessment is done, by its id

/** Take over what was heard last, so that something is there before any answer comes. */
export async function recall() {
  const [profile, diary, known] = await Promise.all([db.get("meta", "profile"), db.get("meta", "diary"), db.get("meta", "offset")]);
  clock.remember(known);
  take(profile || null, diary || null);
}

/** Ask the server what is due. Returns whether it answered. */
export async function refresh() {
  const askedAt = Date.now();
  return unlessUnreachable(async () => {
    const heard = await read("/me/assessments");
    await db.put("meta", clock.hear(heard.now, askedAt), "offset");
    // What was stored after this was asked for: the list may be from before.
    const diary = withDone(heard, (id) => doneAt.get(id) >= askedAt);
    const profile = await read("/me");
    await db.put("meta", profile, "profile");
    await db.put("meta", diary, "diary");
    take(profile, diary);
    update({ isOnline: true });
    await loadAhead(diary);
    return true;
  }, () => {
    update({ isOnline: false });
    return false;
  });
}

function take(profile, diary) {
  if (profile) i18n.live(profile.zone);
  update({ profile, diary });
}

/**
 * Return today's cards in the order to show: what can be answered now, what comes next today, what
 * was done today, what was missed since yesterday. Each has {assessment, standing, record}.
 */
export function cards() {
  const { diary } = state();
  if (!diary) return [];
  const now = clock.now();
  const today = i18n.dayOf(now);
  const order = ["begun", "late-begun", "open", "late", "stuck", "waiting", "later", "done", "missed"];
  return diary.items
    .filter((one) => isOfToday(one, now, today))
    .map((assessment) => ({ assessment, ...standingOf(assessment, now) }))
    .filter((one) => one.standing !== null)
    .sort((a, b) => order.indexOf(a.standing) - order.indexOf(b.standing));
}

function isOfToday(one, now, today) {
  const isNow = Date.parse(one.opens_at) <= now && now < Date.parse(one.late_until);
  const isLeft = Date.parse(one.late_until) <= now && now < Date.parse(one.late_until) + MISSED_SHOWN_MS;
  return isNow || isLeft || i18n.dayOf(Date.parse(one.opens_at)) === today;
}

/** Return how an assessment stands, the phone's own knowledge before the server's. */
export function standingOf(assessment, now = clock.now()) {
  const record = state().waiting.find((one) => one.assessment_id === assessment.id && one.status === "completed");
  if (record) return { standing: record.state === "parked" ? "stuck" : "waiting", record };
  if (assessment.state === "completed") return { standing: "done", record: null };
  const isBegun = state().drafts.some((one) => one.key === keyOf({ assessmentId: assessment.id }));
  const isLate = now >= Date.parse(assessment.closes_at);
  if (now >= Date.parse(assessment.late_until)) return { standing: assessment.state === "not_offered" ? null : "missed", record: null };
  if (now < Date.parse(assessment.opens_at)) return { standing: "later", record: null };
  if (isBegun) return { standing: isLate ? "late-begun" : "begun", record: null };
  return { standing: isLate ? "late" : "open", record: null };
}

/** Return when the next diary opens, in milliseconds; null where none is known, or one can be filled in now. */
export function nextDiaryAt() {
  const { diary } = state();
  const now = clock.now();
  const next = diary && diary.items.find((one) => DAILY.has(one.questionnaire.code) && IS_LEFT.has(standingOf(one, now).standing));
  return next && Date.parse(next.opens_at) > now ? Date.parse(next.opens_at) : null;
}

/** Return the last seven days, the oldest first: {on, mark} with mark done, missed, open or none. */
export function strip() {
  const { diary } = state();
  const now = clock.now();
  const daily = (diary ? diary.items : []).filter((one) => DAILY.has(one.questionnaire.code));
  return Array.from({ length: STRIP_DAYS }, (_, index) => {
    const on = i18n.dayOf(now - (STRIP_DAYS - 1 - index) * DAY_MS);
    const found = daily.find((one) => one.on === on);
    const standing = found ? standingOf(found, now).standing : null;
    if (standing === null) return { on, mark: "none" };
    if (standing === "done" || standing === "waiting") return { on, mark: "done" };
    return { on, mark: standing === "missed" || standing === "stuck" ? "missed" : "open" };
  });
}

/** Note that the server has stored a finished form, before it is asked again. */
export async function markDone(assessmentId) {
  doneAt.set(assessmentId, Date.now());
  if (!state().diary) return;
  const diary = withDone(state().diary, (id) => id === assessmentId);
  await db.put("meta", diary, "diary");
  update({ diary });
}

function withDone(diary, isDone) {
  return { ...diary, items: diary.items.map((one) => (isDone(one.id) ? { ...one, state: "completed" } : one)) };
}
