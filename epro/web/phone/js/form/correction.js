// Her own correction of a form that she sent off: the same questions, her answers in them, a reason.
// The first version stays; until the window closes the new one stands at once.

import * as clock from "../clock.js";
import { state } from "../state.js";
import { newId } from "../ids.js";
import { answersOf, begin } from "./submission.js";
import { REVIEW } from "./pages.js";

/** Begin a correction of a stored response, as the server gave it, at its review. */
export function beginCorrection(response, form) {
  const answers = response.answers.map(({ link_id, ...answer }) => [link_id, { shown_at: response.answered_at, changed_at: response.answered_at, change_count: 0, ...answer }]);
  return {
    ...begin(form, response.language),
    response_id: response.id,
    revision: response.revision,
    answers: Object.fromEntries(answers),
    completer: response.completer,
    place: REVIEW,
    isReviewed: true,
    reason: "",
    corrects: { revision: response.revision, correctionId: newId() },
  };
}

/** Return a correction for the outbox, its body fixed from now on. */
export function correctionRecordOf(draft, { isUrgent }) {
  const { questionnaire } = draft.form;
  const { revision, correctionId } = draft.corrects;
  const body = {
    questionnaire: { code: questionnaire.code, version: questionnaire.version },
    corrected_revision: revision,
    answers: answersOf(draft).answers,
    reason: draft.reason.trim(),
    corrected_at: clock.deviceTime(),
  };
  return {
    key: `correction:${correctionId}`,
    participant: state().participant,
    kind: "correction",
    method: "PUT",
    path: `/me/responses/${draft.response_id}/corrections/${correctionId}`,
    body: JSON.stringify(body),
    urgent: isUrgent,
    title: questionnaire.title,
    response_id: draft.response_id,
    revision: null,
    status: null,
    assessment_id: null,
  };
}
