// Signing this phone out: not while something waits to be sent. What stays behind is nothing but
// records that could not be delivered at all; those the site knows of.

import { unlessUnreachable } from "../api.js";
import { t } from "../i18n.js";
import { back } from "../router.js";
import { signOut as signOutOfPhone } from "../session_seldom.js";
import { useFacts } from "../state.js";
import { html, Screen, useBusy, useState } from "../ui.js";
import { Waiting } from "./waiting.js";

export function SignOut() {
  const { waiting, drafts } = useFacts();
  const [problem, setProblem] = useState(null);
  const [isBusy, run] = useBusy();
  const isWaiting = waiting.some((one) => one.state === "waiting");
  const signOut = () => run(() => unlessUnreachable(signOutOfPhone, () => setProblem("needs_network")));
  return html`
    <${Screen} title=${t("settings.out")} back=${back}
      bar=${isWaiting ? null : html`<button type="button" class="main" aria-disabled=${isBusy} onClick=${signOut}>${t("out.now")}</button>`}>
      ${isWaiting ? html`<p>${t("out.unsent")}</p><${Waiting} waiting=${waiting} />` : html`<p>${t("out.what")}</p>`}
      ${drafts.length > 0 && !isWaiting ? html`<p class="note">${t("out.drafts")}</p>` : null}
      ${problem ? html`<p class="note" role="alert">${t(problem)}</p>` : null}
    <//>
  `;
}
