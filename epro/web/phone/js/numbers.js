// The telephone numbers: her own site's once it is known, the study's before. They stand in the page
// itself, so that they are there without network, without signing in, without PIN.

import { state } from "./state.js";

/** Return {emergency, site, study}; site and study may be empty. */
export function numbers() {
  const { profile } = state();
  if (profile) {
    const known = profile.numbers;
    return { emergency: known.emergency_number, site: known.site_phone, study: known.study_phone };
  }
  const { emergency, site, study } = document.getElementById("app").dataset;
  return { emergency, site, study };
}
