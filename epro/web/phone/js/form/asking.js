// What is asked back when her own words sound like danger: do you need help now, were you admitted.
// Asked by the phone itself, at once; the answer goes out as soon as the server has its own question.

import { said, t } from "../i18n.js";
import { answerQuestion } from "../questions.js";
import { html, Problems, Screen, useState } from "../ui.js";
import { Row } from "./parts.js";

const STAYS = ["no", "planned", "unplanned", "longer"];
const SETTLED_BY = new Set(["no", "planned"]);

/**
 * Ask about one rule; `told(isOver, given)` hears whether nothing is left to advise about, and her
 * answers as the items of the forms that ask the same.
 */
export function Asking({ rule, response, back, told }) {
  const [help, setHelp] = useState(null);
  const [stay, setStay] = useState(null);
  const [wrong, setWrong] = useState([]);
  const next = async () => {
    const missing = [[help, "help"], [stay, "stay"]].filter(([given]) => given === null);
    if (missing.length > 0) return setWrong(missing.map(([, field]) => ({ field: `asking-${field}`, text: () => t(`asking.${field}.needed`) })));
    await answerQuestion(response, { help_now: help, hospital: stay });
    const isNo = !help && SETTLED_BY.has(stay);
    return told(isNo && rule.asks_first.is_settled_by_no, stay === "no" ? { help_now: help } : { help_now: help, hospital_planned: stay });
  };
  return html`
    <${Screen} title=${said(rule.asks_first.question)} back=${back}
      bar=${html`<button type="button" class="main" onClick=${next}>${t("form.next")}</button>`}>
      <${Problems} list=${wrong} />
      <fieldset id="asking-help" tabindex="-1"><legend>${t("asking.help")}</legend>
        ${[true, false].map((one) => html`<${Row} key=${one} type="radio" name="asking-help" isChosen=${help === one} choose=${() => setHelp(one)} text=${t(one ? "form.yes" : "form.no")} />`)}
      </fieldset>
      <fieldset id="asking-stay" tabindex="-1"><legend>${t("asking.stay")}</legend>
        ${STAYS.map((one) => html`<${Row} key=${one} type="radio" name="asking-stay" isChosen=${stay === one} choose=${() => setStay(one)} text=${t(`asking.stay.${one}`)} />`)}
      </fieldset>
    <//>
  `;
}
