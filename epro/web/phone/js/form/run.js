// A form, one question on a screen: back and next, nothing chosen beforehand, a review at the end.

import { walk } from "../branch.js";
import * as clock from "../clock.js";
import { said, t } from "../i18n.js";
import { HelpButton } from "../screens/help.js";
import { html, Problems, Screen, useState } from "../ui.js";
import { Control, reads } from "./controls.js";
import { valuesOf } from "./submission.js";

const REVIEW = "review";

/**
 * draft: as begun by `begin`. save(draft) keeps it; send({isUrgent}) sends it unfinished and returns
 * it with its new revision; submit(draft) finishes it; leave() goes back to where she came from.
 */
export function Form({ draft: first, save, submit, leave }) {
  const [draft, setDraft] = useState(first);
  const [problems, setProblems] = useState([]);
  const items = draft.form.questionnaire.items;
  const shown = walk(items, valuesOf(draft));
  const place = draft.place && (draft.place === REVIEW || shown.includes(draft.place)) ? draft.place : shown[0];
  const item = items.find((one) => one.link_id === place);

  const change = (changes) => {
    const changed = { ...draft, ...changes };
    setDraft(changed);
    save(changed);
  };
  const answer = (value) => {
    const known = draft.answers[place];
    change({ answers: { ...draft.answers, [place]: stamped(known, { value }) } });
  };
  const goTo = (where, answers = draft.answers) => {
    setProblems([]);
    change({ place: where, answers });
  };
  const next = () => {
    if (item.type !== "info" && !item.optional && !reads(draft.answers[place])) {
      return setProblems([{ field: "answer", text: t("form.needed") }]);
    }
    return goTo(shown[shown.indexOf(place) + 1] || REVIEW);
  };
  const decline = () => {
    const answers = { ...draft.answers, [place]: stamped(draft.answers[place], { declined: true }) };
    const left = walk(items, valuesOf({ answers }));
    goTo(left[left.indexOf(place) + 1] || REVIEW, answers);
  };
  const before = () => {
    const at = place === REVIEW ? shown.length : shown.indexOf(place);
    return at === 0 ? leave() : goTo(shown[at - 1]);
  };

  if (place === REVIEW) {
    return html`
      <${Screen} title=${t("review.title")} back=${before} top=${html`<${HelpButton} />`}
        bar=${html`<button type="button" class="main" onClick=${() => submit(draft)}>${t("review.submit")}</button>`}>
        <dl class="review">
          ${shown.map((link) => items.find((one) => one.link_id === link)).filter((one) => one.type !== "info").map((one) => html`
            <div><dt>${said(one.text)}</dt><dd>${inWords(one, draft.answers[one.link_id])}
              <button type="button" class="quiet" onClick=${() => goTo(one.link_id)}>${t("review.change")}</button></dd></div>`)}
        </dl>
      <//>
    `;
  }
  return html`
    <${Screen} title=${said(item.text)} back=${before} top=${html`<${HelpButton} />`} key=${place}
      bar=${html`<button type="button" class="main" onClick=${next}>${t("form.next")}</button>
        ${item.skippable && item.type !== "info" ? html`<button type="button" class="quiet" onClick=${decline}>${item.skip_text ? said(item.skip_text) : t("form.decline")}</button>` : null}`}>
      <p class="step">${t("form.step", { at: shown.indexOf(place) + 1, of: shown.length })}</p>
      <${Problems} list=${problems} />
      ${item.hint ? html`<p class="hint">${said(item.hint)}</p>` : null}
      <${Control} item=${item} value=${(draft.answers[place] || {}).value} answer=${answer} />
    <//>
  `;
}

function stamped(known, what) {
  return {
    ...what,
    shown_at: known ? known.shown_at : clock.deviceTime(),
    changed_at: clock.deviceTime(),
    change_count: known ? known.change_count + 1 : 0,
  };
}

function inWords(item, answer) {
  if (!answer) return t("review.none");
  if (answer.declined) return t("review.declined");
  const named = (code) => said((item.choices.find((one) => one.code === code) || {}).text) || String(code);
  if (Array.isArray(answer.value)) return answer.value.map(named).join(t("review.comma"));
  if (typeof answer.value === "boolean") return t(answer.value ? "form.yes" : "form.no");
  return item.choices.length > 0 ? named(answer.value) : `${answer.value}${item.unit ? ` ${item.unit}` : ""}`;
}
