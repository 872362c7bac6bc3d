// A record that was not taken: what it is, why, who knows of it, what is in it; and its end.

import * as clock from "../clock.js";
import { dayOf, moment, said, t } from "../i18n.js";
import { numbers } from "../numbers.js";
import { contentOf, putAway, standingOf } from "../parked.js";
import { back } from "../router.js";
import { useFacts } from "../state.js";
import { Call, html, Screen, unbroken, useBusy, useEffect, useState } from "../ui.js";
import { reason } from "./history.js";

const CAN_GO = new Set(["kept", "setting"]);
const SAID = { kept: "parked.is_kept", setting: "parked.is_setting", not_kept: "parked.not_kept", unsure: "parked.unsure" };

export function Parked({ rest: [key] }) {
  const { waiting, language } = useFacts();
  const [standing, setStanding] = useState(null);
  const [content, setContent] = useState([]);
  const [isAsked, setAsked] = useState(false);
  const [copied, setCopied] = useState(null);
  const [isBusy, run] = useBusy();
  const record = waiting.find((one) => one.key === key && one.state === "parked");
  useEffect(() => {
    if (record) standingOf(record).then(setStanding);
  }, []);
  useEffect(() => {
    contentOf(key).then(setContent);
  }, [language]);
  if (!record) return html`<${Screen} title=${t("parked.title")} back=${back}><p role="status">${t("parked.gone")}</p><//>`;

  const at = moment(clock.timeOf(record.made), dayOf(clock.now()));
  const made = t("parked.made", { title: record.title ? said(record.title) : t("history.other"), at });
  const copy = () => {
    const text = [made, record.response_id, ...content.map(({ question, answer }) => `${question}\n${answer}`)].filter(Boolean).join("\n\n");
    return (navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject())
      .then(() => setCopied("parked.copied"), () => setCopied("parked.copy.by_hand"));
  };
  const bar = isAsked ? html`
    <p role="alert">${t(standing === "setting" ? "parked.sure.setting" : "parked.sure")}</p>
    <button type="button" class="main" aria-disabled=${isBusy} onClick=${() => run(async () => setStanding(await putAway(record)))}>${t("parked.yes")}</button>
    <button type="button" class="second" onClick=${() => setAsked(false)}>${t("parked.keep")}</button>` : html`
    <button type="button" class="second" onClick=${() => setAsked(true)}>${t("parked.put_away")}</button>`;
  return html`
    <${Screen} title=${t("parked.title")} back=${back} bar=${CAN_GO.has(standing) ? bar : null}>
      <p><strong>${unbroken(made)}</strong></p>
      <div class="note">
        <p>${t(reason(record.refusal))}</p>
        ${record.response_id ? html`<p>${t(record.isTold ? "parked.told" : "parked.untold")}</p>` : null}
        <p role="status">${t(SAID[standing] || "form.loading")}</p>
      </div>
      <h2>${t("parked.content")}</h2>
      <dl class="review">${content.map(({ question, answer }) => html`<div key=${question}><dt>${unbroken(question)}</dt><dd>${unbroken(answer || "")}</dd></div>`)}</dl>
      <button type="button" class="second wide" onClick=${copy}>${t("parked.copy")}</button>
      <p role="status">${copied ? t(copied) : null}</p>
      <div class="calls"><${Call} number=${numbers().site} text=${t("call.site")} /></div>
    <//>
  `;
}
