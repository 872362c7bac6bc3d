// P9: what is still on this phone, with its reason; below it what was delivered, day by day.

import * as clock from "../clock.js";
import { day, dayOf, said, t, time } from "../i18n.js";
import { flush } from "../outbox.js";
import * as record from "../record.js";
import { back, go } from "../router.js";
import { useFacts } from "../state.js";
import { html, Screen, useBusy, useEffect } from "../ui.js";

const REASONS = new Set([
  "unreachable", "revision_conflict", "invalid_answers", "not_signed_in", "body_too_large", "record_locked", "correction_outdated",
  "internal_error",
]);
const SAME_AS = { session_revoked: "not_signed_in", other_participant: "not_signed_in", database_unavailable: "internal_error" };

export function History() {
  const { record: sent, waiting, isOnline } = useFacts();
  useEffect(() => {
    record.refresh();
  }, []);
  const entries = sent || [];
  const days = [...new Set(entries.map(dayOfEntry))];
  return html`
    <${Screen} title=${t("history.title")} back=${back}>
      ${waiting.length > 0 ? html`<${Unsent} waiting=${waiting} />` : null}
      ${isOnline ? null : html`<p class="note" role="status">${t(entries.length ? "history.offline" : "history.unknown")}</p>`}
      ${sent && isOnline && entries.length === 0 ? html`<p>${t("history.empty")}</p>` : null}
      ${days.map((on) => html`
        <section key=${on} aria-labelledby=${`d-${on}`}>
          <h2 id=${`d-${on}`}>${day(on)}</h2>
          <ul class="entries">
            ${entries.filter((one) => dayOfEntry(one) === on).map((one) => html`
              <li key=${one.id}><button type="button" class="entry" onClick=${() => go("entry", one.id)}>
                <span>${said(one.title)}</span><span class="hint">${time(Date.parse(one.answered_at))} · ${t(standing(one))}</span>
              </button></li>`)}
          </ul>
        </section>`)}
    <//>
  `;
}

/** Say how a delivered response stands, as the key of a text. */
export function standing(entry) {
  if (entry.status === "in_progress") return "history.in_progress";
  if (entry.status === "incomplete") return "history.incomplete";
  return entry.taken_at ? "history.taken" : "history.delivered";
}

function Unsent({ waiting }) {
  const [isBusy, run] = useBusy();
  return html`
    <section class="note" aria-labelledby="unsent">
      <h2 id="unsent">${t("history.unsent")}</h2>
      <ul>
        ${waiting.map((one) => html`<li key=${one.key}>${named(one)}<br />
          ${t(stateOf(one))}${one.refusal ? html`<br />${t(reason(one.refusal))}` : null}
          ${one.state === "parked" ? html`<button type="button" class="second" aria-label=${`${t("parked.look")} ${named(one)}`} onClick=${() => go("parked", one.key)}>${t("parked.look")}</button>` : null}</li>`)}
      </ul>
      ${waiting.some((one) => one.state === "waiting") ? html`<button type="button" class="second" aria-disabled=${isBusy} onClick=${() => run(flush)}>${t("outbox.now")}</button>` : null}
    </section>
  `;
}

function named(record) {
  return `${record.title ? said(record.title) : t("history.other")} · ${time(clock.timeOf(record.made))}`;
}

function stateOf(record) {
  if (record.state === "waiting") return "history.state.waiting";
  return record.isTold ? "history.state.told" : "history.state.parked";
}

/** Say why something was not taken, as the key of a text. */
export function reason(refusal) {
  const known = SAME_AS[refusal] || refusal;
  return `history.reason.${REASONS.has(known) ? known : "other"}`;
}

function dayOfEntry(entry) {
  return dayOf(Date.parse(entry.answered_at));
}
