// One of her own responses, question by question; and the way to correct it.

import * as clock from "../clock.js";
import { moment, dayOf, said, spoken, t } from "../i18n.js";
import * as record from "../record.js";
import { back, go } from "../router.js";
import { useFacts } from "../state.js";
import { html, Screen, unbroken, useEffect, useState } from "../ui.js";
import { standing } from "./history.js";

export function Entry({ rest: [id] }) {
  const { record: sent, language } = useFacts();
  const [seen, setSeen] = useState(null);
  const entry = (sent || []).find((one) => one.id === id);
  useEffect(() => {
    record.inWords(id, spoken()).then(setSeen, () => setSeen("unreachable"));
  }, [language]);
  useEffect(() => {
    if (!sent) record.refresh();
  }, []);
  if (!entry) return html`<${Screen} title=${t("entry.title")} back=${back}><p role="status">${t("entry.unreachable")}</p><//>`;
  const isOwn = clock.now() < Date.parse(entry.own_until);
  const isFinished = entry.status === "completed";
  return html`
    <${Screen} title=${said(entry.title)} back=${back}
      bar=${isFinished ? html`<button type="button" class="second" onClick=${() => go("form", "correct", id)}>${t("entry.correct")}</button>` : null}>
      <p class="hint">${unbroken(moment(Date.parse(entry.answered_at), dayOf(clock.now())))} · ${t(standing(entry))}</p>
      ${isFinished ? html`<p>${unbroken(t(isOwn ? "entry.own" : "entry.ask", { until: moment(Date.parse(entry.own_until), dayOf(clock.now())) }))}</p>` : null}
      ${seen === null ? html`<p role="status">${t("form.loading")}</p>` : null}
      ${seen === "unreachable" ? html`<p class="note" role="status">${t("entry.unreachable")}</p>` : null}
      ${seen && seen.items ? html`<dl class="review">${seen.items.filter((one) => one.state !== "hidden").map((one) => html`
        <div key=${one.link_id}><dt>${unbroken(one.question)}</dt><dd>${unbroken(one.answer === null ? one.state_in_words : one.answer)}</dd></div>`)}</dl>` : null}
    <//>
  `;
}
