// P1: the code that the site handed over and the year of birth, then a PIN of her own.

import { unlessUnreachable } from "../api.js";
import { spoken, t } from "../i18n.js";
import { numbers } from "../numbers.js";
import * as pin from "../pin.js";
import { activate as activateWith } from "../session_seldom.js";
import { chooseLanguage } from "../settings.js";
import { Call, html, Problems, Screen, useBusy, useState } from "../ui.js";
import { WayIn, wayIn } from "./way_in.js";

const CODE_LENGTH = 8;

export function Welcome({ code }) {
  const [step, setStep] = useState(wayIn() ? "way" : "code");
  const [typed, setTyped] = useState({ code: grouped(code || ""), yearOfBirth: "", secret: "", again: "" });
  const [problems, setProblems] = useState([]);
  const [isBusy, run] = useBusy();
  const set = (name) => (event) => setTyped({ ...typed, [name]: event.target.value });

  const toPin = (event) => {
    event.preventDefault();
    const found = faultsOfCode(typed);
    setProblems(found);
    if (found.length === 0) setStep("pin");
  };
  const activate = (event) => {
    event.preventDefault();
    const found = faultsOfPin(typed);
    setProblems(found);
    if (found.length === 0) run(async () => {
      const refusal = await tryActivating(typed);
      if (refusal === null) return;
      setProblems([{ field: refusal === "weak_secret" ? "pin" : "code", text: () => t(wordsFor(refusal)) }]);
      if (refusal !== "weak_secret" && refusal !== "unreachable") setStep("code");
    });
  };

  if (step === "way") {
    return html`<${WayIn} way=${wayIn()} code=${typed.code} top=${html`<${OtherLanguage} />`} proceed=${() => setStep("code")} />`;
  }
  if (step === "code") {
    return html`
      <${Screen} title=${t("welcome.title")} kind="plain" top=${html`<${OtherLanguage} />`} bar=${html`<button class="main" form="f">${t("welcome.next")}</button>`}>
        <${Problems} list=${problems} />
        <form id="f" onSubmit=${toPin} novalidate>
          <label for="code">${t("welcome.code")}</label>
          <input id="code" class="code" autocomplete="off" autocapitalize="characters" spellcheck=${false} value=${typed.code}
            aria-describedby="code-hint" onInput=${(event) => setTyped({ ...typed, code: grouped(event.target.value) })} />
          <p id="code-hint" class="hint">${t("welcome.code.hint")}</p>
          <label for="year">${t("welcome.year")}</label>
          <input id="year" class="short" inputmode="numeric" maxlength="4" autocomplete="bday-year" value=${typed.yearOfBirth} onInput=${set("yearOfBirth")} />
        </form>
        <p>${t("welcome.no_code")}</p>
        <${Numbers} />
      <//>
    `;
  }
  return html`
    <${Screen} title=${t("pin.choose.title")} back=${() => setStep("code")}
      bar=${html`<button class="main" form="f" aria-disabled=${isBusy}>${t("welcome.activate")}</button>`}>
      <${Problems} list=${problems} />
      <p>${t("pin.choose.why")}</p>
      <form id="f" onSubmit=${activate} novalidate>
        <label for="pin">${t("pin.choose.first")}</label>
        <input id="pin" class="short" type="password" inputmode="numeric" maxlength="6" autocomplete="new-password" aria-describedby="pin-hint" value=${typed.secret} onInput=${set("secret")} />
        <p id="pin-hint" class="hint">${t("pin.choose.hint")}</p>
        <label for="again">${t("pin.choose.again")}</label>
        <input id="again" class="short" type="password" inputmode="numeric" maxlength="6" autocomplete="new-password" value=${typed.again} onInput=${set("again")} />
      </form>
      <p>${t("pin.choose.kept")}</p>
    <//>
  `;
}

/** Offer the other language by its own name. */
function OtherLanguage() {
  const other = spoken() === "zh" ? "en" : "zh";
  const name = other === "en" ? "English" : "中文";
  return html`<button type="button" class="quiet" lang=${other === "en" ? "en" : "zh-Hans"} onClick=${() => chooseLanguage(other)}>${name}</button>`;
}

function Numbers() {
  const { emergency, site, study } = numbers();
  return html`
    <div class="calls">
      <${Call} number=${site} text=${t("call.site")} />
      <${Call} number=${study} text=${t("call.study")} />
      <${Call} number=${emergency} text=${t("call.emergency")} kind="call urgent" />
    </div>
  `;
}

function tryActivating(typed) {
  return unlessUnreachable(() => activateWith({ ...typed, code: bare(typed.code) }), () => "unreachable");
}

function wordsFor(refusal) {
  if (refusal === "weak_secret") return "pin.weak";
  if (refusal === "unreachable") return "welcome.unreachable";
  if (refusal === "too_many_attempts") return "welcome.too_many";
  return "welcome.refused";
}

function faultsOfCode({ code, yearOfBirth }) {
  const faults = [];
  if (bare(code).length !== CODE_LENGTH) faults.push({ field: "code", text: () => t("welcome.code.missing") });
  if (!/^(19|20)[0-9]{2}$/.test(yearOfBirth.trim())) faults.push({ field: "year", text: () => t("welcome.year.missing") });
  return faults;
}

function faultsOfPin({ secret, again, yearOfBirth }) {
  if (!pin.isPin(secret)) return [{ field: "pin", text: () => t("pin.format") }];
  if (pin.isWeak(secret, yearOfBirth.trim())) return [{ field: "pin", text: () => t("pin.weak") }];
  if (secret !== again) return [{ field: "again", text: () => t("pin.differs") }];
  return [];
}

function bare(code) {
  return code.toUpperCase().replace(/[^0-9A-Z]/g, "");
}

function grouped(code) {
  const plain = bare(code).slice(0, CODE_LENGTH);
  return plain.length > 4 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
}
