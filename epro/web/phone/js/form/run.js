// A form, one question on a screen: back and next, nothing chosen beforehand, advice at the moment of
// an answer that calls for it, a review at the end.

import * as clock from "../clock.js";
import { said, t } from "../i18n.js";
import { useFacts } from "../state.js";
import { html, Problems, Screen, useEffect, useRef, useState } from "../ui.js";
import { Advice } from "./advice.js";
import { advisedAfter, freshIn, isUrgent, metBy } from "./advising.js";
import { Asking } from "./asking.js";
import { check, isPossible, readNumber, reads, written } from "./checks.js";
import { nearDays } from "./days.js";
import { after, before, pagesOf, REVIEW } from "./pages.js";
import { idOf } from "./parts.js";
import { Question } from "./question.js";
import { Review } from "./review.js";
import * as trail from "./trail.js";

/**
 * draft: as begun by `begin`. save(draft) keeps it; send({once, isUrgent}) sends it unfinished, `once`
 * with this revision only, and returns it with its new revision; submit(draft, {isUrgent}) finishes it; leave() goes back to where
 * she came from.
 */
export function Form({ draft: first, save, send, submit, leave }) {
  const held = useRef(first);
  const [, draw] = useState(0);
  const [wrong, setWrong] = useState([]);
  const edited = useRef(null);
  const isOver = useRef(false);
  const draft = held.current;
  const pages = pagesOf(draft);
  const place = placeIn(draft, pages);
  const page = pages.find((one) => one.place === place);

  const take = (changed) => {
    held.current = changed;
    draw((count) => count + 1);
  };
  const change = async (changes) => {
    if (isOver.current) return;
    take({ ...held.current, ...changes });
    await save(held.current);
  };
  const show = (where, changes = {}) => {
    setWrong([]);
    edited.current = null;
    change({ place: where, advising: null, ...changes });
  };
  useEffect(() => trail.begin(place, (where) => isOver.current || show(where)), []);
  useEffect(() => {
    // When a question was first seen is kept with its answer.
    const unseen = page ? page.items.filter((one) => !held.current.shown[one.link_id]) : [];
    const now = clock.deviceTime();
    if (unseen.length > 0) change({ shown: { ...held.current.shown, ...Object.fromEntries(unseen.map((one) => [one.link_id, now])) } });
  }, [place]);

  const go = (where, changes) => {
    if (isOver.current) return;
    trail.forward(where);
    show(where, changes);
  };
  const goBack = () => {
    if (isOver.current) return;
    const where = draft.advising ? place : before(draft, place);
    if (where === null) {
      isOver.current = true;
      return trail.leave(leave);
    }
    if (!trail.backward(where)) show(where);
  };
  const put = (item, what, typed) => {
    setWrong((list) => list.filter((one) => one.item !== item));
    const { answers, typed: all, shown } = held.current;
    const known = answers[item.link_id];
    const isSameEdit = edited.current === item.link_id;
    const changes = { ...answers, [item.link_id]: stamped(known, what, shown[item.link_id], isSameEdit) };
    change({ answers: changes, typed: { ...all, [item.link_id]: typed === undefined ? all[item.link_id] : typed } });
  };
  const type = (item, typed) => {
    const value = typeof typed === "string" ? meantBy(item, typed) : undefined;
    put(item, { value }, typed);
    edited.current = item.link_id; // one edit, however many letters
  };

  /** Leave the screen for the next, by way of advice where the answers call for it. */
  const goOn = () => {
    const met = metBy(held.current);
    const fresh = freshIn(held.current, met);
    const still = Object.fromEntries(met.filter((rule) => held.current.advised[rule.id]).map((rule) => [rule.id, held.current.advised[rule.id]]));
    const next = after(held.current, place);
    if (fresh.length === 0) return go(next, { advised: still });
    return interrupt(fresh, still, next);
  };
  const interrupt = async (fresh, still, next) => {
    const now = clock.deviceTime();
    const shown = Object.fromEntries(fresh.map((rule) => [rule.id, now]));
    const advising = { rules: fresh, then: next, step: fresh[0].asks_first ? "question" : "advice" };
    trail.forward(place);
    setWrong([]);
    await change({ advised: { ...still, ...shown }, advising, place, advice_shown_at: now });
    const { revision } = await send({ isUrgent: true });
    const open = held.current.advising;
    await change({ revision, advising: open && { ...open, revision } });
  };
  const sent = ({ revision }) => take({ ...held.current, revision });
  const next = () => {
    const { today } = nearDays();
    const found = page.items.map((item) => ({ item, ...check(item, draft.answers[item.link_id], draft.typed[item.link_id], today) }));
    const bad = found.filter((one) => one.kind);
    if (bad.length > 0) return setWrong(bad);
    return goOn();
  };
  const decline = () => {
    const isMeant = (one) => one.skippable && one.type !== "info" && (page.items.length === 1 || !reads(held.current.answers[one.link_id]));
    for (const item of page.items.filter(isMeant)) put(item, { declined: true }, null);
    const open = page.items.filter((one) => one.type !== "info" && !one.optional && !reads(held.current.answers[one.link_id]));
    if (open.length > 0) return setWrong(open.map((item) => ({ item, kind: "missing", offer: null })));
    return goOn();
  };
  const confirm = (item, value) => {
    const { answers } = held.current;
    if (value === undefined) put(item, { value: answers[item.link_id].value, confirmed: true });
    else put(item, { value }, String(value));
    if (wrong.length <= 1) goOn();
  };
  const understood = () => {
    trail.instead(draft.advising.then);
    show(draft.advising.then, { advice_acknowledged_at: clock.deviceTime() });
  };
  const mistaken = async () => {
    await change({ advising: null, advised: {} });
    if (history.state.from === place) history.back();
    sent(await send({ once: { mistaken_at: clock.deviceTime() }, isUrgent: true }));
  };
  const finish = (changes) => {
    if (isOver.current) return; // pressed twice: the first is on its way
    const finished = { ...held.current, ...changes };
    take(finished);
    isOver.current = true;
    trail.leave(() => submit(finished, { isUrgent: isUrgent(finished) }));
  };

  if (draft.advising && draft.advising.step === "question") {
    return html`<${Asking} rule=${draft.advising.rules[0]} response=${draft.response_id} back=${goBack}
      told=${(isOver, asked) => (isOver ? understood() : change({ advising: { ...draft.advising, rules: advisedAfter(draft, asked), step: "advice" } }))} />`;
  }
  if (draft.advising) return html`<${Advice} draft=${draft} back=${goBack} understood=${understood} mistaken=${draft.corrects ? null : mistaken} />`;
  const start = html`<${Progress} draft=${draft} pages=${pages} place=${place} />`;
  if (place === REVIEW) {
    return html`<${Review} draft=${draft} pages=${pages} lead=${start} back=${goBack} change=${change} finish=${finish}
      look=${(where) => go(where, { isReviewed: true })} />`;
  }
  // What is written can be wiped out again; what was chosen, only by this.
  const canDecline = page.items.some((one) => one.skippable && one.type !== "info" && !(one.optional && one.type === "text"));
  return html`
    <${Screen} title=${said(page.items[0].text)} back=${goBack} key=${place} lead=${start}
      bar=${html`<button type="button" class="main" onClick=${next}>${t("form.next")}</button>
        ${canDecline ? html`<button type="button" class="quiet" onClick=${decline}>${skipOf(page.items)}</button>` : null}`}>
      <${Problems} list=${wrong.filter((one) => one.kind !== "unusual" && one.offer === null).map((one) => ({ field: idOf(one.item), text: faultOf(one) }))} />
      <${Question} page=${page} draft=${draft} wrong=${wrong} fault=${faultOf} put=${put} type=${type} confirm=${confirm}
        settle=${() => { edited.current = null; }} again=${(item) => setWrong((list) => list.filter((one) => one.item !== item))} />
    <//>
  `;
}

