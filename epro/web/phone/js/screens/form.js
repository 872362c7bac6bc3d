// Holds one form open: loads or resumes its draft, lets no second tab write into it, sends what is
// unfinished when the page goes out of sight, and hands the finished form to the outbox.

import { unlessUnreachable } from "../api.js";
import { beginCorrection, correctionRecordOf } from "../form/correction.js";
import { begin, recordOf, sentResponseOf } from "../form/submission.js";
import { reads } from "../form/checks.js";
import { Form } from "../form/run.js";
import * as forms from "../forms.js";
import { spoken, t } from "../i18n.js";
import * as outbox from "../outbox.js";
import { back } from "../router.js";
import { html, Screen, useEffect, useRef, useState } from "../ui.js";
import { lockOf } from "../update.js";
import { showDone } from "./done.js";

const SEND_AFTER_MS = 30000;
const AGAIN = { elsewhere: "form.elsewhere.take", unreachable: "form.unreachable.again" };
const NAMED_BY = { assessment: "assessmentId", open: "code", correct: "responseId" };

export function FormScreen({ rest: [kind, name] }) {
  const which = { [NAMED_BY[kind] || "code"]: name };
  const [held, setHeld] = useState({ standing: "loading" });
  const letGo = useRef(() => {});
  const take = (how) => {
    letGo.current();
    setHeld({ standing: "loading" });
    letGo.current = hold(which, setHeld, how);
  };
  useEffect(() => {
    take();
    return () => letGo.current();
  }, []);
  if (held.standing === "open") return html`<${Open} draft=${held.draft} isHeld=${held.isHeld} />`;
  return html`
    <${Screen} title=${t(`form.${held.standing}.title`)} back=${back}
      bar=${AGAIN[held.standing] ? html`<button type="button" class="main" onClick=${() => take({ isTaken: held.standing === "elsewhere" })}>${t(AGAIN[held.standing])}</button>` : null}>
      <p role="status">${t(`form.${held.standing}`)}</p>
    <//>
  `;
}

function Open({ draft: first, isHeld }) {
  const draft = useRef(first);
  const sent = useRef({ answers: null, timer: null });

  const save = async (changed) => {
    if (!isHeld()) return;
    // What was sent meanwhile has counted the revision on; the form may not know of it yet.
    draft.current = { ...changed, revision: Math.max(changed.revision, draft.current.revision) };
    clearTimeout(sent.current.timer);
    sent.current.timer = setTimeout(sendUnfinished, SEND_AFTER_MS);
    await forms.save(draft.current);
  };
  const send = async ({ once = {}, isUrgent = false }) => {
    if (draft.current.corrects) return draft.current;
    draft.current = { ...draft.current, revision: draft.current.revision + 1 };
    sent.current.answers = JSON.stringify(draft.current.answers);
    const record = recordOf({ ...draft.current, ...once }, { status: "in_progress", isUrgent });
    await forms.save(draft.current);
    await outbox.put(record);
    return draft.current;
  };
  const sendUnfinished = () => {
    if (!isHeld()) return; // whoever has taken it sends it, under the same numbers
    const { answers } = draft.current;
    const isNew = sent.current.answers !== JSON.stringify(answers);
    if (isNew && Object.values(answers).some(reads)) send({});
  };
  const submit = async (finished, { isUrgent = false } = {}) => {
    clearTimeout(sent.current.timer);
    const last = { ...finished, revision: Math.max(finished.revision, draft.current.revision) + 1 };
    sent.current.answers = JSON.stringify(last.answers);
    draft.current = last;
    const record = last.corrects ? correctionRecordOf(last, { isUrgent }) : recordOf(last, { status: "completed", isUrgent });
    if (last.corrects) await forms.forgetSent(last.response_id);
    else await forms.keepSent(last, sentResponseOf(last));
    await outbox.put(record, last.key);
    await forms.show();
    showDone(last.response_id, last.form.questionnaire);
  };
  useEffect(() => {
    const onHide = () => document.visibilityState === "hidden" && sendUnfinished();
    document.addEventListener("visibilitychange", onHide);
    return () => {
      document.removeEventListener("visibilitychange", onHide);
      clearTimeout(sent.current.timer);
      sendUnfinished();
    };
  }, []);
  return html`<${Form} draft=${first} save=${save} send=${send} submit=${submit} leave=${back} />`;
}

/** Take the form for this tab, load what was begun; returns how to let go of it. */
function hold(which, setHeld, { isTaken = false } = {}) {
  let release = () => {};
  let [isGone, isTakenAway] = [false, false];
  const opened = () => unlessUnreachable(async () => {
    const draft = await forms.draftOf(which, (form) => begun(which, form));
    if (!isGone) setHeld({ standing: "open", draft, isHeld: () => !isTakenAway });
  }, () => {
    release(); // so that it can be tried again
    setHeld({ standing: "unreachable" });
  });
  if (!navigator.locks) {
    opened();
    return () => {};
  }
  const options = isTaken ? { steal: true } : { ifAvailable: true };
  navigator.locks
    .request(lockOf(forms.keyOf(which)), options, (lock) => {
      if (lock === null) return void setHeld({ standing: "elsewhere" });
      opened();
      return new Promise((resolve) => {
        release = resolve;
      });
    })
    .catch(() => {
      isTakenAway = true;
      if (!isGone) setHeld({ standing: "elsewhere" });
    });
  return () => {
    isGone = true;
    release();
  };
}

async function begun({ responseId }, form) {
  if (!responseId) return begin(form, spoken());
  return beginCorrection(await forms.sentOf(responseId), form);
}
