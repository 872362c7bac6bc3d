// Asks the phone's checks of answers and its order of screens: the sources, then one case a line in,
// one answer a line out.
import { readFileSync } from "node:fs";

const [sources, ...cases] = readFileSync(0, "utf8").split("\n").filter(Boolean).map(JSON.parse);
const url = (source) => `data:text/javascript,${encodeURIComponent(source)}`;
const checks = await import(url(sources.checks));
const pages = await import(
  url(sources.pages.replace("../branch.js", url(sources.branch)).replace("./checks.js", url(sources.checks))),
);

const ANSWERS = {
  check: ({ item, answer, typed, today }) => checks.check(item, answer, typed, today),
  read: ({ text }) => checks.readNumber(text),
  offer: ({ item, value }) => checks.offerFor(item, value),
  pages: ({ draft }) => pages.pagesOf(draft).map((one) => [one.place, one.items.map((item) => item.link_id)]),
  after: ({ draft, place }) => pages.after(draft, place),
  before: ({ draft, place }) => pages.before(draft, place),
  sent: ({ draft }) => pages.shownValuesOf(draft),
};

console.log(cases.map((one) => JSON.stringify(ANSWERS[one.kind](one))).join("\n"));
