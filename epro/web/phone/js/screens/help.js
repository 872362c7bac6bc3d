// Help now: numbers to press, without PIN and without network. The app never pretends that somebody
// is watching.

import { t } from "../i18n.js";
import { numbers } from "../numbers.js";
import { back, go } from "../router.js";
import { useFacts } from "../state.js";
import { Call, html, Screen } from "../ui.js";

export function Help() {
  const { session, participant } = useFacts();
  const { emergency, site, study } = numbers();
  return html`
    <${Screen} title=${t("help.title")} back=${back} kind="danger" isHelp>
      <p>${t("help.when")}</p>
      <div class="calls">
        <${Call} number=${emergency} text=${t("call.emergency")} kind="call urgent" />
        <${Call} number=${study} text=${t("call.study")} />
        <${Call} number=${site} text=${t("call.site")} />
      </div>
      <p>${t("help.nobody")}</p>
      ${participant && session !== "ended" ? html`
        <h2>${t("help.family")}</h2>
        <p>${t("help.family.what")}</p>
        <button type="button" class="second wide" onClick=${() => go("form", "open", "relative_report")}>${t("help.family.report")}</button>` : null}
    <//>
  `;
}
