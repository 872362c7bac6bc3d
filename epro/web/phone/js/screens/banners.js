// What must be said on whatever screen is open.

import { t } from "../i18n.js";
import { numbers } from "../numbers.js";
import { lateUrgent } from "../outbox.js";
import { useFacts } from "../state.js";
import { Call, html } from "../ui.js";

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
