// Which advice an answer calls for, at the moment it is confirmed: by the study's own rules as this
// phone keeps them, or, before it ever heard them, by those that came with the form.

import * as clock from "../clock.js";
import { numbers } from "../numbers.js";
import { screen } from "../screening.js";
import { safetyRules } from "../safety.js";
import { shownValuesOf } from "./pages.js";

const INTERRUPTS = new Set(["RED_A", "RED_B", "ORANGE"]);

/** Return what the rules are read from: as kept, else as far as the form itself knows. */
export function knownRules(form) {
  const kept = safetyRules();
  if (kept) return kept;
  const { emergency, site, study } = numbers();
  return {
    rules: form.rules.map((rule) => ({ asks_first: null, ...rule })),
    lexicons: [], free_texts: [], site_hours: [],
    infusions_at: form.latest_infusion_at ? [form.latest_infusion_at] : [],
    thermometer_route: form.thermometer_route, default_route: form.default_route,
    numbers: { emergency_number: emergency, site_phone: site, study_phone: study || emergency },
  };
}

/** Return the rules that the answers meet now, with what was `asked` beside, the most urgent first. */
export function metBy(draft, asked = {}) {
  return screen(knownRules(draft.form), { ...shownValuesOf(draft), ...asked }, clock.now()).map(({ rule }) => rule);
}

/** Return what to advise about once she has answered what was asked back. */
export function advisedAfter(draft, asked) {
  return metBy(draft, asked).filter((rule) => INTERRUPTS.has(rule.tier));
}

/**
 * Return the rules to interrupt for: urgent, and not shown yet for this form. What was shown once is
 * not shown again with every further question.
 */
export function freshIn(draft, met = metBy(draft)) {
  return met.filter((rule) => INTERRUPTS.has(rule.tier) && !draft.advised[rule.id]);
}

/** Tell whether what is sent now has to go before everything else. */
export function isUrgent(draft) {
  return metBy(draft).some((rule) => INTERRUPTS.has(rule.tier));
}
