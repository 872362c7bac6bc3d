// A code for another phone: ten minutes, once, and this phone is signed out when it is used.

import { call, unlessUnreachable } from "../api.js";
import { t, time } from "../i18n.js";
import { back } from "../router.js";
import { useFacts } from "../state.js";
import { html, Screen, useBusy, useState } from "../ui.js";
import { Waiting } from "./waiting.js";

export function Move() {
  const { waiting } = useFacts();
  const [issued, setIssued] = useState(null);
  const [problem, setProblem] = useState(null);
  const [isBusy, run] = useBusy();
  const ask = () => run(() => unlessUnreachable(async () => {
    const { status, data } = await call("POST", "/me/transfer-code");
    if (status === 200) setIssued(data);
    setProblem(status === 200 ? null : "move.refused");
  }, () => setProblem("needs_network")));
  const isWaiting = waiting.some((one) => one.state === "waiting");
  return html`
    <${Screen} title=${t("settings.move")} back=${back}
      bar=${issued || isWaiting ? null : html`<button type="button" class="main" aria-disabled=${isBusy} onClick=${ask}>${t("move.ask")}</button>`}>
      <p>${t("move.how")}</p>
      ${isWaiting ? html`<p>${t("out.unsent")}</p><${Waiting} waiting=${waiting} />` : null}
      <div role="status">
        ${issued ? html`<p class="card code-shown">${`${issued.activation_code.slice(0, 4)}-${issued.activation_code.slice(4)}`}</p>
          <p>${t("move.until", { until: time(Date.parse(issued.expires_at)) })}</p>` : null}
        ${problem ? html`<p class="note">${t(problem)}</p>` : null}
      </div>
    <//>
  `;
}
