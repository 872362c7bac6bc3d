// Starts the app: what is kept, who is here, which screen. After that everything is told by state.

import * as behalf from "./behalf.js";
import * as clock from "./clock.js";
import * as db from "./db.js";
import * as diary from "./diary.js";
import * as forms from "./forms.js";
import * as i18n from "./i18n.js";
import * as outbox from "./outbox.js";
import { base, version } from "./place.js";
import * as record from "./record.js";
import * as router from "./router.js";
import { ForSomebody, Late, Practice } from "./screens/banners.js";
import { Done } from "./screens/done.js";
import { FormScreen } from "./screens/form.js";
import { Help } from "./screens/help.js";
import { Today } from "./screens/today.js";
import { Unlock } from "./screens/unlock.js";
import { hearReply } from "./questions.js";
import { refresh as refreshSafety } from "./safety.js";
import * as session from "./session.js";
import { state, update, useFacts } from "./state.js";
import { noteWhose } from "./training.js";
import { html, render, Screen, useEffect } from "./ui.js";
import * as renewal from "./update.js";

const TICK_MS = 20000;
const SCREENS = { today: Today, form: FormScreen, done: Done };
const SELDOM = new Set(["history", "entry", "parked", "settings", "pin", "move", "out", "reports"]); // those of screens/seldom.js
const STANDINGS = new Set(["none", "cleared", "ended"]); // of a session, each with a screen there that nothing else is shown before
const FAMILY = "open/relative_report"; // the one form that can be filled in, and seen to arrive, without the PIN

const root = document.getElementById("app");
let seldom = {}; // screens by their address, once they are there; null where they cannot be had

function App({ code }) {
  const { session: standing, route, participant, done } = useFacts();
  noteWhose(participant);
  useEffect(() => {
    if (standing === "open") catchUp();
  }, [standing]);
  return html`<${Practice} /><${ForSomebody} /><${Late} />${screen(standing, route, code, done)}`;
}

function screen(standing, route, code, done) {
  if (route.name === "help") return html`<${Help} />`;
  const place = route.rest.join("/");
  const isFamily = route.name === "done" ? done && FAMILY.endsWith(done.code) : route.name === "form" && place === FAMILY;
  if (standing === "locked" && !isFamily) return html`<${Unlock} />`;
  const rare = STANDINGS.has(standing) ? standing : SELDOM.has(route.name) && route.name;
  const Wanted = rare ? seldom && seldom[rare] : SCREENS[route.name] || Today;
  if (!Wanted) return html`<${NotYet} />`;
  return html`<${Wanted} key=${place} rest=${route.rest} code=${code} />`;
}

/** Stand in for a screen of the second script until that is there; a network that failed may be asked again. */
function NotYet() {
  const again = html`<button type="button" class="main" onClick=${loadSeldom}>${i18n.t("form.unreachable.again")}</button>`;
  return html`
    <${Screen} title=${i18n.t("form.loading.title")} back=${router.back} bar=${seldom ? null : again}>
      <p role="status">${i18n.t(seldom ? "form.loading" : "needs_network")}</p>
    <//>
  `;
}

async function loadSeldom() {
  seldom = await import("./screens/seldom.js").catch(() => null);
  update({});
}

async function catchUp() {
  await forms.show();
  const safety = refreshSafety();
  await outbox.flush();
  await diary.refresh();
  await safety;
}

/** What is asked back about a record waits in the outbox before it counts as delivered. */
async function onDelivered(sent, reply) {
  await hearReply(sent, reply);
  goOn(sent);
}

async function goOn(sent) {
  if (sent.status === "completed" && sent.assessment_id) await diary.markDone(sent.assessment_id);
  if (sent.status === "completed") await record.refresh(); // she can look at it, and correct it, without network
  behalf.goOn();
}

async function start() {
  const storage = await db.open({ isPassing: behalf.look(), tell: (storage) => update({ storage }) });
  if (await renewal.renew(await forms.isFilling())) return;
  const settings = (await db.get("meta", "settings")) || { language: "zh", textSize: "standard" };
  document.documentElement.dataset.text = settings.textSize;
  await i18n.speak(settings.language, `${base}i18n`);
  update({ storage, language: settings.language, textSize: settings.textSize });
  await session.start();
  await diary.recall();
  await record.recall();
  await outbox.start(version, onDelivered);
  const code = router.start();
  const isFirst = STANDINGS.has(state().session); // until then the page itself says whom to call
  if (isFirst) await loadSeldom();
  root.textContent = "";
  render(html`<${App} code=${code} />`, root);
  if (!isFirst) loadSeldom();
  setInterval(() => update({ tick: clock.now() }), TICK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && state().session === "open") catchUp();
  });
  await renewal.keepOrGiveUp();
}

start();
