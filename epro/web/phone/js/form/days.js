// Days and instants. The days that are asked for most lie one touch away; every other one is chosen in
// the phone's own calendar. `typed` remembers by which way: {isNow, isOther, day, time}.

import * as clock from "../clock.js";
import { day as inWords, dayOf, said, t } from "../i18n.js";
import { html } from "../ui.js";
import { Choices, idOf, Row } from "./parts.js";

const DAY_MS = 24 * 3600 * 1000;

/** Return today and yesterday where she lives, as 2026-11-22. */
export function nearDays() {
  return { today: dayOf(clock.now()), yesterday: dayOf(clock.now() - DAY_MS) };
}

/** Draw a day: today, yesterday, or another. */
export function DateControl({ item, value, typed, answer, type, ...rest }) {
  const isOther = Boolean(typed && typed.isOther);
  return html`
    <${Choices} item=${item} ...${rest}>
      <${Days} item=${item} day=${value || ""} isOther=${isOther} near=${(day) => answer(day, null)}
        other=${() => type({ isOther: true })} fill=${(day) => answer(day, { isOther: true })} />
    <//>
  `;
}

/** Draw an instant: now, or a day and the time on it. */
export function MomentControl({ item, value, typed, answer, type, ...rest }) {
  const parts = typed || (value ? { day: value.slice(0, 10), time: value.slice(11, 16) } : {});
  const put = (changes) => {
    const changed = { ...parts, isNow: false, ...changes };
    const instant = changed.day && changed.time ? instantOf(changed.day, changed.time) : undefined;
    if (instant) answer(instant, changed);
    else type(changed);
  };
  const atOnce = () => answer(clock.deviceTime(clock.now()), { isNow: true });
  const isDated = !parts.isNow && (parts.day || parts.isOther);
  return html`
    <${Choices} item=${item} ...${rest}>
      <${Row} type="radio" name=${item.link_id} isChosen=${Boolean(parts.isNow)} choose=${atOnce} text=${t("form.now")} />
      <${Days} item=${item} day=${parts.isNow ? "" : parts.day || ""} isOther=${Boolean(parts.isOther)} near=${(day) => put({ day, isOther: false })}
        other=${() => put({ day: undefined, isOther: true })} fill=${(day) => put({ day, isOther: true })} />
      ${isDated ? html`
        <label for=${`${idOf(item)}-time`}>${t("form.time")}</label>
        <input id=${`${idOf(item)}-time`} class="short" type="time" value=${parts.time || ""} onInput=${(event) => put({ time: event.target.value })} />` : null}
    <//>
  `;
}

function Days({ item, day, isOther, near, other, fill }) {
  const { today, yesterday } = nearDays();
  const isElse = isOther || (day !== "" && day !== today && day !== yesterday);
  const row = (wanted, key) => html`<${Row} type="radio" name=${item.link_id} isChosen=${day === wanted && !isElse} choose=${() => near(wanted)} text=${t(key, { day: inWords(wanted) })} />`;
  return html`
    ${row(today, "form.today")}
    ${row(yesterday, "form.yesterday")}
    <${Row} type="radio" name=${item.link_id} isChosen=${isElse} choose=${other} text=${t("form.other_day")} />
    ${isElse ? html`<input type="date" aria-label=${`${said(item.text)} ${t("form.other_day")}`} value=${day} onInput=${(event) => event.target.value && fill(event.target.value)} />` : null}
  `;
}

/** Return the instant that a day and a time name here, with the offset of here. */
function instantOf(day, time) {
  const at = Date.parse(`${day}T${time}`);
  return Number.isNaN(at) ? undefined : clock.deviceTime(at);
}
