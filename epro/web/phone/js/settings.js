// Her own choices of how the app looks, kept on this phone and, for the language, at the server.

import { call, unlessUnreachable } from "./api.js";
import * as db from "./db.js";
import * as i18n from "./i18n.js";
import { base } from "./place.js";
import { state, update } from "./state.js";

const TEXT_SIZES = ["standard", "large", "largest"];

/** Return the text sizes there are, the smallest first. */
export function textSizes() {
  return TEXT_SIZES;
}

/** Speak another language, at once and from now on; reminders follow when the server hears it. */
export async function chooseLanguage(language) {
  await i18n.speak(language, `${base}i18n`);
  await keep({ language });
  if (state().session === "none") return;
  await unlessUnreachable(() => call("PATCH", "/me/preferences", { body: { language } }), () => null);
}

/** Show all text larger or smaller. */
export async function chooseTextSize(textSize) {
  document.documentElement.dataset.text = textSize;
  await keep({ textSize });
}

async function keep(choice) {
  update(choice);
  const { language, textSize } = state();
  await db.put("meta", { language, textSize }, "settings");
}
