// P3: what is due today, how it stands, and what is always there.

import * as clock from "../clock.js";
import { cards, strip } from "../diary.js";
import { day, dayOf, moment, said, studyDay, t, time, weekday } from "../i18n.js";
import { numbers } from "../numbers.js";
import { go } from "../router.js";
import { useFacts } from "../state.js";
import { Call, html, Screen, unbroken } from "../ui.js";
import { Trouble } from "./banners.js";
import { Waiting } from "./waiting.js";

const CAN_FILL_IN = new Set(["open", "late", "begun", "late-begun"]);
const MARKS = { done: "✓", missed: "–", open: "○", none: "·" };

export function Today() {
  const { profile, diary, waiting } = useFacts();
  const { emergency, site } = numbers();
  const today = dayOf(clock.now());
  const shown = cards();
  return html`
    <${Screen} title=${day(today)}>
      ${profile && profile.study_day ? html`<p class="hint">${unbroken(studyDay(profile.study_day))}</p>` : null}
      <${Trouble} />
      ${waiting.length > 0 ? html`<${Waiting} waiting=${waiting} />` : null}
      ${shown.map((one) => html`<${Card} key=${one.assessment.id} ...${one} today=${today} />`)}
      ${shown.length === 0 ? html`<div class="card"><p>${t(diary ? "today.nothing" : "today.unknown")}</p></div>` : null}
      <button type="button" class="second wide" onClick=${() => go("form", "open", "ae_report")}>${t("today.report")}</button>
      <button type="button" class="second wide" onClick=${() => go("reports")}>${t("reports.title")}</button>
      <section aria-labelledby="week">
        <h2 id="week">${t("today.week")}</h2>
        <ul class="strip">
          ${strip().map(({ on, mark }) => html`<li class=${mark}><span aria-hidden="true">${MARKS[mark]}<small>${weekday(on).slice(0, 2)}</small></span><span class="unseen">${day(on)} ${t(`today.mark.${mark}`)}</span></li>`)}
        </ul>
      </section>
      <nav class="calls" aria-label=${t("today.more")}>
        <button type="button" onClick=${() => go("history")}>${t("history.title")}</button>
        <button type="button" onClick=${() => go("settings")}>${t("settings.title")}</button>
      </nav>
      <div class="calls">
        <${Call} number=${site} text=${t("call.site")} />
        <${Call} number=${emergency} text=${t("call.emergency")} kind="call urgent" />
      </div>
    <//>
  `;
}

function Card({ assessment, standing, today }) {
  const open = () => go("form", "assessment", assessment.id);
  const canFillIn = CAN_FILL_IN.has(standing);
  const isBegun = standing.endsWith("begun");
  return html`
    <section class="card ${standing}" aria-labelledby=${assessment.about ? `t-${assessment.id} a-${assessment.id}` : `t-${assessment.id}`}>
      <h2 id=${`t-${assessment.id}`}>${said(assessment.title)}</h2>
      <${About} assessment=${assessment} />
      <p>${unbroken(words(assessment, standing, today))}</p>
      ${canFillIn ? html`<button type="button" class="main" onClick=${open}>${t(isBegun ? "today.continue" : "today.begin")}</button>` : null}
    </section>
  `;
}

/** Say which report is asked about again: two that are open look alike otherwise. */
function About({ assessment: { about, id } }) {
  if (!about) return null;
  return html`<p id=${`a-${id}`}><strong>${unbroken(about.words ? t("today.about", { what: said(about.words), day: day(about.on) }) : t("today.about_day", { day: day(about.on) }))}</strong></p>`;
}

function words(assessment, standing, today) {
  // The last minute that still counts: 23:59, not the 00:00 of tomorrow.
  const at = (instant) => moment(Date.parse(instant) - 60000, today);
  if (standing === "later") return t("today.later", { at: time(Date.parse(assessment.opens_at)) });
  if (standing === "open") return t("today.open", { until: at(assessment.closes_at) });
  if (standing === "begun") return t("today.begun", { until: at(assessment.closes_at) });
  if (standing.startsWith("late")) return t("today.late", { until: at(assessment.late_until) });
  return t(`today.${standing}`);
}
