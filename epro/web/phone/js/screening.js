// What to do about answers, said without a network: the phone's twin of `inputs_of` and of the part of
// `with_history` in questionnaires/rules.py that looks at one form, and of questionnaires/lexicon.py.
// Vectors and a random comparison hold both to one meaning, so a change here is a change there. ES2020.
//
// `kept` is what GET /api/v1/me/safety-rules answered. Rules on earlier days are not in it: the server
// looks at the same answers again and may find more, never less.

import { advice, derive } from "./branch.js";

const GAP = 6; // characters that a * stands for at the most, and between Latin words
const LATIN_GAP = 24;
const CLAUSE_END = "[^。！？；，、,.!?;:：\\n]";
const SPACE_IN_HAN = /([\u4e00-\u9fff]) (?=[\u4e00-\u9fff])/g;

/**
 * Return the rules that the answers meet, the most urgent first: `{ rule, trigger_index }`, the rule as
 * kept. `answers` by link_id, of all that was answered so far; `answeredAt` in milliseconds since 1970.
 */
export function screen(kept, answers, answeredAt) {
  const byId = new Map(kept.rules.map((rule) => [rule.id, rule]));
  return advice(kept.rules, inputsOf(kept, answers, answeredAt)).map(({ id, trigger_index }) => ({
    rule: byId.get(id),
    trigger_index,
  }));
}

/** Return what the rules read: the answers, what follows from them, and what was found in words. */
export function inputsOf(kept, answers, answeredAt) {
  const own = new Set(kept.lexicons.map((one) => one.name));
  const given = Object.fromEntries(Object.entries(answers).filter(([name]) => !own.has(name)));
  const derived = derive(given, {
    answeredAt,
    latestInfusionAt: latestInfusion(kept.infusions_at, answeredAt),
    route: kept.thermometer_route,
    defaultRoute: kept.default_route,
  });
  return { ...given, ...derived, ...wordsFound(kept, given) };
}

/** Return the latest infusion at or before the answers, in milliseconds; null where there is none. */
export function latestInfusion(infusionsAt, answeredAt) {
  const before = infusionsAt.map((one) => Date.parse(one)).filter((at) => at <= answeredAt);
  return before.length > 0 ? Math.max(...before) : null;
}

/**
 * Return the number that is answered at an instant: the site's in its hours, else the one that is
 * answered day and night. What the phone does not know of, the latter answers.
 */
export function numberAnswered(kept, at) {
  const isStaffed = kept.site_hours.some(
    ({ opens_at, closes_at }) => Date.parse(opens_at) <= at && at < Date.parse(closes_at),
  );
  return isStaffed ? kept.numbers.site_phone : kept.numbers.study_phone;
}

/** Return the phrases of a lexicon found in a text, as it writes them, each once and in its order. */
export function find(lexicon, text) {
  const plain = plainOf(text);
  const spared = [];
  for (const one of eachOf(lexicon.exceptions)) spared.push(...spansOf(one, plain));
  const liesInside = ([begin, end]) => spared.some(([from, to]) => from <= begin && end <= to);
  return [...new Set(eachOf(lexicon.phrases))].filter((phrase) =>
    spansOf(phrase, plain).some((span) => !liesInside(span)),
  );
}

function wordsFound(kept, answers) {
  const texts = kept.free_texts
    .map((name) => (Object.prototype.hasOwnProperty.call(answers, name) ? answers[name] : null))
    .filter((text) => typeof text === "string" && text !== "");
  const found = {};
  for (const lexicon of kept.lexicons) {
    const phrases = new Set();
    for (const text of texts) find(lexicon, text).forEach((phrase) => phrases.add(phrase));
    if (phrases.size > 0) found[lexicon.name] = [...phrases];
  }
  return found;
}

function eachOf({ zh, en }) {
  return [...zh, ...en];
}

function plainOf(text) {
  const narrow = text.normalize("NFKC").toLowerCase().replace(/ß/g, "ss").replace(/\u2019/g, "'");
  return narrow.replace(/[ \t]+/g, " ").replace(SPACE_IN_HAN, "$1");
}

/** Return where a phrase stands in a text that was made plain: pairs of begin and end. */
function spansOf(phrase, plain) {
  const pattern = patternOf(phrase);
  const spans = [];
  pattern.body.lastIndex = 0;
  for (let hit = pattern.body.exec(plain); hit !== null; hit = pattern.body.exec(plain)) {
    // Latin words are found whole. Older phones know no lookbehind, so it is looked at here.
    if (pattern.isLatin && /[a-z]/.test(plain.charAt(hit.index - 1))) {
      pattern.body.lastIndex = hit.index + 1;
    } else {
      spans.push([hit.index, hit.index + hit[0].length]);
    }
  }
  return spans;
}

const patterns = new Map();

function patternOf(phrase) {
  const known = patterns.get(phrase);
  if (known !== undefined) return known;
  const plain = plainOf(phrase);
  const parts = phrase.split("*").map((one) => plainOf(one).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const gap = `${CLAUSE_END}{0,${/[a-z]/.test(plain) ? LATIN_GAP : GAP}}?`;
  const after = /[a-z]$/.test(plain) ? "(?![a-z])" : "";
  const made = { body: new RegExp(parts.join(gap) + after, "gu"), isLatin: /^[a-z]/.test(plain) };
  patterns.set(phrase, made);
  return made;
}
