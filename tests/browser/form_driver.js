// Answers a form in the page as somebody does: presses what is shown, types what is asked, goes on.
// Runs inside the page; `mount` draws a form of its own there, without a server behind it.
async () => {
  const base = document.getElementById("app").dataset.base;
  const load = (name) => import(`${base}js/${name}`);
  const [ui, run, submission, i18n, clock] = await Promise.all(
    ["ui.js", "form/run.js", "form/submission.js", "i18n.js", "clock.js"].map(load),
  );
  const frame = () => new Promise((resolve) => setTimeout(resolve, 0));
  const settled = async (isSo) => {
    for (let turn = 0; turn < 400 && !isSo(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!isSo()) throw new Error(`stuck at: ${document.querySelector("h1").textContent}`);
  };
  const heading = () => document.querySelector("h1").textContent;
  const press = (element) => element.click();
  const fill = (field, text) => {
    field.focus();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.blur();
  };

  const put = async (item, answer) => {
    const { value } = answer;
    const control = document.getElementById(`a-${item.link_id}`);
    const inputs = () => [...control.querySelectorAll("input[type=radio], input[type=checkbox]")];
    if (item.type === "nrs") press(inputs()[value]);
    else if (item.type === "boolean") press(inputs()[value ? 0 : 1]);
    else if (item.type === "choice") press(inputs()[item.choices.findIndex((one) => one.code === value)]);
    else if (item.type === "multi") {
      for (const code of value) {
        press(inputs()[item.choices.findIndex((one) => one.code === code)]);
        await frame();
      }
    } else if (item.type === "number") fill(control, String(value));
    else if (item.type === "text") fill(control, value);
    else if (item.type === "time") fill(control, value);
    else if (item.type === "date" || item.type === "datetime") {
      press(inputs().pop());
      await settled(() => control.querySelector("input[type=date]"));
      fill(control.querySelector("input[type=date]"), value.slice(0, 10));
      await frame();
      if (item.type === "datetime") {
        await settled(() => control.querySelector("input[type=time]"));
        fill(control.querySelector("input[type=time]"), value.slice(11, 16));
      }
    } else if (item.type === "vas") {
      const { left, top, width } = control.getBoundingClientRect();
      const at = { bubbles: true, detail: 1, clientX: left + (width * value) / 100, clientY: top + 5 };
      control.dispatchEvent(new MouseEvent("click", at));
    }
    await frame();
  };

  window.driver = {
    /** Draw a form; what it submits is kept as `driver.record`. */
    async mount(form, language) {
      await i18n.speak(language, `${base}i18n`);
      const drawn = document.getElementById("app");
      ui.render(null, drawn);
      let draft = { key: "test", participant: "SZ01-001", assessmentId: null, form, ...submission.begin(form, language) };
      const sent = [];
      const keep = async (changed) => { draft = { ...changed, revision: Math.max(changed.revision, draft.revision) }; };
      const send = async ({ once }) => {
        draft = { ...draft, revision: draft.revision + 1 };
        sent.push(JSON.parse(submission.recordOf({ ...draft, ...once }, { status: "in_progress", isUrgent: true }).body));
        return draft;
      };
      const submit = async (finished) => {
        window.driver.record = JSON.parse(submission.recordOf({ ...finished, revision: draft.revision + 1 }, { status: "completed", isUrgent: false }).body);
      };
      Object.assign(window.driver, { record: null, sent, draft: () => draft, language });
      history.replaceState({ depth: 0 }, "", location.pathname);
      ui.render(ui.html`<${run.Form} key=${Math.random()} draft=${draft} save=${keep} send=${send} submit=${submit} leave=${() => {}} />`, drawn);
      await settled(() => document.querySelector(".bar button"));
    },

    /** Answer the screen that is shown and go on; returns its heading. */
    async step(answers) {
      const { items } = window.driver.draft().form.questionnaire;
      const before = heading();
      const standing = () => JSON.stringify([window.driver.draft().place, window.driver.draft().advising, window.driver.record]);
      const stood = standing();
      const left = () => standing() !== stood;
      if (document.querySelector(".advice")) {
        press(document.querySelector(".bar button"));
        await settled(left);
        return before;
      }
      const shown = items.filter((item) => answers[item.link_id] && document.getElementById(`a-${item.link_id}`));
      const isDeclined = shown.length === 1 && answers[shown[0].link_id].declined;
      if (!isDeclined) for (const item of shown) await put(item, answers[item.link_id]);
      press(document.querySelector(isDeclined ? ".bar button.quiet" : ".bar button.main"));
      await frame();
      for (let ask = document.querySelector(".ask button"); ask; ask = document.querySelector(".ask button")) {
        press(ask);
        await frame();
      }
      await settled(left);
      return before;
    },

    /** Answer up to the end and submit; returns what was sent. Each screen is looked at on its way. */
    async answer(answers, look) {
      window.driver.wrong = [];
      for (let screens = 0; window.driver.record === null; screens += 1) {
        if (screens > 120) throw new Error("no end");
        window.driver.wrong.push(...look().map((one) => `${heading()}: ${one}`));
        await window.driver.step(answers);
      }
      return window.driver.record;
    },
    clock: () => clock.now(),
  };
}
