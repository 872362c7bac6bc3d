// Talks to the server: cookies that no script can read, a proof against foreign pages, and access
// that is renewed by itself. A reply that was lost is asked for again; only the server's own word
// ends a session. All tabs share the cookies, so each request says for whom it is.

import { state } from "./state.js";

const API = "/api/v1";
const TIMEOUT_MS = 20000;

let ended = () => {};
let onBehalfOf = null; // whom the site has opened this page for
const turns = {}; // by the name of what is done alone: when it has been

/** No answer came: no network, no server, or it took too long. */
export class Unreachable extends Error {}

/** Have somebody told when the server says that this phone's session has ended. */
export function onEnded(listener) {
  ended = listener;
}

/** From now on ask in the session that the site has opened for somebody, and in no other. */
export function speakFor(participant) {
  onBehalfOf = participant;
}

/**
 * Ask the server for a participant, who is the one signed in unless said otherwise. Return {status,
 * data, tag}, whatever the status is. An access of her own that has run out is renewed once; one that
 * the site has opened never is. Throws Unreachable.
 */
export async function call(method, path, { body, headers = {}, whose = state().participant } = {}) {
  const names = onBehalfOf ? { "On-Behalf-Of": onBehalfOf } : whose ? { Participant: whose } : {};
  const sent = { body, headers: { ...headers, ...names }, csrf: onBehalfOf ? "epro_behalf_csrf" : "epro_phone_csrf" };
  const first = await ask(method, path, sent);
  if (first.status !== 401 || path.startsWith("/sessions/")) return first;
  if (onBehalfOf) {
    ended();
    return first;
  }
  const isAnothers = first.data && first.data.error && first.data.error.code === "other_participant";
  if (isAnothers || !(await renew())) return first;
  return ask(method, path, sent);
}

/** Tell whether this browser holds a session's cookies, whether or not the server still takes them. */
export function hasSession() {
  return cookie("epro_phone_csrf") !== "";
}

/** Do what needs the server; where it cannot be reached, what `instead` does. */
export async function unlessUnreachable(work, instead) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return instead(error);
  }
}

/** Return the data of a reading that has to succeed. Throws Unreachable also for a refusal. */
export async function read(path) {
  const { status, data } = await call("GET", path);
  if (status !== 200) throw new Unreachable(`${path} ${status}`);
  return data;
}

/**
 * Trade the refresh token for new ones. False when the session has ended for good. When no answer
 * comes the cookie is still the old one, which the server takes once more: nothing is lost.
 */
async function renew() {
  const { status } = await alone("epro-refresh", () =>
    ask("POST", "/sessions/refresh", { headers: {}, csrf: "epro_phone_refresh_csrf" }),
  );
  if (status === 200) return true;
  if (status !== 401) throw new Unreachable(`refresh ${status}`);
  ended();
  return false;
}

/** Do something while nobody else does: no other tab, or, where the browser has no locks, nobody in this one. */
export function alone(name, work) {
  if (navigator.locks) return navigator.locks.request(name, work);
  const done = (turns[name] || Promise.resolve()).then(work);
  turns[name] = done.catch(() => {});
  return done;
}

async function ask(method, path, { body, headers, csrf }) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  const sent = { Accept: "application/json", ...headers };
  if (method !== "GET") sent["X-CSRF-TOKEN"] = cookie(csrf);
  if (body !== undefined) sent["Content-Type"] = "application/json";
  try {
    const answer = await fetch(API + path, {
      method, headers: sent, signal: stop.signal, cache: "no-store", credentials: "same-origin",
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    // A page that says "200" is somebody's on the way, such as a hospital's proxy: nothing was stored.
    if (answer.ok && text && !isJson(answer)) throw new Error("no reply of ours");
    return { status: answer.status, tag: answer.headers.get("ETag"), data: isJson(answer) && text ? JSON.parse(text) : null };
  } catch (error) {
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

function isJson(answer) {
  return (answer.headers.get("Content-Type") || "").startsWith("application/json");
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
