// Asks the phone's interpreter: one case a line in, one answer a line out.
// Given as text and not as a file, so that a test can ask a changed one as well.
import { readFileSync } from "node:fs";

const [source, ...cases] = readFileSync(0, "utf8").split("\n").filter(Boolean).map(JSON.parse);
const twin = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const ANSWERS = {
  enabled: ({ clauses, behavior, answers }) => twin.enabled(clauses, behavior, answers),
  walk: ({ items, answers }) => twin.walk(items, answers),
  advice: ({ rules, answers, surroundings }) => {
    const derived = twin.derive(answers, surroundings);
    return { derived, met: twin.advice(rules, { ...answers, ...derived }) };
  },
};

console.log(cases.map((one) => JSON.stringify(ANSWERS[one.kind](one))).join("\n"));
