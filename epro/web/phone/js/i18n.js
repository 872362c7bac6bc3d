// Words in two languages, from i18n/*.json; dates and times as people write them. A key that is
// missing fails the tests; here it shows as itself, so that nothing stays empty.

export const LANGUAGES = ["zh", "en"];
const HTML_LANGUAGE = { zh: "zh-Hans", en: "en" };
const WEEKDAYS = {
  zh: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
  en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
};
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

let language = "zh";
let words = {};
let zone = "Asia/Shanghai";

/** Load a language and speak it from now on; `where` is the folder that holds the texts. */
export async function speak(wanted, where) {
  const answer = await fetch(`${where}/${wanted}.json`);
  if (!answer.ok) throw new Error(`no texts: ${wanted}`);
  words = await answer.json();
  language = wanted;
  document.documentElement.lang = HTML_LANGUAGE[language];
}

/** Return the language that is spoken. */
export function spoken() {
  return language;
}

/** Take the participant's own time zone for dates and times. */
export function live(in_) {
  zone = in_;
}

/** Return a text by its key, {names} filled in. */
export function t(key, values = {}) {
  const text = words[key] === undefined ? key : words[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Return the text of something that has both languages, as the server gives it. */
export function said(translated) {
  return translated ? translated[language] : "";
}

/** Return a local day, from an instant in milliseconds, as 2026-11-22. */
export function dayOf(at) {
  const { year, month, day } = partsOf(at);
  return `${year}-${month}-${day}`;
}

/** Write a day, 2026-11-22, as people do: 11月22日 周日, Sun 22 Nov. */
export function day(iso) {
  const [, month, date] = iso.split("-").map(Number);
  return language === "zh" ? `${month}月${date}日 ${weekday(iso)}` : `${weekday(iso)} ${date} ${MONTHS[month - 1]}`;
}

/** Write the weekday of a day, 2026-11-22: 周日, Sun. */
export function weekday(iso) {
  return WEEKDAYS[language][new Date(iso).getUTCDay()];
}

/** Write a day of the study, D12 or D-3, as people do. */
export function studyDay(label) {
  return t(label[1] === "-" ? "today.before" : "today.study_day", { day: label.replace(/\D+/, "") });
}

/** Write a time of day in her zone: 18:05. */
export function time(at) {
  const { hour, minute } = partsOf(at);
  return `${hour}:${minute}`;
}

/** Write an instant: only the time when it is today's, `today` being a day like 2026-11-22. */
export function moment(at, today) {
  const on = dayOf(at);
  return on === today ? time(at) : `${day(on)} ${time(at)}`;
}

function partsOf(at) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23",
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}
