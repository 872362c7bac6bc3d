// A code for another phone: her PIN first, then ten minutes, once, and this phone is signed out when it is used.

import { call, unlessUnreachable } from "../api.js";
import { t, time } from "../i18n.js";
import { isPin } from "../pin.js";
import { back } from "../router.js";
import { useFacts } from "../state.js";
import { html, Problems, Screen, unbroken, useBusy, useState } from "../ui.js";
import { Waiting } from "./waiting.js";

const WORDS = { wrong_pin: "pin.change.wrong", too_many_attempts: "welcome.too_many" };

export function Move() {
  const { waiting } = useFacts();
  const [secret, setSecret] = useState("");
  const [issued, setIssued] = useState(null);
  const [problems, setProblems] = useState([]);
  const [isBusy, run] = useBusy();
  const ask = (event) => {
    event.preventDefault();
    run(async () => {
      const { code, refusal } = isPin(secret) ? await asked(secret) : { refusal: "pin.format" };
      setIssued(code || null);
      setProblems(refusal ? [{ field: "pin", text: () => t(refusal) }] : []);
    });
  };
  const isWaiting = waiting.some((one) => one.state === "waiting");
  const isAsking = !issued && !isWaiting;
  return html`
    <${Screen} title=${t("settings.move")} back=${back}
      bar=${isAsking ? html`<button class="main" form="f" aria-disabled=${isBusy}>${t("move.ask")}</button>` : null}>
      ${isAsking ? html`<${Problems} list=${problems} />` : null}
      <p>${unbroken(t("move.how"))}</p>
      ${isWaiting ? html`<p>${t("out.unsent")}</p><${Waiting} waiting=${waiting} />` : null}
      ${isAsking ? html`<form id="f" onSubmit=${ask} novalidate>
        <label for="pin">${t("pin.change.old")}</label>
        <input id="pin" class="short" type="password" inputmode="numeric" maxlength="6" autocomplete="off" value=${secret}
          onInput=${(event) => setSecret(event.target.value)} />
      </form>` : null}
      <div role="status">
        ${issued ? html`<p class="card code-shown">${`${issued.activation_code.slice(0, 4)}-${issued.activation_code.slice(4)}`}</p>
          <p>${t("move.until", { until: time(Date.parse(issued.expires_at)) })}</p>` : null}
      </div>
    <//>
  `;
}

/** Ask the server for a code; returns it, or the name of the words that say why there is none. */
function asked(pin) {
  return unlessUnreachable(async () => {
    const { status, data } = await call("POST", "/me/transfer-code", { body: { pin } });
    if (status === 200) return { code: data };
    return { refusal: WORDS[data && data.error ? data.error.code : ""] || "move.refused" };
  }, () => ({ refusal: "needs_network" }));
}
