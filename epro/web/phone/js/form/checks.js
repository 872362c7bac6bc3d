// What is wrong with an answer before it may be left, and what is only unusual: the phone's part of
// questionnaires/validation.py. The server judges again; whatever passes here passes there.
// ES2020, depends on nothing.

const SHIFTS = [10, 100]; // a decimal point that was left out, "385" for 38.5
const PLAIN = /^[+-]?[0-9]{1,9}(\.[0-9]+)?$/;

/** Tell whether an answer says anything: a value, or that she would rather not. */
export function reads(answer) {
  if (!answer) return false;
  if (answer.declined) return true;
  const { value } = answer;
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/** Return the number that somebody typed, full-width digits and any comma understood; else null. */
export function readNumber(text) {
  const plain = text.normalize("NFKC").trim().replace(/[,、。·]/g, ".").replace(/^\+/, "");
  return PLAIN.test(plain) ? Number(plain) + 0 : null;
}

/** Write a number with as many decimals as its item has. */
export function written(item, value) {
  return value.toFixed(item.decimals || 0);
}

/** Tell whether a number can be taken at all: within the hard limits, not too exact. */
export function isPossible(item, value) {
  const isWithin = liesWithin(value, item.hard_min, item.hard_max);
  return isWithin && Number(value.toFixed(item.decimals || 0)) === value;
}

/**
 * Return what was probably meant by an impossible number: the same digits with the decimal point
 * where it belongs. Null when that is no ordinary value either.
 */
export function offerFor(item, value) {
  if (!(item.decimals > 0)) return null;
  const meant = SHIFTS.map((shift) => Number((value / shift).toFixed(item.decimals)));
  const found = meant.find((one, at) => one * SHIFTS[at] === value && isPossible(item, one) && isUsual(item, one));
  return found === undefined ? null : found;
}

/**
 * Judge one answer on leaving its question. `typed` is the raw text of a number, or how far a
 * day was chosen; `today` a day like 2026-11-22. Return null, or {kind, offer}:
 * missing, incomplete (a day without its hour), number (not one), exact (too many decimals),
 * range (impossible), unusual (to be confirmed).
 */
export function check(item, answer, typed, today) {
  if (item.type === "info") return null;
  if (item.type === "number" && typed && typed.trim() !== "" && !(answer && answer.declined)) {
    const value = readNumber(typed);
    if (value === null) return { kind: "number", offer: null };
    if (!liesWithin(value, item.hard_min, item.hard_max)) return { kind: "range", offer: offerFor(item, value) };
    if (!isPossible(item, value)) return { kind: "exact", offer: null };
  }
  if (!reads(answer)) {
    if (typed && (item.type === "date" || item.type === "datetime")) return { kind: "incomplete", offer: null };
    return item.optional ? null : { kind: "missing", offer: null };
  }
  if (answer.declined || answer.confirmed) return null;
  return isUnusual(item, answer.value, today) ? { kind: "unusual", offer: null } : null;
}

function isUnusual(item, value, today) {
  if (item.type === "number") return !isUsual(item, value);
  const isDay = item.type === "date" || item.type === "datetime";
  return isDay && value.slice(0, 10) > today;
}

function isUsual(item, value) {
  return liesWithin(value, item.soft_min, item.soft_max);
}

function liesWithin(value, low, high) {
  const known = (limit) => limit !== null && limit !== undefined;
  return (!known(low) || low <= value) && (!known(high) || value <= high);
}
