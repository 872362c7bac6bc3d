// How many records are not delivered yet, and a way to try now.

import { t } from "../i18n.js";
import { flush } from "../outbox.js";
import { go } from "../router.js";
import { html, useBusy } from "../ui.js";

export function Waiting({ waiting }) {
  const [isBusy, run] = useBusy();
  const parked = waiting.filter((one) => one.state === "parked").length;
  return html`
    <div class="note" role="status">
      <p>${parked > 0 ? t("outbox.parked", { count: parked }) : t("outbox.waiting", { count: waiting.length })}</p>
      ${parked < waiting.length ? html`<button type="button" class="second" aria-disabled=${isBusy} onClick=${() => run(flush)}>${t("outbox.now")}</button>` : null}
      ${parked > 0 ? html`<button type="button" class="second" onClick=${() => go("history")}>${t("parked.look")}</button>` : null}
    </div>
  `;
}
