// Time as the study counts it. A phone's date may be wrong by days; what counts is how long ago
// something was answered. The server says what time it is with each look at the diary; from then on
// the phone only counts on.

const JUMP_MS = 5000;
const UNSURE_MS = 10 * 60 * 1000;

// Of this life of the page: Date.now() can be set back by its owner, performance.now() cannot.
const life = Math.random().toString(36).slice(2);
let offset = null; // server's time minus the device's, as heard in this life
let before = null; // what an earlier life had heard

/** Take over what an earlier life of the app had heard, in milliseconds; it may be out of date. */
export function remember(known) {
  before = typeof known === "number" ? known : null;
}

/** Note the server's time, an ISO instant, from an answer that was asked for at `askedAt`. */
export function hear(instant, askedAt) {
  offset = Date.parse(instant) - (askedAt + Date.now()) / 2;
  return offset;
}

/** Return the study's time in milliseconds since 1970, as well as it is known. */
export function now() {
  return Date.now() + (offset === null ? before || 0 : offset);
}

/** Tell whether this phone's clock is more than ten minutes wrong, as far as is known. */
export function isWrong() {
  return offset !== null && Math.abs(offset) > UNSURE_MS;
}

/** Return a mark of this moment, to be kept with what happens now; `age` reads it. */
export function mark() {
  return { at: Date.now(), since: performance.now(), life, offset };
}

/**
 * Return how many seconds ago a mark was made. The server's time is the best ruler where it was
 * known both then and now: then a clock that was changed in between plays no part. Else the device
 * counts by itself, and a clock that was set back in this life is found out.
 */
export function age(made) {
  if (offset !== null && made.offset !== null) {
    return seconds(Date.now() + offset - (made.at + made.offset));
  }
  const passed = Date.now() - made.at;
  const counted = made.life === life ? performance.now() - made.since : passed;
  return seconds(passed < counted - JUMP_MS ? counted : passed);
}

/** Return the study's time at which a mark was made, as well as it is known. */
export function timeOf(made) {
  return now() - age(made) * 1000;
}

/** Return an instant of the device's own clock, with its offset from UTC, as the API wants it. */
export function deviceTime(at = Date.now()) {
  const zone = -new Date(at).getTimezoneOffset();
  const sign = zone < 0 ? "-" : "+";
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  const local = new Date(at + zone * 60000).toISOString().slice(0, 19);
  return `${local}${sign}${two(zone / 60)}:${two(zone % 60)}`;
}

function seconds(milliseconds) {
  return Math.max(0, Math.round(milliseconds / 100) / 10);
}
