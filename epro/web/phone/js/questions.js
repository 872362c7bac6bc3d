// The answers to what is asked back about words of danger. The phone asks before the server can; an
// answer waits here until the server has put its question on record, then goes out like any record.

import * as db from "./db.js";
import * as outbox from "./outbox.js";
import { state } from "./state.js";

const NAME = "asked";

/** Keep her answer about a response, and send it where the server's question is known already. */
export function answerQuestion(responseId, given) {
  return learn(responseId, { given });
}

/** Take in the server's reply to a stored response: it may hold a question. */
export async function hearReply(record, reply) {
  if (record.kind !== "response" || !reply || !reply.safety_question) return;
  await learn(record.response_id, { question: reply.safety_question.id });
}

/** Put what is known beside the rest, in one go: question and answer may come at the same moment. */
async function learn(responseId, facts) {
  const { question, given } = await change(responseId, (known) => ({ ...known, ...facts }));
  if (!question || !given) return;
  await outbox.put({
    key: `asked:${question}:${given.help_now}:${given.hospital}`,
    participant: state().participant,
    kind: "safety_answer",
    method: "POST",
    path: `/me/safety-questions/${question}/answer`,
    body: JSON.stringify(given),
    urgent: true,
    response_id: responseId,
  });
  await change(responseId, (known) => (known.question === question ? undefined : known));
}

/** Change what is known about a response; returns it. */
async function change(responseId, work) {
  let changed;
  await db.change(["meta"], async (store) => {
    const all = (await store.get("meta", NAME)) || {};
    changed = work(all[responseId] || {});
    await store.put("meta", { ...all, [responseId]: changed }, NAME);
  });
  return changed;
}
