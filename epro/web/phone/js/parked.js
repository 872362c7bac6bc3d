// The end of a record that was refused for good: what is in it, in words, and how this phone's copy is put
// away once the server holds the very same. Nothing else removes it.

import { unlessUnreachable } from "./api.js";
import * as db from "./db.js";
import { load } from "./forms.js";
import { inWords } from "./form/said.js";
import { said, t } from "./i18n.js";
import { show, tell } from "./outbox.js";
import { state } from "./state.js";

/**
 * Return whether the server keeps what was refused, handing it over once more where that failed: "kept",
 * "not_kept" where it does not take it, or "unsure" without an answer. A choice in the settings is no record:
 * "setting".
 */
export async function standingOf({ key, response_id }) {
  if (!response_id) return "setting";
  const record = await db.get("outbox", key);
  if (!record) return "unsure";
  if (record.isKept) return "kept";
  const status = await tell(record);
  if (status === 200) return (await db.get("outbox", key)).isKept ? "kept" : "not_kept";
  return status >= 400 && status < 500 && status !== 401 ? "not_kept" : "unsure";
}

/** Put this phone's copy away, for good, where nothing is lost by it. Returns how it stands. */
export async function putAway(record) {
  const standing = await standingOf(record);
  if (standing === "kept" || standing === "setting") await change(record.key, (store) => store.remove("outbox", record.key));
  return standing;
}

/** Return what a record holds as {question, answer}, in words where its form is known here. */
export async function contentOf(key) {
  const record = await db.get("outbox", key);
  if (!record) return [];
  const { answers, questionnaire, reason, ...rest } = JSON.parse(record.body);
  if (record.kind === "safety_answer") {
    return [
      { question: t("asking.help"), answer: t(rest.help_now ? "form.yes" : "form.no") },
      { question: t("asking.stay"), answer: t(`asking.stay.${rest.hospital}`) },
    ];
  }
  if (!answers) return Object.entries(rest).map(([question, answer]) => ({ question, answer: plain(answer) }));
  const items = await itemsOf(record, questionnaire);
  const lines = answers.map((one) => {
    const item = items.find(({ link_id }) => link_id === one.link_id);
    return { question: item ? said(item.text) : one.link_id, answer: worded(item, one) };
  });
  return reason ? [...lines, { question: t("correct.reason"), answer: reason }] : lines;
}

/** Change a parked record of hers; one that is there no more, or waits, is left alone. */
async function change(key, work) {
  await db.change(["outbox"], async (store) => {
    const kept = await store.get("outbox", key);
    if (kept && kept.state === "parked" && kept.participant === state().participant) await work(store, kept);
  });
  await show();
}

async function itemsOf({ kind, response_id, assessment_id }, { code, version }) {
  const isIt = (form) => form.questionnaire.code === code && form.questionnaire.version === version;
  const known = (await db.all("form")).find(({ form }) => isIt(form));
  if (known) return known.form.questionnaire.items;
  const which = kind === "correction" ? { responseId: response_id } : { assessmentId: assessment_id, code };
  const form = await unlessUnreachable(() => load(which), () => null);
  return form && isIt(form) ? form.questionnaire.items : [];
}

function worded(item, answer) {
  try {
    return item ? inWords(item, answer) : plain(answer.declined ? t("review.declined") : answer.value);
  } catch {
    return plain(answer.value); // what the form does not have is why it was refused
  }
}

function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
