// One real form control for each type of item. `answer(undefined)` takes an answer back.

import * as clock from "../clock.js";
import { said, t } from "../i18n.js";
import { html } from "../ui.js";

/** Tell whether an answer says anything: a value, or that she would rather not. */
export function reads(answer) {
  if (!answer) return false;
  if (answer.declined) return true;
  const { value } = answer;
  return value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
}

export function Control({ item, value, answer }) {
  const name = item.link_id;
  if (item.type === "nrs") {
    return html`
      <fieldset class="nrs" id="answer" tabindex="-1"><legend class="unseen">${said(item.text)}</legend>
        <div class="cells">
          ${Array.from({ length: 11 }, (_, point) => html`<label><input type="radio" name=${name} checked=${value === point} onChange=${() => answer(point)} /><span>${point}</span></label>`)}
        </div>
        ${item.ends ? html`<p class="ends"><span>0 = ${said(item.ends.low)}</span><span>10 = ${said(item.ends.high)}</span></p>` : null}
      </fieldset>`;
  }
  if (item.type === "choice" || item.type === "boolean") {
    const options = item.type === "boolean" ? [[true, t("form.yes")], [false, t("form.no")]] : item.choices.map((one) => [one.code, said(one.text)]);
    return html`
      <fieldset id="answer" tabindex="-1"><legend class="unseen">${said(item.text)}</legend>
        ${options.map(([code, text]) => html`<label class="row"><input type="radio" name=${name} checked=${value === code} onChange=${() => answer(code)} /><span>${text}</span></label>`)}
      </fieldset>`;
  }
  if (item.type === "multi") {
    return html`
      <fieldset id="answer" tabindex="-1"><legend class="unseen">${said(item.text)}</legend>
        ${item.choices.map((one) => html`<label class="row"><input type="checkbox" name=${name} checked=${(value || []).includes(one.code)} onChange=${() => answer(toggled(item, value || [], one))} /><span>${said(one.text)}</span></label>`)}
      </fieldset>`;
  }
  if (item.type === "number") {
    return html`<p class="with-unit"><input id="answer" inputmode="decimal" aria-label=${said(item.text)} value=${value === undefined ? "" : value}
      onChange=${(event) => answer(numberOf(event.target.value))} /> ${item.unit}</p>`;
  }
  if (item.type === "text") {
    return html`<textarea id="answer" rows="5" maxlength=${item.max_length} aria-label=${said(item.text)} onChange=${(event) => answer(event.target.value.trim() || undefined)}>${value || ""}</textarea>`;
  }
  if (item.type === "date" || item.type === "time" || item.type === "datetime") {
    const kind = item.type === "datetime" ? "datetime-local" : item.type;
    const shown = item.type === "datetime" && value ? value.slice(0, 16) : value || "";
    const read = (text) => (!text ? undefined : item.type === "datetime" ? clock.deviceTime(Date.parse(text)) : text);
    return html`<input id="answer" type=${kind} aria-label=${said(item.text)} value=${shown} onChange=${(event) => answer(read(event.target.value))} />`;
  }
  return null;
}

function toggled(item, codes, option) {
  if (codes.includes(option.code)) return codes.filter((one) => one !== option.code);
  if (option.exclusive) return [option.code];
  const exclusive = item.choices.filter((one) => one.exclusive).map((one) => one.code);
  const chosen = [...codes.filter((one) => !exclusive.includes(one)), option.code];
  return item.choices.map((one) => one.code).filter((one) => chosen.includes(one));
}

function numberOf(text) {
  const plain = text.trim().replace(/[，,。]/g, ".");
  return /^-?[0-9]+(\.[0-9]+)?$/.test(plain) ? Number(plain) : undefined;
}
