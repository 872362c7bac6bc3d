// When and by which way she is reminded. It is the server that reminds: a change needs the network.

import { call, read, unlessUnreachable } from "../api.js";
import { t } from "../i18n.js";
import { html, Problems, useBusy, useEffect, useState } from "../ui.js";

export function Reminders() {
  const [wishes, setWishes] = useState(null);
  const [typed, setTyped] = useState({ time: "", channel: "" });
  const [told, setTold] = useState({ problems: [], isSaved: false });
  const [isBusy, run] = useBusy();
  const take = (known) => {
    setWishes(known);
    setTyped({ time: known.reminder_time || "", channel: known.reminder_channel || "" });
  };
  useEffect(() => {
    read("/me/preferences").then(take, () => {});
  }, []);
  if (wishes === null) return html`<h2>${t("reminders.title")}</h2><p class="hint">${t("reminders.offline")}</p>`;
  const save = (event) => {
    event.preventDefault();
    run(async () => setTold(await change(typed, wishes, take)));
  };
  return html`
    <form onSubmit=${save} novalidate>
      <h2>${t("reminders.title")}</h2>
      <${Problems} list=${told.problems} />
      ${wishes.earliest ? html`
        <label for="reminder-time">${t("reminders.time")}</label>
        <input id="reminder-time" type="time" class="short" value=${typed.time} min=${wishes.earliest} max=${wishes.latest} aria-describedby="reminder-span"
          onChange=${(event) => setTyped({ ...typed, time: event.target.value })} />
        <p id="reminder-span" class="hint">${t("reminders.span", wishes)}</p>` : null}
      <fieldset><legend>${t("reminders.channel")}</legend>
        ${wishes.channels.map((one) => html`<label class="row" key=${one}><input type="radio" name="channel" checked=${typed.channel === one}
          onChange=${() => setTyped({ ...typed, channel: one })} /><span>${t(`reminders.channel.${one}`)}</span></label>`)}
      </fieldset>
      <button class="second wide" aria-disabled=${isBusy}>${t("reminders.save")}</button>
      <p role="status">${told.isSaved ? t("reminders.saved") : ""}</p>
    </form>
  `;
}

async function change(typed, wishes, take) {
  const body = { reminder_channel: typed.channel || null };
  if (wishes.earliest) body.reminder_time = typed.time || null;
  const problem = (text) => ({ problems: [{ field: "reminder-time", text }], isSaved: false });
  return unlessUnreachable(async () => {
    const { status, data } = await call("PATCH", "/me/preferences", { body });
    if (status !== 200) return problem(() => t("reminders.refused", wishes));
    take(data);
    return { problems: [], isSaved: true };
  }, () => problem(() => t("reminders.offline")));
}
