// From a draft to what is sent: the answers to what is shown, and only those.

import { walk } from "../branch.js";
import * as clock from "../clock.js";
import { newId } from "../ids.js";
import { state } from "../state.js";

/** Begin a form: no answer is chosen for anybody. */
export function begin(form, language) {
  return {
    form, language, response_id: newId(), revision: 0,
    answers: {}, seen: [], place: null, completer: "self", opened_at: clock.deviceTime(),
  };
}

/** Return the values that branching looks at: declined and blank ones are none. */
export function valuesOf(draft) {
  const values = {};
  for (const [link, answer] of Object.entries(draft.answers)) {
    if (answer.value !== undefined) values[link] = answer.value;
  }
  return values;
}

/** Return a record for the outbox, its body fixed from now on. */
export function recordOf(draft, { status, isUrgent }) {
  const { questionnaire } = draft.form;
  const shown = new Set(walk(questionnaire.items, valuesOf(draft)));
  const given = Object.entries(draft.answers);
  const body = {
    assessment_id: draft.assessmentId,
    questionnaire: { code: questionnaire.code, version: questionnaire.version },
    revision: draft.revision,
    status,
    language: draft.language,
    completer: draft.completer,
    answered_at: clock.deviceTime(),
    opened_at: draft.opened_at,
    last_entry_on: draft.form.last_entry_on,
    answers: given.filter(([link]) => shown.has(link)).map(([link, answer]) => ({ link_id: link, ...answer })),
    cleared: given.map(([link]) => link).filter((link) => !shown.has(link)),
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
