// From a draft to what is sent: the answers to what is shown, and only those.

import { walk } from "../branch.js";
import * as clock from "../clock.js";
import { newId } from "../ids.js";
import { state } from "../state.js";
import { reads } from "./checks.js";
import { valuesOf } from "./pages.js";

// Forms for somebody beside her, who is always the one that answers them.
const BY_OTHERS = new Set(["relative_report"]);

/** Begin a form: no answer is chosen for anybody. */
export function begin(form, language) {
  return {
    form, language, response_id: newId(), revision: 0, answers: {}, typed: {}, shown: {}, advised: {},
    advising: null, place: null, isReviewed: false,
    completer: BY_OTHERS.has(form.questionnaire.code) ? "answered_for_me" : null, opened_at: clock.deviceTime(),
  };
}

/** Return a record for the outbox, its body fixed from now on. */
export function recordOf(draft, { status, isUrgent }) {
  const { questionnaire } = draft.form;
  const body = {
    assessment_id: draft.assessmentId,
    questionnaire: { code: questionnaire.code, version: questionnaire.version },
    revision: draft.revision,
    status,
    language: draft.language,
    completer: draft.completer || "self",
    mode: modeOf(state().profile),
    answered_at: clock.deviceTime(),
    opened_at: draft.opened_at,
    advice_shown_at: draft.advice_shown_at,
    advice_acknowledged_at: draft.advice_acknowledged_at,
    mistaken_at: draft.mistaken_at,
    last_entry_on: draft.form.last_entry_on,
    ...answersOf(draft),
  };
  return {
    key: `${draft.response_id}:${draft.revision}`,
    participant: state().participant,
    kind: "response",
    method: "PUT",
    path: `/me/responses/${draft.response_id}`,
    body: JSON.stringify(body),
    urgent: isUrgent,
    title: questionnaire.title,
    response_id: draft.response_id,
    revision: draft.revision,
    status,
    assessment_id: draft.assessmentId,
  };
}

/** Return a finished draft as the server will give it, to be corrected from. */
export function sentResponseOf({ response_id: id, revision, language, completer, ...draft }) {
  return { id, revision, language, completer, answered_at: clock.deviceTime(), answers: answersOf(draft).answers };
}

/** Return what was answered of what applies, and the names of what was answered and is hidden now. */
export function answersOf(draft) {
  const { items } = draft.form.questionnaire;
  const shown = new Set(walk(items, valuesOf(draft)));
  const given = Object.entries(draft.answers).filter(([, answer]) => reads(answer));
  return {
    answers: given.filter(([link]) => shown.has(link)).map(([link, answer]) => ({ link_id: link, ...answer })),
    cleared: given.map(([link]) => link).filter((link) => !shown.has(link)),
  };
}

/** Return how the answers are taken: on her own phone, unless the site opened the app for her. */
export function modeOf(profile) {
  return profile && profile.on_behalf ? profile.on_behalf.mode : undefined;
}
