// What must be said on whatever screen is open.

import * as behalf from "../behalf.js";
import { isWrong } from "../clock.js";
import { t } from "../i18n.js";
import { numbers } from "../numbers.js";
import { lateUrgent } from "../outbox.js";
import { useFacts } from "../state.js";
import { isTraining } from "../training.js";
import { Call, html } from "../ui.js";

/** Say on every screen of a training room that it is one. */
export function Practice() {
  useFacts();
  if (!isTraining()) return null;
  return html`
    <div class="practice" role="region" aria-label=${t("training.mark")}>
      <p><strong>${t("training.mark")}</strong> ${t("training.what")}</p>
    </div>
  `;
}

/** Say for whom the app was opened, where the site opened it; and give the device back. */
export function ForSomebody() {
  const { profile } = useFacts();
  if (!behalf.isOnBehalf() || !profile || !profile.on_behalf) return null;
  const hindrance = behalf.hindrance();
  return html`
    <div class="behalf" role="region" aria-label=${t("behalf.end")}>
      <p>${t(`behalf.${profile.on_behalf.mode}`, { code: profile.code, by: profile.on_behalf.by })}</p>
      ${hindrance ? html`<p class="note" role="alert">${t(`behalf.${hindrance}`, { code: profile.code })}</p>` : null}
      <button type="button" class="second" onClick=${() => behalf.end()}>${t("behalf.end")}</button>
    </div>
  `;
}

/** Say what is wrong with this phone itself: nothing kept, no room, a clock that is far off. */
export function Trouble() {
  const { storage } = useFacts();
  const found = [];
  if (storage !== "kept" && !behalf.isOnBehalf()) found.push(t(`storage.${storage}`));
  if (isWrong()) found.push(t("clock.wrong"));
  return found.map((text) => html`<p class="note" role="status">${text}</p>`);
}

/** Say that an urgent record has not gone out for two minutes: she must not think it was heard. */
export function Late() {
  useFacts();
  if (!lateUrgent()) return null;
  const { emergency, study } = numbers();
  return html`
    <div class="late" role="alert">
      <p><strong>${t("late.title")}</strong> ${t("late.call")}</p>
      <div class="calls">
        <${Call} number=${study} text=${t("call.study")} />
        <${Call} number=${emergency} text=${t("call.emergency")} kind="call urgent" />
      </div>
    </div>
  `;
}
