// The session of this phone has ended: by the site, by ten wrong PINs, or by activation elsewhere.

import { t } from "../i18n.js";
import { numbers } from "../numbers.js";
import * as session from "../session.js";
import { useFacts } from "../state.js";
import { Call, html, Screen } from "../ui.js";

export function Ended() {
  const { waiting } = useFacts();
  const { site, study } = numbers();
  return html`
    <${Screen} title=${t("ended.title")}
      bar=${html`<button class="main" type="button" onClick=${() => session.end("none")}>${t("ended.activate")}</button>`}>
      <p>${t("ended.why")}</p>
      ${waiting.length > 0 ? html`<p class="note">${t("ended.waiting", { count: waiting.length })}</p>` : null}
      <div class="calls">
        <${Call} number=${site} text=${t("call.site")} />
        <${Call} number=${study} text=${t("call.study")} />
      </div>
    <//>
  `;
}
