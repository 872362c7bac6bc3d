// P10: how the app looks, when it reminds, what it keeps, and the ways out of this phone.

import * as db from "../db.js";
import { isApple, isWeChat } from "../device.js";
import { dayOf, LANGUAGES, moment, t } from "../i18n.js";
import { numbers } from "../numbers.js";
import { version } from "../place.js";
import { back, go } from "../router.js";
import * as clock from "../clock.js";
import { chooseLanguage, chooseTextSize, textSizes } from "../settings.js";
import { useFacts } from "../state.js";
import { Call, html, Screen, unbroken, useEffect, useState } from "../ui.js";
import { Reminders } from "./reminders.js";
import { HomeSteps } from "./way_in.js";

const OWN_NAMES = { zh: ["中文", "zh-Hans"], en: ["English", "en"] };

export function Settings() {
  const { language, textSize, lastSentAt, participant } = useFacts();
  const { site, study } = numbers();
  const [sentBefore, setSentBefore] = useState(null); // the last delivery before this start
  useEffect(() => {
    db.get("meta", "lastSentAt").then(setSentBefore);
  }, []);
  const sentAt = lastSentAt || sentBefore;
  const way = isWeChat ? "wechat" : isApple ? "apple" : "android";
  return html`
    <${Screen} title=${t("settings.title")} back=${back}>
      <fieldset><legend>${t("settings.language")}</legend>
        ${LANGUAGES.map((one) => html`<label class="row" key=${one}><input type="radio" name="language" checked=${language === one} onChange=${() => chooseLanguage(one)} /><span lang=${OWN_NAMES[one][1]}>${OWN_NAMES[one][0]}</span></label>`)}
      </fieldset>
      <fieldset><legend>${t("settings.text")}</legend>
        ${textSizes().map((one) => html`<label class="row" key=${one}><input type="radio" name="text" checked=${textSize === one} onChange=${() => chooseTextSize(one)} /><span>${t(`settings.text.${one}`)}</span></label>`)}
        <p class="card">${t("settings.text.sample")}</p>
      </fieldset>
      <${Reminders} />
      <h2>${t("settings.home")}</h2>
      <${HomeSteps} way=${way} />
      ${way === "android" ? html`<p class="hint">${t("way.android.why")}</p>` : null}
      <h2>${t("settings.phone")}</h2>
      <div class="calls">
        <button type="button" onClick=${() => go("pin")}>${t("settings.pin")}</button>
        <button type="button" onClick=${() => go("move")}>${t("settings.move")}</button>
        <button type="button" onClick=${() => go("out")}>${t("settings.out")}</button>
      </div>
      <h2>${t("settings.privacy")}</h2>
      <p>${t("settings.kept")}</p>
      <h2>${t("settings.contact")}</h2>
      <div class="calls"><${Call} number=${site} text=${t("call.site")} /><${Call} number=${study} text=${t("call.study")} /></div>
      <p class="hint">${t("settings.version", { version, participant })}<br />
        ${sentAt ? unbroken(t("settings.sent", { at: moment(sentAt, dayOf(clock.now())) })) : t("settings.sent.never")}</p>
    <//>
  `;
}
