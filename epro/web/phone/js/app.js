// Starts the app: what is kept, who is here, which screen. After that everything is told by state.

import * as clock from "./clock.js";
import * as db from "./db.js";
import * as diary from "./diary.js";
import * as forms from "./forms.js";
import * as i18n from "./i18n.js";
import * as outbox from "./outbox.js";
import { base, version } from "./place.js";
import * as router from "./router.js";
import { Late } from "./screens/banners.js";
import { Ended } from "./screens/ended.js";
import { FormScreen } from "./screens/form.js";
import { Help } from "./screens/help.js";
import { Today } from "./screens/today.js";
import { Unlock } from "./screens/unlock.js";
import { Welcome } from "./screens/welcome.js";
import { hearReply } from "./questions.js";
import { refresh as refreshSafety } from "./safety.js";
import * as session from "./session.js";
import { state, update, useFacts } from "./state.js";
import { html, render, useEffect } from "./ui.js";
import * as renewal from "./update.js";

const TICK_MS = 20000;
const SCREENS = { today: Today, form: FormScreen, help: Help };

const root = document.getElementById("app");

function App({ code }) {
  const { session: standing, route } = useFacts();
  useEffect(() => {
    if (standing === "open") catchUp();
  }, [standing]);
  return html`<${Late} />${screen(standing, route, code)}`;
}

function screen(standing, route, code) {
  if (route.name === "help") return html`<${Help} />`;
  if (standing === "none") return html`<${Welcome} code=${code} />`;
  if (standing === "ended") return html`<${Ended} />`;
  if (standing === "locked") return html`<${Unlock} />`;
  const Wanted = SCREENS[route.name] || Today;
  return html`<${Wanted} key=${route.rest.join("/")} rest=${route.rest} />`;
}

async function catchUp() {
  await forms.show();
  const safety = refreshSafety();
  await outbox.flush();
  await diary.refresh();
  await safety;
}

async function onDelivered(record, reply) {
  await hearReply(record, reply);
  if (record.status === "completed" && record.assessment_id) await diary.markDone(record.assessment_id);
}

async function start() {
  if (await renewal.renew(version)) return;
  const storage = await db.open();
  const settings = (await db.get("meta", "settings")) || { language: "zh", textSize: "standard" };
  document.documentElement.dataset.text = settings.textSize;
  await i18n.speak(settings.language, `${base}i18n`);
  update({ storage, language: settings.language, textSize: settings.textSize });
  await session.start();
  await diary.recall();
  await outbox.start(version, onDelivered);
  const code = router.start();
  root.textContent = "";
  render(html`<${App} code=${code} />`, root);
  setInterval(() => update({ tick: clock.now() }), TICK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && state().session === "open") catchUp();
  });
  await renewal.keepOrGiveUp();
}

start();
