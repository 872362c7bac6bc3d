// The answers to what is asked back about words of danger. The phone asks before the server can; an
// answer waits here until the server has put its question on record, then goes out like any record.

import * as db from "./db.js";
import * as outbox from "./outbox.js";
import { state } from "./state.js";

const NAME = "asked";

/** Keep her answer about a response, and send it where the server's question is known already. */
export async function answerQuestion(responseId, given) {
  const kept = await known();
  await db.put("meta", { ...kept, [responseId]: { ...kept[responseId], given } }, NAME);
  await sendAnswered(responseId);
}

/** Take in the server's reply to a stored response: it may hold a question. */
export async function hearReply(record, reply) {
  if (record.kind !== "response" || !reply || !reply.safety_question) return;
  const kept = await known();
  const question = reply.safety_question.id;
  await db.put("meta", { ...kept, [record.response_id]: { ...kept[record.response_id], question } }, NAME);
  await sendAnswered(record.response_id);
}

async function sendAnswered(responseId) {
  const kept = await known();
  const { question, given } = kept[responseId] || {};
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
  const { [responseId]: done, ...rest } = await known();
  await db.put("meta", done.question === question ? rest : { ...rest, [responseId]: done }, NAME);
}

async function known() {
  return (await db.get("meta", NAME)) || {};
}
