// An answer in words, as the review and the question about it show it.

import { day, said, t } from "../i18n.js";
import { written } from "./checks.js";

/** Return what was answered to an item, or that nothing was. */
export function inWords(item, answer) {
  if (answer && answer.declined) return item.skip_text ? said(item.skip_text) : t("review.declined");
  if (!answer || answer.value === undefined) return t("review.none");
  const { value } = answer;
  if (Array.isArray(value)) return value.map((code) => named(item, code)).join(t("review.comma"));
  if (typeof value === "boolean") return t(value ? "form.yes" : "form.no");
  if (item.type === "choice") return named(item, value);
  if (item.type === "number") return withUnit(item, written(item, value));
  if (item.type === "date") return day(value);
  if (item.type === "datetime") return `${day(value.slice(0, 10))} ${value.slice(11, 16)}`;
  if (item.type === "vas" && item.hides_value) return t("form.marked");
  return String(value);
}

/** Write a number with its unit; the two are never parted at the end of a line. */
export function withUnit(item, number) {
  return item.unit ? `${number}\u00a0${item.unit}` : number;
}

function named(item, code) {
  const found = item.choices.find((one) => one.code === code);
  return found ? said(found.text) : String(code);
}
