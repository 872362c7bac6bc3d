// Another PIN: the present one, then the new one twice. The server has to hear it, so it needs network.

import { unlessUnreachable } from "../api.js";
import { t } from "../i18n.js";
import * as pin from "../pin.js";
import { back } from "../router.js";
import { changePin } from "../session_seldom.js";
import { html, Problems, Screen, useBusy, useState } from "../ui.js";

const FIELDS = [["old", "pin.change.old"], ["pin", "pin.change.new"], ["again", "pin.choose.again"]];

export function ChangePin() {
  const [typed, setTyped] = useState({ old: "", pin: "", again: "" });
  const [problems, setProblems] = useState([]);
  const [isDone, setDone] = useState(false);
  const [isBusy, run] = useBusy();
  const change = (event) => {
    event.preventDefault();
    run(async () => {
      const found = faults(typed) || (await tried(typed));
      setProblems(found ? [found] : []);
      setDone(!found);
    });
  };
  if (isDone) {
    return html`<${Screen} title=${t("pin.changed")} back=${back}><p class="good" role="status">${t("pin.changed.from")}</p><//>`;
  }
  return html`
    <${Screen} title=${t("settings.pin")} back=${back}
      bar=${html`<button class="main" form="f" aria-disabled=${isBusy}>${t("pin.change")}</button>`}>
      <${Problems} list=${problems} />
      <form id="f" onSubmit=${change} novalidate>
        ${FIELDS.map(([name, text]) => html`<label for=${name}>${t(text)}</label>
          <input id=${name} class="short" type="password" inputmode="numeric" maxlength="6" autocomplete="off" value=${typed[name]}
            onInput=${(event) => setTyped({ ...typed, [name]: event.target.value })} />`)}
      </form>
      <p class="hint">${t("pin.choose.hint")}</p>
    <//>
  `;
}

function faults({ old, pin: secret, again }) {
  if (!pin.isPin(old)) return { field: "old", text: () => t("pin.format") };
  if (!pin.isPin(secret)) return { field: "pin", text: () => t("pin.format") };
  if (pin.isWeak(secret, null)) return { field: "pin", text: () => t("pin.weak") };
  return secret === again ? null : { field: "again", text: () => t("pin.differs") };
}

async function tried({ old, pin: secret }) {
  const refusal = await unlessUnreachable(() => changePin(old, secret), () => "unreachable");
  if (refusal === null) return null;
  if (refusal === "weak_secret") return { field: "pin", text: () => t("pin.weak") };
  if (refusal === "unreachable") return { field: "old", text: () => t("needs_network") };
  return { field: "old", text: () => t(refusal === "wrong_pin" ? "pin.change.wrong" : "welcome.too_many") };
}
