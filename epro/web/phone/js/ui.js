// What every screen is made of: Preact by way of htm, and a few pieces that look alike everywhere.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.module.js";
import { t } from "./i18n.js";
import { go } from "./router.js";
import { isTraining } from "./training.js";

export { html, render, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.module.js";

const TWICE_MS = 400;

/**
 * Frame a screen: a top line with the way back, what `top` holds and the way to help, under it what
 * `lead` says, the content, a bottom bar with the main button. The heading takes the focus when the
 * screen appears, so that whoever hears the page hears it begin.
 */
export function Screen({ title, back, top, isHelp, lead, bar, children, kind = "" }) {
  const heading = useRef(null);
  const since = useRef(0);
  const isSecond = useRef(false);
  useLayoutEffect(() => {
    since.current = performance.now();
    document.title = `${title} · ${t("app.name")}`;
    window.scrollTo(0, 0);
    if (heading.current) heading.current.focus({ preventScroll: true });
  }, [title]);
  // The second of two quick taps was meant for the screen before, and lies where this one has "I have understood",
  // "send" or "I would rather not": it does nothing. A mouse, and keys, mean what they press.
  const note = ({ pointerType }) => {
    isSecond.current = pointerType !== "mouse" && performance.now() - since.current < TWICE_MS;
  };
  const unlessSecond = (event) => {
    if (isSecond.current && event.detail > 0) event.stopPropagation();
  };
  return html`
    <div class="screen ${kind}">
      <header class="top">
        ${back ? html`<button class="back" type="button" onClick=${back}>${t("back")}</button>` : html`<span></span>`}
        <div class="top-right">
          ${top}
          ${isHelp ? null : html`<button type="button" class="quiet help" onClick=${() => go("help")}>${t("help.button")}</button>`}
        </div>
        ${lead}
      </header>
      <main>
        <h1 ref=${heading} tabindex="-1">${unbroken(title)}</h1>
        ${children}
      </main>
      ${bar ? html`<footer class="bar" onPointerDownCapture=${note} onClickCapture=${unlessSecond}>${bar}</footer>` : null}
    </div>
  `;
}

/** Show what has to be put right; it takes the focus, and names the field that each line is about. */
export function Problems({ list }) {
  const box = useRef(null);
  useEffect(() => {
    if (list.length > 0 && box.current) box.current.focus();
  }, [list]);
  if (list.length === 0) return null;
  return html`
    <div class="problems" role="alert" tabindex="-1" ref=${box}>
      <h2>${t("problem")}</h2>
      <ul>
        ${list.map(({ field, text }) => html`<li>${field ? html`<a href=${`#${field}`} onClick=${jump(field)}>${worded(text)}</a>` : worded(text)}</li>`)}
      </ul>
    </div>
  `;
}

/** A problem is told as a text, or as what gives it, so that it follows a change of language. */
function worded(text) {
  return unbroken(typeof text === "function" ? text() : text);
}

function jump(field) {
  return (event) => {
    event.preventDefault();
    const found = document.getElementById(field);
    if (found) found.focus();
  };
}

const WHOLE = /(\d+ (?:小时|分钟|天|次|条|公斤|hours|minutes|days|kg)|\d[\d-]+\d|\d+月\d+日 周.|[A-Z][a-z]{2} \d+ [A-Z][a-z]{2})/;

/** Keep each telephone number, day, and number with what it counts on one line: read from two it is dialled, or taken, wrong. */
export function unbroken(text) {
  return text.split(WHOLE).map((part, at) => (at % 2 ? html`<span class="number">${part}</span>` : part));
}

/** Show a number that can be pressed, and read where pressing does nothing. */
export function Call({ number, text, kind = "call" }) {
  if (!number) return null;
  if (isTraining()) return html`<span class=${kind}>${text} <bdi class="number">${number}</bdi> <small>${t("training.no_call")}</small></span>`;
  return html`<a class=${kind} href=${`tel:${number.replace(/[^0-9+]/g, "")}`}>${text} <bdi class="number">${number}</bdi></a>`;
}

/** Run work that takes a while from a button: pressed twice it still runs once. */
export function useBusy() {
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);
  const run = async (work) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    try {
      await work();
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return [isBusy, run];
}
