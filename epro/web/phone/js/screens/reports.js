// Everything that can be told at any hour beside a problem: medicines, visits to a doctor. What the
// study keeps open stands here by its own title; what a relative reports is reached from help.

import { said, t } from "../i18n.js";
import { keyOf } from "../forms.js";
import { back, go } from "../router.js";
import { useFacts } from "../state.js";
import { html, Screen } from "../ui.js";

const ELSEWHERE = new Set(["relative_report"]);

export function Reports() {
  const { diary, drafts } = useFacts();
  const open = diary ? diary.always_open.filter((one) => one.title && !ELSEWHERE.has(one.code)) : [];
  const isBegun = (code) => drafts.some((one) => one.key === keyOf({ code }));
  return html`
    <${Screen} title=${t("reports.title")} back=${back}>
      ${open.map((one) => html`
        <button key=${one.code} type="button" class="second wide" onClick=${() => go("form", "open", one.code)}>
          ${said(one.title)}${isBegun(one.code) ? t("reports.begun") : null}</button>`)}
      ${open.length === 0 ? html`<p>${t("reports.none")}</p>` : null}
      <p class="hint">${t("reports.again")}</p>
    <//>
  `;
}
