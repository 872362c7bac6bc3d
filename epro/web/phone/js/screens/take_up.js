// The phone has forgotten its diary, the server has not: the PIN brings it back.

import { unlessUnreachable } from "../api.js";
import { t } from "../i18n.js";
import { takeUp as takeUpWith } from "../session_seldom.js";
import { html, Problems, Screen, useBusy, useState } from "../ui.js";

export function TakeUp() {
  const [secret, setSecret] = useState("");
  const [problems, setProblems] = useState([]);
  const [isBusy, run] = useBusy();
  const takeUp = (event) => {
    event.preventDefault();
    run(async () => {
      const refusal = await tried(secret);
      if (refusal === null) return;
      setSecret("");
      setProblems([{ field: "pin", text: () => t(refusal) }]);
    });
  };
  return html`
    <${Screen} title=${t("cleared.title")}
      bar=${html`<button class="main" form="f" aria-disabled=${isBusy}>${t("unlock.open")}</button>`}>
      <${Problems} list=${problems} />
      <p>${t("cleared.what")}</p>
      <form id="f" onSubmit=${takeUp} novalidate>
        <label for="pin">${t("unlock.pin")}</label>
        <input id="pin" class="short" type="password" inputmode="numeric" maxlength="6" autocomplete="off" value=${secret}
          onInput=${(event) => setSecret(event.target.value)} />
      </form>
    <//>
  `;
}

async function tried(secret) {
  const refusal = await unlessUnreachable(() => takeUpWith(secret), () => "unreachable");
  if (refusal === null) return null;
  if (refusal === "unreachable") return "needs_network";
  return refusal === "too_many_attempts" ? "welcome.too_many" : "cleared.wrong";
}