/** Say where in the form she is, and that nothing is lost. */
function Progress({ draft, pages, place }) {
  const { isOnline, storage } = useFacts();
  const at = place === REVIEW ? pages.length : pages.findIndex((one) => one.place === place);
  const kept = storage === "kept" ? t(isOnline ? "form.kept" : "form.kept_offline") : t("form.not_kept");
  return html`
    <div class="progress">
      <p class="step"><span>${place === REVIEW ? said(draft.form.questionnaire.title) : t("form.step", { at: at + 1, of: pages.length })}</span><span>${kept}</span></p>
      <progress max=${pages.length} value=${at} aria-label=${t("form.progress")}></progress>
    </div>
  `;
}

function placeIn(draft, pages) {
  const isThere = draft.place === REVIEW || pages.some((one) => one.place === draft.place);
  return isThere ? draft.place : pages[0].place;
}

/** Return the value that a typed text stands for; undefined while it stands for none. */
function meantBy(item, text) {
  if (item.type === "text") return text.trim() === "" ? undefined : text.trim();
  const value = readNumber(text);
  return value !== null && isPossible(item, value) ? value : undefined;
}

function faultOf({ item, kind, offer }) {
  if (kind === "missing") return t(item.skippable ? "form.needed" : "form.needed_always", { skip: skipOf([item]) });
  if (kind !== "range") return t(`form.fault.${kind}`, { decimals: item.decimals });
  return t(offer === null ? "form.fault.range" : "form.fault.range_offer", { least: limit(item, item.hard_min), most: limit(item, item.hard_max), unit: item.unit || "", offer });
}

/** Return what the button says that leaves a screen without an answer. */
function skipOf(items) {
  const own = items.find((one) => one.skip_text);
  return own ? said(own.skip_text) : t("form.decline");
}

function limit(item, value) {
  return typeof value === "number" ? written(item, value) : "…";
}

function stamped(known, what, shownAt, isSameEdit) {
  const count = known ? known.change_count : -1;
  return {
    ...what,
    shown_at: (known && known.shown_at) || shownAt || clock.deviceTime(),
    changed_at: clock.deviceTime(),
    change_count: isSameEdit ? count : count + 1,
  };
}
