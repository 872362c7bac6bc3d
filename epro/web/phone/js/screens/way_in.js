// P1, before the code is asked for: WeChat forgets, and an iPhone's home screen app shares nothing
// with the browser, so the diary has to be activated where it will be used.

import { isApple, isInstalled, isWeChat } from "../device.js";
import { t } from "../i18n.js";
import { html, Screen, unbroken } from "../ui.js";
import { Picture } from "./pictures.js";

const STEPS = ["first", "second", "third"];
const PICTURES = { apple: ["share", "sheet", "home"], android: ["menu", "offer", "home"], wechat: ["dots", "browser"] };

/** Return which way in has to be explained first: "wechat", "apple" or null. */
export function wayIn() {
  if (isWeChat) return "wechat";
  return isApple && !isInstalled ? "apple" : null;
}

export function WayIn({ way, code, top, proceed }) {
  return html`
    <${Screen} title=${t(`way.${way}.title`)} top=${top}
      bar=${html`<button type="button" class="second" onClick=${proceed}>${t("way.here")}</button>`}>
      <${HomeSteps} way=${way} />
      ${code ? html`<p>${t("way.code")} <strong class="number">${code}</strong></p>` : null}
      <p class="hint">${unbroken(t(`way.${way}.why`))}</p>
    <//>
  `;
}

/** Say step by step how the diary comes to where it is safe. */
export function HomeSteps({ way }) {
  return html`
    <ol class="pictured">
      ${STEPS.map((step, at) => html`<li>${t(`way.${way}.${step}`)}${PICTURES[way][at] ? html`<${Picture} name=${PICTURES[way][at]} />` : null}</li>`)}
    </ol>
  `;
}
