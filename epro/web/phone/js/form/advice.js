// P7: what to do now. It interrupts as soon as the answer is confirmed, needs no network, and never
// pretends that somebody is watching.

import * as clock from "../clock.js";
import * as db from "../db.js";
import { said, t, time } from "../i18n.js";
import { numberAnswered } from "../screening.js";
import { useFacts } from "../state.js";
import { Call, html, Screen, unbroken, useEffect, useState } from "../ui.js";
import { knownRules } from "./advising.js";

/**
 * Show the advice of the rules that a draft is interrupted for. `understood` goes on, `back` returns
 * to the question, `mistaken` notes that the answer was pressed by mistake; null where nothing was sent.
 */
export function Advice({ draft, back, understood, mistaken }) {
  const { rules } = draft.advising;
  const [most] = rules;
  const isRed = most.tier !== "ORANGE";
  const words = [...new Set(rules.filter((rule) => rule.tier === most.tier).map((rule) => said(rule.advice)))];
  return html`
    <${Screen} title=${t(isRed ? "advice.red" : "advice.orange")} back=${back} kind=${isRed ? "advice danger" : "advice today"}
      bar=${html`<button type="button" class="second" onClick=${understood}>${t("advice.understood")}</button>
        ${mistaken ? html`<button type="button" class="quiet" onClick=${mistaken}>${t("advice.mistaken")}</button>` : null}`}>
      <div class="frame" role="alert">
        ${words.map((text) => html`<p>${unbroken(text)}</p>`)}
        <${Calls} form=${draft.form} words=${words} />
      </div>
      ${draft.corrects ? html`<p>${t("advice.not_sent")}</p>` : html`<${Delivered} response=${draft.response_id} revision=${draft.advising.revision} />`}
      ${mistaken ? html`<p class="hint">${t("advice.mistaken.hint")}</p>` : null}
    <//>
  `;
}

/**
 * The numbers to press, in the order in which the words name them. One that is not answered at this
 * hour is left out; the one that is, and the emergency number, are always there.
 */
export function Calls({ form, words }) {
  const kept = knownRules(form);
  const { emergency_number: emergency, study_phone: study, site_phone: site } = kept.numbers;
  const answered = numberAnswered(kept, clock.now());
  const text = words.join(" ");
  const inOrder = [emergency, study, site] // before her site is known the first may stand for the others
    .filter((one) => one && text.includes(one) && (one !== site || answered === site))
    .sort((one, other) => text.indexOf(one) - text.indexOf(other));
  if (!inOrder.some((one) => one !== emergency)) inOrder.push(answered);
  if (!inOrder.includes(emergency)) inOrder.push(emergency);
  const names = { [site]: "call.site", [study]: "call.study", [emergency]: "call.emergency" };
  return html`
    <div class="calls">
      ${[...new Set(inOrder)].map((number) => html`<${Call} key=${number} number=${number} text=${t(names[number])} kind=${number === emergency ? "call urgent" : "call"} />`)}
    </div>
  `;
}

/** Say whether the answers so far have reached the site: in this start of the app, or in one before. */
function Delivered({ response, revision }) {
  const { waiting, lastSentAt: sentAt } = useFacts();
  const [sentBefore, setSentBefore] = useState(null);
  useEffect(() => {
    db.get("sent", response).then((sent) => sent && sent.revision >= revision && setSentBefore(sent.sentAt));
  }, []);
  const lastSentAt = sentAt || sentBefore;
  const isWaiting = waiting.some((one) => one.response_id === response);
  return html`<p role="status">${isWaiting || !lastSentAt ? t("advice.waiting") : t("advice.delivered", { at: time(lastSentAt) })}</p>`;
}
