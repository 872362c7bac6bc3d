// How the steps to the home screen look on a phone, drawn: what to press has a thick ring, or a thick frame.

import { t } from "../i18n.js";
import { html } from "../ui.js";

const DRAWN = { share, sheet, menu, offer, dots, browser, home };

/** Draw one step; `name` is that of the drawing and of what is said in its place. */
export function Picture({ name }) {
  return html`
    <svg class="picture" viewBox="0 0 240 112" role="img" aria-label=${t(`way.picture.${name}`)}>
      <rect class="ground" x="1" y="1" width="238" height="110" rx="10" />
      ${DRAWN[name]()}
    </svg>
  `;
}

/** Safari's lower bar: the square with an arrow among its five signs. */
function share() {
  return html`
    ${lines(14, [150, 190, 110])}
    <path class="ctl" d="M1 64H239" />
    <path class="ink" d="M30 80l-8 8 8 8M74 80l8 8-8 8M158 80h18v16h-18zM167 80v16M206 80h14v14h-14zM210 80v-4h14v14h-4" />
    <circle class="here" cx="120" cy="87" r="20" />
    <path class="ink" d="M114 84h-4v14h20v-14h-4M120 92v-17M115 79l5-5 5 5" />`;
}

/** What the share sign opens: the row with a plus in a square. */
function sheet() {
  return html`
    ${row(12, "M0 0h12v16h-12z")}
    ${wanted(42, t("way.picture.add"), "M-2 0h16v16h-16zM6 4v8M2 8h8")}
    ${row(84, "M0 8a6 6 0 1 0 12 0a6 6 0 1 0-12 0")}`;
}

/** A browser's upper bar, its three dots at the right end. */
function menu() {
  return html`
    <path class="ctl" d="M1 50H239" />
    <rect class="ctl" x="16" y="13" width="156" height="26" rx="13" />
    <circle class="here" cx="212" cy="26" r="19" />
    <path class="dots" d="M212 18h0M212 26h0M212 34h0" />
    ${lines(68, [200, 150])}`;
}

/** What the dots open. */
function offer() {
  return html`
    ${row(12, "M0 2h14v12h-14z")}
    ${wanted(42, t("way.picture.add"), "M-2 0h16v16h-16zM6 4v8M2 8h8")}
    ${row(84, "M0 2h12M0 8h12M0 14h12")}`;
}

/** WeChat's upper bar, its three dots at the right end. */
function dots() {
  return html`
    <path class="ctl" d="M1 50H239" />
    <path class="ink" d="M28 18l-8 8 8 8" />
    <path class="bar-text" d="M84 26h72" />
    <circle class="here" cx="208" cy="26" r="19" />
    <path class="dots" d="M199 26h0M208 26h0M217 26h0" />
    ${lines(68, [200, 150])}`;
}

/** What WeChat's dots open. */
function browser() {
  return html`
    ${row(12, "M0 8h14M7 1v14")}
    ${wanted(42, t("way.picture.open"), "M-2 8a8 8 0 1 0 16 0a8 8 0 1 0-16 0M6 0v16M-2 8h16")}
    ${row(84, "M0 2h12v12h-12z")}`;
}

/** The home screen: the diary's own sign among others. */
function home() {
  const others = [20, 132, 188].map((x) => html`<rect class="ctl" x=${x} y="24" width="36" height="36" rx="9" /><path class="bar-text" d=${`M${x + 4} 74h28`} />`);
  return html`
    ${others}
    <rect class="here" x="68" y="16" width="52" height="78" rx="10" />
    <rect class="own" x="76" y="24" width="36" height="36" rx="9" />
    <path class="own-lines" d="M86 36h16M86 42h16M86 48h10" />
    <text x="94" y="82" text-anchor="middle">${t("app.name")}</text>`;
}

/** What stands on a page, as bars. */
function lines(y, widths) {
  return widths.map((width, at) => html`<path class="bar-text" d=${`M20 ${y + at * 18}h${width}`} />`);
}

/** A row of a menu that is not meant. */
function row(y, sign) {
  return html`<path class="bar-text" d=${`M20 ${y + 8}h120`} /><path class="ctl" transform=${`translate(208 ${y})`} d=${sign} />`;
}

/** The row of a menu that is meant, with its words. */
function wanted(y, words, sign) {
  return html`
    <rect class="here" x="8" y=${y - 8} width="224" height="34" rx="6" />
    <text x="18" y=${y + 14}>${words}</text>
    <path class="ink" transform=${`translate(208 ${y})`} d=${sign} />`;
}
