// P7: what to do now. It interrupts as soon as the answer is confirmed, needs no network, and never
// pretends that somebody is watching.

import * as clock from "../clock.js";
import { said, t, time } from "../i18n.js";
import { HelpButton } from "../screens/help.js";
import { numberAnswered } from "../screening.js";
import { useFacts } from "../state.js";
import { Call, html, Screen } from "../ui.js";
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
    <${Screen} title=${t(isRed ? "advice.red" : "advice.orange")} back=${back} kind=${isRed ? "advice danger" : "advice today"} top=${html`<${HelpButton} />`}
      bar=${html`<button type="button" class="second" onClick=${understood}>${t("advice.understood")}</button>
        ${mistaken ? html`<button type="button" class="quiet" onClick=${mistaken}>${t("advice.mistaken")}</button>` : null}`}>
      <div class="frame" role="alert">
        ${words.map((text) => html`<p>${text}</p>`)}
        <${Calls} form=${draft.form} tier=${most.tier} />
      </div>
      ${draft.corrects ? html`<p>${t("advice.not_sent")}</p>` : html`<${Delivered} response=${draft.response_id} />`}
      ${mistaken ? html`<p class="hint">${t("advice.mistaken.hint")}</p>` : null}
    <//>
  `;
}

/** The numbers in the order in which the tier wants them called; each is answered at this hour. */
export function Calls({ form, tier }) {
  const kept = knownRules(form);
  if (!kept.numbers) return null;
  const { emergency_number: emergency, study_phone: study, site_phone: site } = kept.numbers;
  const answered = tier === "ORANGE" ? numberAnswered(kept, clock.now()) : study;
  const whose = answered === site && answered !== study ? "call.site" : "call.study";
  const first = html`<${Call} number=${emergency} text=${t("call.emergency")} kind="call urgent" />`;
  const second = html`<${Call} number=${answered} text=${t(whose)} kind="call answered" />`;
  return html`<div class="calls">${tier === "RED_A" ? [first, second] : [second, first]}</div>`;
}

/** Say whether the answers so far have reached the site. */
function Delivered({ response }) {
  const { waiting, lastSentAt } = useFacts();
  const isWaiting = waiting.some((one) => one.response_id === response);
  return html`<p role="status">${isWaiting || !lastSentAt ? t("advice.waiting") : t("advice.delivered", { at: time(lastSentAt) })}</p>`;
}
