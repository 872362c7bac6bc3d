// Asks the phone's screening: sources and what it keeps, then one case a line in, one answer a line out.
import { readFileSync } from "node:fs";

const [sources, kept, ...cases] = readFileSync(0, "utf8").split("\n").filter(Boolean).map(JSON.parse);
const url = (source) => `data:text/javascript,${encodeURIComponent(source)}`;
const twin = await import(url(sources.screening.replace("./branch.js", url(sources.branch))));

const ANSWERS = {
  screen: ({ answers, answered_at, infusions_at, route }) => {
    const own = { ...kept, infusions_at, thermometer_route: route };
    const met = twin.screen(own, answers, answered_at);
    return met.map(({ rule, trigger_index }) => ({ id: rule.id, trigger_index }));
  },
  find: ({ text }) =>
    Object.fromEntries(kept.lexicons.map((one) => [one.name, twin.find(one, text)])),
  number: ({ at }) => twin.numberAnswered(kept, at),
};

console.log(cases.map((one) => JSON.stringify(ANSWERS[one.kind](one))).join("\n"));
