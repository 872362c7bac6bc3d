// Which items apply, and which safety rules answers meet: the phone's twin of
// questionnaires/branching.py and questionnaires/rules.py. Shared vectors and a random comparison
// hold both to one meaning, so a change here is a change there. ES2020, depends on nothing.
//
// No answer is absent, null, "" or []; 0 and false are answers; types never convert. Items, clauses
// and rules have the shape in which the API gives them.

const ISO_DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const URGENCY = ["YELLOW", "ORANGE", "RED_B", "RED_A"];
const ROUTES = ["axillary", "oral", "ear", "forehead"];
const HOUR_MS = 3600000;
const TENTHS_LOWER_WHEN_AXILLARY = 3; // limits are for the mouth; under the arm less is measured

const IN_ORDER = {
  "<": (one, other) => one < other,
  "<=": (one, other) => one <= other,
  ">": (one, other) => one > other,
  ">=": (one, other) => one >= other,
};

/** Tell whether one clause holds. */
export function clause(asked, answers) {
  const given = givenOf(own(answers, asked.question));
  if (asked.operator === "exists") return (given.length > 0) === asked.answer;
  if (asked.operator === "=") return given.some((one) => equal(one, asked.answer));
  if (asked.operator === "!=") return !given.some((one) => equal(one, asked.answer));
  return given.some((one) => inOrder(one, asked.operator, asked.answer));
}

/** Tell whether clauses together hold; without any, they always do. */
export function enabled(clauses, behavior, answers) {
  if (clauses.length === 0) return true;
  const holds = (one) => clause(one, answers);
  return behavior === "any" ? clauses.some(holds) : clauses.every(holds);
}

/**
 * Return the link_ids of the items that apply, walking once in order. The answer to an item that
 * does not apply counts as none for the items after it, and is not sent.
 */
export function walk(items, answers) {
  const seen = Object.create(null); // no inherited names that an item could be called
  const shown = [];
  for (const item of items) {
    if (enabled(item.enable_when, item.enable_behavior, seen)) {
      seen[item.link_id] = own(answers, item.link_id);
      shown.push(item.link_id);
    }
  }
  return shown;
}

/**
 * Return what the rules look at beside the answers. Instants are milliseconds since 1970;
 * `latestInfusionAt` may be null, and one after `answeredAt` counts as none. `route` is the
 * participant's own thermometer route or null, `defaultRoute` the study's.
 */
export function derive(answers, { answeredAt, latestInfusionAt, route, defaultRoute }) {
  const derived = {};
  if (latestInfusionAt !== null && latestInfusionAt <= answeredAt) {
    derived.hours_since_infusion = (answeredAt - latestInfusionAt) / HOUR_MS;
  }
  const ownRoute = route === null ? defaultRoute : route;
  const tenths = [];
  for (const name of ["temp", "temp_again"]) {
    const taken = own(answers, name);
    if (typeof taken === "number") {
      const told = own(answers, `${name}_route`);
      const how = ROUTES.includes(told) ? told : ownRoute;
      tenths.push(tenthsOf(taken) + (how === "axillary" ? TENTHS_LOWER_WHEN_AXILLARY : 0));
    }
  }
  // Measured again, the higher one counts: a second look never hides a fever.
  if (tenths.length > 0) derived.temperature_tenths_oral = Math.max(...tenths);
  return derived;
}

/**
 * Return the rules that are met, each with the index of the first of its triggers that is: the
 * most urgent first, then those of tonight, then in their own order. `inputs` are answers and
 * derivations together.
 */
export function advice(rules, inputs) {
  const met = [];
  for (const rule of rules) {
    if (rule.is_on === false) continue;
    const index = rule.triggers.findIndex((one) => enabled(one.clauses, "all", inputs));
    if (index >= 0) met.push({ rule, index });
  }
  const later = ({ rule }) => [-URGENCY.indexOf(rule.tier), rule.tonight ? 0 : 1];
  return met
    .map((one, place) => ({ one, key: [...later(one), place] }))
    .sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1] || a.key[2] - b.key[2])
    .map(({ one }) => ({ id: one.rule.id, trigger_index: one.index }));
}

function own(answers, name) {
  return Object.prototype.hasOwnProperty.call(answers, name) ? answers[name] : null;
}

function givenOf(answer) {
  const several = Array.isArray(answer) ? answer : [answer];
  return several.filter((one) => one !== null && one !== undefined && one !== "");
}

function kindOf(value) {
  const kind = typeof value;
  return kind === "boolean" || kind === "number" || kind === "string" ? kind : null;
}

function equal(one, other) {
  return kindOf(one) !== null && kindOf(one) === kindOf(other) && one === other;
}

function isDate(value) {
  return typeof value === "string" && ISO_DATE.test(value);
}

function inOrder(one, how, other) {
  const numbers = typeof one === "number" && typeof other === "number";
  return (numbers || (isDate(one) && isDate(other))) && IN_ORDER[how](one, other);
}

/** Return a temperature in whole tenths, from its digits as written: no rounding of a float. */
function tenthsOf(temperature) {
  const [, sign, whole, fraction] = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(String(temperature)) || [
    "", temperature < 0 ? "-" : "", "0", "0", // written with an exponent: next to nothing
  ];
  const digits = fraction || "0";
  const rest = digits.slice(1).replace(/0+$/, "");
  let tenths = Number(whole) * 10 + Number(digits[0]);
  const isHalf = rest === "5";
  if (isHalf ? tenths % 2 === 1 : rest > "5") tenths += 1; // halves go to the even tenth
  return sign ? 0 - tenths : tenths;
}
