// Scales: eleven equal cells, or a line to put a mark on. Neither shows anything before she has
// pressed; afterwards two buttons move by one, for fingers that do not hit a narrow cell.

import { said, t } from "../i18n.js";
import { html } from "../ui.js";
import { Choices, idOf } from "./parts.js";

const POINTS = Array.from({ length: 11 }, (_, point) => point);
const LINE = 100;

/** Draw a rating from 0 to 10. */
export function RatingControl({ item, value, answer, ...rest }) {
  return html`
    <${Choices} item=${item} kind="nrs" ...${rest}>
      <div class="cells">
        ${POINTS.map((point) => html`
          <label key=${point}><input type="radio" name=${item.link_id} checked=${value === point} onChange=${() => answer(point)} /><span>${point}</span></label>`)}
      </div>
      <${EndWords} item=${item} most=${10} />
      <${Steps} value=${value} most=${10} text=${value === undefined ? t("form.not_chosen") : t("form.chosen", { value })} answer=${answer} />
    <//>
  `;
}

/** Draw a line from 0 to 100: pressing it puts the mark there, or moves it. */
export function LineControl({ item, value, answer, problem, isRow }) {
  const put = (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    // Pressed with a key there is no place: then the middle, from where the buttons lead on.
    const share = event.detail === 0 ? 0.5 : (event.clientX - left) / width;
    answer(Math.min(LINE, Math.max(0, Math.round(share * LINE))));
  };
  const isShown = value !== undefined && !item.hides_value;
  const text = value === undefined ? t("form.not_marked") : isShown ? t("form.chosen", { value }) : t("form.marked");
  return html`
    <div role="group" aria-label=${said(item.text)}>
      ${isRow ? html`<p><strong>${said(item.text)}</strong></p>` : null}
      <button type="button" class="line" id=${idOf(item)} aria-describedby=${problem ? `${idOf(item)}-wrong` : null} onClick=${put}>
        <svg viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
          <line x1="0" y1="10" x2="100" y2="10" /><line x1="0" y1="4" x2="0" y2="16" /><line x1="100" y1="4" x2="100" y2="16" />
          ${value === undefined ? null : html`<line class="mark" x1=${value} y1="0" x2=${value} y2="20" />`}
        </svg>
        <span class="unseen">${t("form.line")}</span>
      </button>
      <${EndWords} item=${item} most=${LINE} />
      <${Steps} value=${value} most=${LINE} text=${text} answer=${answer} />
    </div>
  `;
}

function EndWords({ item, most }) {
  if (!item.ends) return null;
  const number = (point) => (item.type === "nrs" ? `${point} = ` : "");
  return html`<p class="ends"><span>${number(0)}${said(item.ends.low)}</span><span>${number(most)}${said(item.ends.high)}</span></p>`;
}

/** Show what was chosen, and move it by one. Before a choice there is nothing to move. */
function Steps({ value, most, text, answer }) {
  const button = (step, sign, name) => {
    if (value === undefined) return html`<span></span>`;
    const moved = Math.min(most, Math.max(0, value + step));
    return html`<button type="button" class="step-by" aria-label=${name} onClick=${() => moved !== value && answer(moved)}>${sign}</button>`;
  };
  return html`
    <div class="steps">
      ${button(-1, "−", t("form.less"))}
      <p role="status">${text}</p>
      ${button(1, "+", t("form.more"))}
    </div>
  `;
}
