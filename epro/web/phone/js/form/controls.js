// One real form control for each type of item. Nothing is chosen beforehand and nothing goes on by
// itself; `answer(undefined)` takes an answer back, `type(text)` keeps what is not an answer yet.

import { said, t } from "../i18n.js";
import { html } from "../ui.js";
import { DateControl, MomentControl } from "./days.js";
import { Choices, idOf, Row } from "./parts.js";
import { LineControl, RatingControl } from "./scales.js";

const KINDS = {
  nrs: RatingControl, vas: LineControl, choice: ChoiceControl, boolean: ChoiceControl, multi: MultiControl,
  number: NumberControl, text: TextControl, date: DateControl, datetime: MomentControl, time: TimeControl,
};

/**
 * Draw the control of an item. {value, typed} are what is known, `problem` tells that something is
 * wrong with it; `answer` and `type` take what she does, `settle` that she has left it. `isRow` is
 * true in a check list, where the question stands with its control.
 */
export function Control({ item, isRow, ...rest }) {
  const Kind = KINDS[item.type];
  return Kind ? html`<${Kind} item=${item} isRow=${isRow} ...${rest} />` : null;
}

function ChoiceControl({ item, value, answer, ...rest }) {
  const yesOrNo = [[true, t("form.yes")], [false, t("form.no")]];
  const options = item.type === "boolean" ? yesOrNo : item.choices.map((one) => [one.code, said(one.text)]);
  return html`
    <${Choices} item=${item} ...${rest}>
      ${options.map(([code, text]) => html`<${Row} key=${code} type="radio" name=${item.link_id} isChosen=${value === code} choose=${() => answer(code)} text=${text} />`)}
    <//>
  `;
}

function MultiControl({ item, value, answer, ...rest }) {
  const chosen = value || [];
  return html`
    <${Choices} item=${item} ...${rest}>
      ${item.choices.map((one) => html`<${Row} key=${one.code} type="checkbox" name=${item.link_id} isChosen=${chosen.includes(one.code)} choose=${() => answer(toggled(item, chosen, one))} text=${said(one.text)} />`)}
    <//>
  `;
}

function NumberControl({ item, typed, problem, type, settle }) {
  const id = idOf(item);
  return html`
    <p class="with-unit">
      <input id=${id} inputmode=${item.decimals > 0 ? "decimal" : "numeric"} autocomplete="off" aria-label=${said(item.text)}
        aria-invalid=${problem ? "true" : null} aria-describedby=${problem ? `${id}-wrong` : null}
        value=${typed || ""} onInput=${(event) => type(event.target.value)} onBlur=${settle} />
      ${item.unit ? html`<span>${item.unit}</span>` : null}
    </p>
  `;
}

function TextControl({ item, typed, problem, type, settle }) {
  const id = idOf(item);
  const text = typed || "";
  return html`
    <textarea id=${id} rows="5" maxlength=${item.max_length} aria-label=${said(item.text)} aria-invalid=${problem ? "true" : null}
      aria-describedby=${`${problem ? `${id}-wrong ` : ""}${id}-count`} value=${text}
      onInput=${(event) => type(event.target.value)} onBlur=${settle}></textarea>
    <p class="hint" id=${`${id}-count`}>${t("form.characters", { count: text.length, most: item.max_length })}</p>
  `;
}

function TimeControl({ item, value, problem, answer }) {
  return html`<input id=${idOf(item)} class="short" type="time" aria-label=${said(item.text)} aria-invalid=${problem ? "true" : null}
    value=${value || ""} onInput=${(event) => answer(event.target.value || undefined)} />`;
}

function toggled(item, codes, option) {
  if (codes.includes(option.code)) return codes.filter((one) => one !== option.code);
  if (option.exclusive) return [option.code];
  const exclusive = item.choices.filter((one) => one.exclusive).map((one) => one.code);
  const chosen = [...codes.filter((one) => !exclusive.includes(one)), option.code];
  return item.choices.map((one) => one.code).filter((one) => chosen.includes(one));
}
