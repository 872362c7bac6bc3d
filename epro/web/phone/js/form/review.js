// P5: every answer once more, each with its way back, and who gave them. Nothing is sent off by itself.

import { said, t } from "../i18n.js";
import { state } from "../state.js";
import { html, Problems, Screen, unbroken, useState } from "../ui.js";
import { metBy } from "./advising.js";
import { check } from "./checks.js";
import { nearDays } from "./days.js";
import { Row } from "./parts.js";
import { inWords } from "./said.js";
import { modeOf } from "./submission.js";

const BY_OTHERS = ["read_to_me", "answered_for_me"];
const MOST_WORDS = 500;

/** Show the answers. `look(place)` leads to a question and back here; `finish(changes)` sends off. */
export function Review({ draft, pages, lead, back, change, look, finish }) {
  // In an interview somebody reads the questions to her, whatever else is true.
  const isRead = modeOf(state().profile) === "telephone_interview";
  const [isOthers, setOthers] = useState(isRead || BY_OTHERS.includes(draft.completer));
  const [wrong, setWrong] = useState([]);
  const items = pages.flatMap((page) => page.items.filter((one) => one.type !== "info").map((item) => ({ item, place: page.place })));
  const isFixed = draft.form.questionnaire.code === "relative_report";
  const yellow = [...new Set(metBy(draft).filter((rule) => rule.tier === "YELLOW").map((rule) => said(rule.advice)))];

  const submit = (completer) => {
    const { today } = nearDays();
    const bad = items
      .filter(({ item }) => check(item, draft.answers[item.link_id], draft.typed[item.link_id], today))
      .map(({ item, place }) => ({ field: `review-${place}`, text: t("review.open", { question: said(item.text) }) }));
    if (draft.corrects && !(draft.reason || "").trim()) bad.push({ field: "reason", text: () => t("correct.reason.needed") });
    if (!draft.corrects && !completer) bad.push({ field: "completer", text: () => t("review.who.needed") });
    if (bad.length > 0) return setWrong(bad);
    return finish({ completer });
  };
  const chosen = BY_OTHERS.includes(draft.completer) ? draft.completer : null;
  const bar = () => {
    if (draft.corrects) return html`<button type="button" class="main" onClick=${() => submit(draft.completer)}>${t("correct.submit")}</button>`;
    if (isFixed || isOthers) {
      return html`<button type="button" class="main" onClick=${() => submit(chosen)}>${t("review.submit")}</button>
        ${isFixed || isRead ? null : html`<button type="button" class="quiet" onClick=${() => { setOthers(false); change({ completer: null }); }}>${t("review.who.self")}</button>`}`;
    }
    return html`<button type="button" class="main" onClick=${() => submit("self")}>${t("review.submit_self")}</button>
      <button type="button" class="quiet" onClick=${() => setOthers(true)}>${t("review.who.others")}</button>`;
  };
  return html`
    <${Screen} title=${t(draft.corrects ? "correct.title" : "review.title")} back=${back} lead=${lead} bar=${bar()}>
      <${Problems} list=${wrong} />
      ${yellow.map((text) => html`<p class="note">${unbroken(text)}</p>`)}
      <dl class="review">
        ${items.map(({ item, place }) => html`
          <div key=${item.link_id}>
            <dt>${unbroken(said(item.text))}</dt>
            <dd><span class="answer">${unbroken(inWords(item, draft.answers[item.link_id]))}</span>
              <button type="button" class="quiet" id=${`review-${place}`} aria-label=${`${t("review.change")} ${said(item.text)}`} onClick=${() => look(place)}>${t("review.change")}</button></dd>
          </div>`)}
      </dl>
      ${draft.corrects ? html`<${Reason} draft=${draft} change=${change} />` : null}
      ${!draft.corrects && isOthers && !isFixed ? html`
        <fieldset id="completer" tabindex="-1"><legend>${t("review.who")}</legend>
          ${BY_OTHERS.map((one) => html`<${Row} key=${one} type="radio" name="completer" isChosen=${chosen === one} choose=${() => change({ completer: one })} text=${t(`review.who.${one}`)} />`)}
        </fieldset>` : null}
      <p class="hint">${t(draft.corrects ? "correct.kept" : "review.later")}</p>
    <//>
  `;
}

function Reason({ draft, change }) {
  return html`
    <label for="reason">${t("correct.reason")}</label>
    <textarea id="reason" rows="3" maxlength=${MOST_WORDS} value=${draft.reason || ""} onInput=${(event) => change({ reason: event.target.value })}></textarea>
  `;
}
