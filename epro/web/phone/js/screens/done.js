// P6: what was sent off, and whether it has arrived. It has an address of its own, so that a locked or
// newly activated phone comes back here, and not to an empty form.

import { isOnBehalf } from "../behalf.js";
import { said, t, time } from "../i18n.js";
import * as outbox from "../outbox.js";
import { replace } from "../router.js";
import { update, useFacts } from "../state.js";
import { html, Screen, useEffect } from "../ui.js";

/** Leave a form that was sent off for this screen. */
export function showDone(response, { code, title }) {
  update({ done: { response, code, title } });
  replace("done");
}

export function Done() {
  const { done, waiting, lastSentAt, storage } = useFacts();
  useEffect(() => {
    if (!done) replace("today");
  }, []);
  if (!done) return null;
  const record = waiting.find((one) => one.response_id === done.response);
  const isParked = record && record.state === "parked";
  const isHeld = record && !isParked && storage !== "kept"; // nowhere but in this page
  const isKept = !isOnBehalf();
  const kept = isParked ? (isKept ? "done.parked" : "behalf.parked") : isHeld ? (isKept ? "done.held" : "behalf.held") : "done.kept";
  return html`
    <${Screen} title=${t(isHeld ? "done.held.title" : "done.title", { title: said(done.title) })}
      bar=${html`<button type="button" class="main" onClick=${() => replace("today")}>${t("done.today")}</button>`}>
      <p role="status" class=${record ? "note" : "good"}>${record ? t(kept) : t("done.delivered", { at: time(lastSentAt) })}</p>
      ${record && !isParked ? html`<button type="button" class="second wide" onClick=${() => outbox.flush()}>${t("outbox.now")}</button>` : null}
    <//>
  `;
}
