// P2: the PIN, asked on a cold start and after five minutes out of sight. Help needs none.

import { t, time } from "../i18n.js";
import * as session from "../session.js";
import { html, Problems, Screen, useBusy, useState } from "../ui.js";

export function Unlock() {
  const [secret, setSecret] = useState("");
  const [problems, setProblems] = useState([]);
  const [isBusy, run] = useBusy();
  const unlock = (event) => {
    event.preventDefault();
    run(async () => {
      const tried = await session.unlock(secret);
      if (tried.result === "right") return;
      setSecret("");
      setProblems([{ field: "pin", text: () => wordsFor(tried) }]);
    });
  };
  return html`
    <${Screen} title=${t("unlock.title")}
      bar=${html`<button class="main" form="f" aria-disabled=${isBusy}>${t("unlock.open")}</button>`}>
      <${Problems} list=${problems} />
      <form id="f" onSubmit=${unlock} novalidate>
        <label for="pin">${t("unlock.pin")}</label>
        <input id="pin" class="short" type="password" inputmode="numeric" maxlength="6" autocomplete="off" value=${secret}
          onInput=${(event) => setSecret(event.target.value)} />
      </form>
      <p class="hint">${t("unlock.hint")}</p>
      <p class="hint">${t("unlock.forgotten")}</p>
    <//>
  `;
}

function wordsFor({ result, until, left }) {
  if (result === "paused") return t("unlock.paused", { until: time(until) });
  return t("unlock.wrong", { left });
}
