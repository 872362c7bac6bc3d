// P6: what was sent off, and whether it has arrived. It has an address of its own, so that a locked or
// newly activated phone comes back here, and not to an empty form.

import { isOnBehalf } from "../behalf.js";
import * as clock from "../clock.js";
import { nextDiaryAt } from "../diary.js";
import { dayOf, moment, said, t, time } from "../i18n.js";
import { numbers } from "../numbers.js";
import * as outbox from "../outbox.js";
import { replace } from "../router.js";
import { update, useFacts } from "../state.js";
import { Call, html, Screen, unbroken, useEffect } from "../ui.js";

const OF_PROBLEMS = /^(ae|relative)_/;

/** Leave a form that was sent off for this screen. */
export function showDone(response, { code, title }) {
  update({ done: { response, code, title } });
  replace("done");
}

export function Done() {
  const { done, waiting, lastSentAt, storage, session } = useFacts();
  useEffect(() => {
    if (!done) replace("today");
  }, []);
  if (!done) return null;
  const record = waiting.find((one) => one.response_id === done.response);
  const isParked = record && record.state === "parked";
  const isHeld = record && !isParked && storage !== "kept"; // nowhere but in this page
  const isKept = !isOnBehalf();
  const { emergency, study } = numbers();
  const next = nextDiaryAt();
  const kept = isParked ? (isKept ? "done.parked" : "behalf.parked") : isHeld ? (isKept ? "done.held" : "behalf.held") : "done.kept";
  return html`
    <${Screen} title=${t(isHeld ? "done.held.title" : "done.title", { title: said(done.title) })}
      bar=${html`<button type="button" class="main" onClick=${() => replace("today")}>${t("done.today")}</button>`}>
      <p role="status" class=${record ? "note" : "good"}>${record ? t(kept) : t("done.delivered", { at: time(lastSentAt) })}</p>
      ${record && !isParked ? html`<button type="button" class="second wide" onClick=${() => outbox.flush()}>${t("outbox.now")}</button>` : null}
      ${OF_PROBLEMS.test(done.code) ? html`<p>${t(done.code === "relative_report" ? "help.nobody" : "done.worse")}</p><div class="calls"><${Call} number=${study} text=${t("call.study")} /><${Call} number=${emergency} text=${t("call.emergency")} kind="call urgent" /></div>` : null}
      ${next && session === "open" ? html`<p>${unbroken(t("done.next", { at: moment(next, dayOf(clock.now())) }))}</p>` : null}
    <//>
  `;
}
