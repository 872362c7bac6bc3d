// What stands under the heading of a question: its hint, its control, and what is asked back about an
// unusual value. A check list is several of them on one screen.

import { said, t } from "../i18n.js";
import { html, useLayoutEffect, useRef } from "../ui.js";
import { Control } from "./controls.js";
import { written } from "./checks.js";
import { idOf } from "./parts.js";
import { inWords, withUnit } from "./said.js";

/** Draw the items of one screen. The functions take the item first: put, type, confirm, again. */
export function Question({ page, draft, wrong, fault, put, type, confirm, settle, again }) {
  const isList = page.items.length > 1;
  return page.items.map((item) => {
    const known = draft.answers[item.link_id] || {};
    const found = wrong.find((one) => one.item === item);
    const isOdd = found && (found.kind === "unusual" || (found.kind === "range" && found.offer !== null));
    return html`
      <div class="item" key=${item.link_id}>
        ${item.hint ? html`<p class="hint">${said(item.hint)}</p>` : null}
        <${Control} item=${item} isRow=${isList} value=${known.value} typed=${typedOf(item, known, draft)} problem=${found}
          answer=${(value, typed) => put(item, { value }, typed === undefined ? null : typed)} type=${(typed) => type(item, typed)} settle=${settle} />
        ${found && found.kind !== "unusual" ? html`<p class="wrong" id=${`${idOf(item)}-wrong`}>${fault(found)}</p>` : null}
        ${isOdd ? html`<${AskBack} item=${item} answer=${known} offer=${found.offer} confirm=${confirm} again=${again} />` : null}
      </div>
    `;
  });
}

/** Ask whether an unusual value is meant, or offer the one that was probably meant. */
function AskBack({ item, answer, offer, confirm, again }) {
  const box = useRef(null);
  useLayoutEffect(() => box.current.focus(), []);
  const meant = offer === null ? inWords(item, answer) : withUnit(item, written(item, offer));
  const change = () => {
    again(item);
    const control = document.getElementById(idOf(item));
    if (control) control.focus();
  };
  return html`
    <div class="note ask" role="alert" tabindex="-1" ref=${box}>
      <p>${t(offer === null ? "form.unusual" : "form.meant", { value: meant })}</p>
      <button type="button" class="second" onClick=${() => confirm(item, offer === null ? undefined : offer)}>${t("form.unusual.yes", { value: meant })}</button>
      <button type="button" class="quiet" onClick=${change}>${t("form.unusual.no")}</button>
    </div>
  `;
}

/** Return what stands in a field: what was typed, or, for what came from elsewhere, the answer. */
function typedOf(item, { value }, draft) {
  const typed = draft.typed[item.link_id];
  if (typed !== undefined && typed !== null) return typed;
  if (value === undefined) return typed;
  if (item.type === "number") return written(item, value);
  return item.type === "text" ? value : typed;
}
