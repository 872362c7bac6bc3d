// The screen lock. It opens the app without network, so a verifier of the PIN lies on the phone; it
// seals nothing, and the app says so. Five wrong tries pause it, ten lead back to the site.

import * as db from "./db.js";

const ITERATIONS = 210000;
const PAUSE_AFTER = 5;
const END_AFTER = 10;
const PAUSE_MS = 15 * 60 * 1000;
const FORMAT = /^[0-9]{6}$/;
const RUN = "01234567890 09876543210";

/** Tell whether six digits are too easy: all alike, a run, or the year of birth in them. */
export function isWeak(pin, yearOfBirth) {
  const isRun = RUN.includes(pin);
  return /^([0-9])\1*$/.test(pin) || isRun || pin.includes(String(yearOfBirth));
}

/** Tell whether this is six digits at all. */
export function isPin(text) {
  return FORMAT.test(text);
}

/** Keep what a PIN is known by, and forget the tries before. */
export async function keep(pin) {
  const salt = Array.from(crypto.getRandomValues(new Uint8Array(16)));
  await db.put("meta", { salt, hash: await digest(pin, salt), wrong: 0, until: null }, "pin");
}

/** Tell whether there is a PIN to ask for. */
export async function isSet() {
  return (await db.get("meta", "pin")) !== undefined;
}

/**
 * Try a PIN: "right", "wrong", "paused" (with `until`, by this phone's clock) or "over". A try made
 * while paused counts for nothing.
 */
export async function attempt(pin) {
  const known = await db.get("meta", "pin");
  if (!known || known.wrong >= END_AFTER) return { result: "over" };
  if (known.until && Date.now() < known.until) return { result: "paused", until: known.until };
  if ((await digest(pin, known.salt)) === known.hash) {
    await db.put("meta", { ...known, wrong: 0, until: null }, "pin");
    return { result: "right" };
  }
  const wrong = known.wrong + 1;
  const until = wrong % PAUSE_AFTER === 0 ? Date.now() + PAUSE_MS : null;
  await db.put("meta", { ...known, wrong, until }, "pin");
  if (wrong >= END_AFTER) return { result: "over" };
  return until ? { result: "paused", until } : { result: "wrong", left: PAUSE_AFTER - (wrong % PAUSE_AFTER) };
}

async function digest(pin, salt) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: Uint8Array.from(salt), iterations: ITERATIONS };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
  return Array.from(bits, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
