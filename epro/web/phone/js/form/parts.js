// What the controls of items have in common.

import { said } from "../i18n.js";
import { html, unbroken } from "../ui.js";

/** Return the id that the control of an item can be found and focused by. */
export function idOf(item) {
  return `a-${item.link_id}`;
}

/** Frame choices: the question is the heading of the screen, so that here it is for the ear alone. */
export function Choices({ item, isRow, problem, kind = "", children }) {
  return html`
    <fieldset class=${kind} id=${idOf(item)} tabindex="-1" aria-invalid=${problem ? "true" : null} aria-describedby=${problem ? `${idOf(item)}-wrong` : null}>
      <legend class=${isRow ? "" : "unseen"}>${said(item.text)}</legend>
      ${children}
    </fieldset>
  `;
}

/** Draw one whole row that can be pressed. */
export function Row({ type, name, isChosen, choose, text }) {
  return html`<label class="row"><input type=${type} name=${name} checked=${isChosen} onChange=${choose} /><span>${unbroken(text)}</span></label>`;
}
