// What is not delivered yet. A record stays until the server has said that it is stored: nothing
// else removes it. One that the server refuses for good is parked: kept, shown, told to the site,
// and in nobody's way. What may be an emergency goes first.
//
// A record: {key, seq, participant, kind, method, path, body, made, urgent, title, response_id,
// revision, status, assessment_id, state, attempts, refusal}. `body` is the exact text to send, so
// that every repeat is the same; what is true of one sending only travels in headers.

import { alone, call, unlessUnreachable } from "./api.js";
import * as clock from "./clock.js";
import * as db from "./db.js";
import { state, update } from "./state.js";

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 5 * 60 * 1000;
const LATE_MS = 2 * 60 * 1000;
const AGAIN = new Set([401, 408, 425, 429]);
const KEPT_SENT = 400;

let version = "0";
let wait = FIRST_WAIT_MS;
let timer = null;
let delivered = () => {};

/** Begin to deliver: now, when the network comes back, and when the app comes into view. */
export async function start(appVersion, onDelivered) {
  version = appVersion;
  delivered = onDelivered;
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") flush();
  });
  await show();
}

/**
 * Keep a record and try to deliver it. With `draftKey` the draft that it came from goes in the same
 * transaction. An earlier unfinished revision of the same response that still waits is replaced by
 * this one, which holds all of it; unless it was urgent, then both go.
 */
export async function put(record, draftKey) {
  const kept = {
    kind: "response", urgent: false, title: null, response_id: null, revision: null, status: null,
    assessment_id: null, ...record,
    state: "waiting", attempts: 0, refusal: null, made: record.made || clock.mark(),
  };
  await db.change(["outbox", "draft"], async (store) => {
    const others = await store.all("outbox");
    kept.seq = others.reduce((last, one) => Math.max(last, one.seq), 0) + 1;
    for (const other of others) {
      if (isReplacedBy(other, kept)) await store.remove("outbox", other.key);
    }
    await store.put("outbox", kept);
    if (draftKey) await store.remove("draft", draftKey);
  });
  await show();
  flush();
}

/** Deliver what waits, one after the other. Another tab that is at it already does it for us. */
export async function flush() {
  clearTimeout(timer);
  timer = null;
  if (state().participant === null || state().session === "ended") return;
  await alone("epro-outbox", deliverAll);
}

/** Return how an urgent record stands that the server does not hold after two minutes; else null. */
export function lateUrgent() {
  return state().waiting.find((one) => one.urgent && !one.isKept && clock.age(one.made) * 1000 >= LATE_MS) || null;
}

async function deliverAll() {
  const tried = new Set();
  let isReached = true;
  for (;;) {
    const next = await nextOf(tried);
    if (!next) break;
    tried.add(next.key);
    isReached = (await deliver(next)) && isReached;
    await show();
    if (!isReached && !state().isOnline) break;
  }
  const isTold = await tellOfStuck();
  if (isTold && tried.size === 0) return;
  if (isReached && isTold) wait = FIRST_WAIT_MS;
  if (!isTold || (await nextOf(new Set()))) later();
}

async function nextOf(tried) {
  const records = (await own()).filter((one) => one.state === "waiting" && !tried.has(one.key));
  records.sort((a, b) => Number(b.urgent) - Number(a.urgent) || a.seq - b.seq);
  return records[0];
}

/** Send one record. False when there was nobody to hear it. */
function deliver(record) {
  return unlessUnreachable(async () => {
    const headers = { "Answer-Age": String(clock.age(record.made)), "App-Version": version };
    const answer = await call(record.method, record.path, { body: record.body, headers, whose: record.participant });
    update({ isOnline: true });
    if (answer.status === 200 || answer.status === 201) {
      await finish(record, answer.data);
      return true;
    }
    const isFinal = answer.status >= 400 && answer.status < 500 && !AGAIN.has(answer.status);
    const refusal = answer.data && answer.data.error ? answer.data.error.code : String(answer.status);
    await note(record, { state: isFinal ? "parked" : "waiting", refusal });
    return isFinal;
  }, async () => {
    update({ isOnline: false });
    await note(record, { state: "waiting", refusal: "unreachable" });
    return false;
  });
}

/**
 * Tell the site of records that it will not get, also those of somebody who used this phone before.
 * What belongs to no response, like a choice in the settings, is no record of hers. False when there was
 * nobody to hear it.
 */
async function tellOfStuck() {
  for (const record of await db.all("outbox")) {
    const isForeign = record.participant !== state().participant;
    const isDone = isForeign ? record.isTold : record.isKept || record.state !== "parked";
    const status = record.response_id && !isDone ? await tell(record) : 200;
    if (status === 0 || status >= 500) return false;
  }
  return true;
}

/**
 * Tell the site of one record, and hand over what is in it: whatever refused it may not have kept it. What is
 * somebody else's stays sealed. Returns the status of the answer; 0 when there was none.
 */
export async function tell(record) {
  const isForeign = record.participant !== state().participant;
  const body = isForeign
    ? { response_id: record.response_id, refusal: "other_participant" }
    : { response_id: record.response_id, refusal: record.refusal, body: record.body, answer_age_s: clock.age(record.made) };
  const { status, data } = await unlessUnreachable(() => call("POST", "/me/stuck", { body }), () => ({ status: 0 }));
  if (status === 200) {
    await note(record, { isTold: true, isKept: data.is_kept });
    await show();
    await delivered({}, null); // nothing was stored, but less is nowhere but here
  }
  return status;
}

async function finish(record, reply) {
  const sent = { ...record, body: undefined, id: record.response_id || record.key, sentAt: clock.now(), reply };
  await db.change(["outbox", "sent", "meta"], async (store) => {
    await store.remove("outbox", record.key);
    if (record.kind === "response") await store.put("sent", sent);
    await store.put("meta", sent.sentAt, "lastSentAt");
    const old = (await store.all("sent")).sort((a, b) => b.sentAt - a.sentAt).slice(KEPT_SENT);
    for (const one of old) await store.remove("sent", one.id);
  });
  update({ lastSentAt: sent.sentAt });
  await delivered(record, reply);
}

async function note(record, facts) {
  await db.change(["outbox"], async (store) => {
    // Another revision may have taken its place meanwhile: then there is nothing to note.
    if (await store.get("outbox", record.key)) {
      await store.put("outbox", { ...record, ...facts, attempts: record.attempts + 1 });
    }
  });
}

function isReplacedBy(other, record) {
  const isSame = other.kind === "response" && other.response_id === record.response_id;
  return isSame && other.status === "in_progress" && !other.urgent && other.revision < record.revision;
}

function later() {
  clearTimeout(timer);
  const jitter = 0.75 + Math.random() / 2;
  timer = setTimeout(flush, wait * jitter);
  wait = Math.min(wait * 2, LONGEST_WAIT_MS);
}

/** Return the records of the participant who is signed in; another one's stay sealed. */
async function own() {
  return (await db.all("outbox")).filter((one) => one.participant === state().participant);
}

/** Let the screens know what is not delivered. */
export async function show() {
  const waiting = (await own()).sort((a, b) => a.seq - b.seq);
  update({ waiting: waiting.map((one) => ({ ...one, body: undefined })) });
}
