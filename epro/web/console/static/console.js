// Makes pages quicker for whoever works here all day; every page works without it.
"use strict";
(() => {
  const lines = () => [...document.querySelectorAll("[data-line]")];
  const chosen = () => lines().findIndex((line) => line.getAttribute("aria-selected") === "true");
  const isTyping = () => /^(INPUT|SELECT|TEXTAREA)$/.test((document.activeElement || {}).tagName || "");
  let isLeaving = false;

  // Never under somebody's hands: not while typing, nor while a control in the table has the focus.
  const mayRefresh = () => !isTyping() && !isLeaving && !document.hidden &&
    !document.querySelector("[data-renew] :focus");
  setInterval(() => {
    if (!mayRefresh()) return;
    document.querySelectorAll("[data-renew]").forEach((part) => window.htmx.trigger(part, "renew"));
  }, 30000);

  function choose(step) {
    const all = lines();
    if (!all.length) return;
    const at = Math.min(Math.max(chosen() + step, 0), all.length - 1);
    all.forEach((line, number) => line.setAttribute("aria-selected", String(number === at)));
    all[at].querySelector("[data-open]").focus();
  }

  document.addEventListener("keydown", (event) => {
    if (isTyping() || event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines()[chosen()];
    if (event.key === "j") choose(1);
    else if (event.key === "k") choose(-1);
    else if (event.key === "a") {
      const button = (line || document).querySelector("[data-acknowledge]");
      if (!button) return;
      if (window.confirm(button.dataset.confirm)) button.form.requestSubmit(button);
    } else if (event.key === "/") {
      const find = document.getElementById("participant");
      if (!find) return;
      find.focus();
    } else if (event.key === "?") {
      const keys = document.getElementById("keys");
      if (!keys) return;
      keys.focus();
    } else return;
    event.preventDefault();
  });

  // How old what is shown has become.
  setInterval(() => {
    const fresh = document.getElementById("fresh");
    if (!fresh) return;
    fresh.seen = fresh.seen || Date.now();
    const age = (Date.now() - fresh.seen) / 1000;
    fresh.classList.toggle("stale", age > 120 && age <= 300);
    fresh.classList.toggle("old", age > 300);
  }, 5000);

  document.addEventListener("submit", () => { isLeaving = true; });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.addEventListener("click", () => window.print());
  });
  const alarm = document.querySelector("[data-focus]");
  if (alarm) alarm.focus();
})();
