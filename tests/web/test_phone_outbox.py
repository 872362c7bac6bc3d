"""What the phone's outbox does with what the server refuses, told to the server that really is."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from epro.models import WorkItem, WorkKind
from epro.web.phone.shell import FOLDER
from tests.api.world import API, PARTICIPANT, World
from tests.web.node import run

# Memory instead of the disk; a server that refuses every answer to a question, and takes the rest.
PRETENDED = {
    "db.js": """
const stores = Object.fromEntries(
  ["outbox", "meta", "draft", "sent", "form"].map((name) => [name, new Map()]));
export const all = async (name) => [...stores[name].values()];
export const get = async (name, key) => stores[name].get(key);
export const put = async (name, value, key) =>
  stores[name].set(key || value.key || value.id, value);
export const remove = async (name, key) => stores[name].delete(key);
export const change = (names, work) => work({ all, get, put, remove });
""",
    "api.js": """
export const calls = [];
export async function call(method, path, { body }) {
  calls.push({ method, path, body });
  const isQuestion = path.startsWith("/me/safety-questions/");
  if (!isQuestion) return { status: 200, data: { is_kept: true } };
  return { status: 404, data: { error: { code: "not_found" } } };
}
export const alone = (name, work) => work();
export const unlessUnreachable = (work) => work();
""",
    "clock.js": "export const now = () => 0, mark = () => 1, age = () => 0;",
    "i18n.js": "export const t = (key) => key, said = ({ zh }) => zh, day = (on) => on;",
    "forms.js": "export const load = async () => null;",
    "state.js": """
let facts = { participant: "SZ01-014", session: "open", isOnline: true, waiting: [] };
export const state = () => facts;
export const update = (changes) => { facts = { ...facts, ...changes }; };
""",
}
ANSWERS = """
import {{ calls }} from "./api.js";
import * as outbox from "./outbox.js";
import {{ answerQuestion, hearReply }} from "./questions.js";
const settled = () => new Promise((done) => setTimeout(done, 20));
await answerQuestion("{response}", {{ help_now: true, hospital: "no" }});
const reply = {{ safety_question: {{ id: "q" }} }};
await hearReply({{ kind: "response", response_id: "{response}" }}, reply);
await settled();
for (const key of ["zone", "again"]) {{
  await outbox.put({{ key, kind: "preferences", method: "POST", path: "/me/safety-questions/x",
    participant: "SZ01-014", body: "" }});
  await settled();
}}
console.log(JSON.stringify(calls));
"""


# A server that refuses every answer, and keeps what is handed over or not, or is not to be reached.
REFUSING = """
export class Unreachable extends Error {}
export const has = { way: "none" }, calls = [];
export async function call(method, path, { body }) {
  if (method === "PUT") return { status: 422, data: { error: { code: "invalid_answers" } } };
  if (has.way === "none") throw new Unreachable();
  if (has.way === "too_large") return { status: 413, data: null };
  calls.push(body);
  return { status: 200, data: { is_new: true, is_kept: has.way === "kept" } };
}
export const alone = (name, work) => work();
export const unlessUnreachable = (work, instead) => work().catch(instead);
"""
PUT_AWAY = """
import { calls, has } from "./api.js";
import * as db from "./db.js";
import * as outbox from "./outbox.js";
import { contentOf, putAway } from "./parked.js";
const settled = () => new Promise((done) => setTimeout(done, 20));
const answers = [{ link_id: "pain", value: "很痛" }, { link_id: "sleep", declined: true }];
const body = JSON.stringify({ answers, questionnaire: { code: "daily", version: "1" } });
const record = { key: "k", response_id: "r", method: "PUT", path: "/me/responses/r",
  participant: "SZ01-014", body };
await db.put("form", { key: "f", form: { questionnaire: { code: "daily", version: "1",
  items: [{ link_id: "pain", text: { zh: "哪里痛？" } }] } } });
await outbox.put(record);
await settled();
const found = { content: await contentOf("k"), stood: [] };
for (const way of ["none", "too_large", "not_kept", "kept"]) {
  has.way = way;
  found.stood.push([await putAway(record), (await db.all("outbox")).length]);
}
await db.put("outbox", { ...record, key: "waits", state: "waiting", isKept: true });
found.stood.push([await putAway({ ...record, key: "waits" }), (await db.all("outbox")).length]);
await db.remove("outbox", "waits");
// By itself as well, once; what is another's is told of and stays sealed.
has.way = "none";
await outbox.put({ ...record, key: "again", response_id: "r2" });
await db.put("outbox", { ...record, key: "other", response_id: "r3", participant: "SZ01-015" });
await settled();
has.way = "kept";
calls.length = 0;
for (let times = 0; times < 2; times += 1) {
  await outbox.flush();
  await settled();
}
found.told = calls;
found.kept = (await db.all("outbox")).map(({ key, isKept }) => [key, isKept === true]);
console.log(JSON.stringify(found));
process.exit(0);
"""


def ran(script: str, folder: Path, *names: str, **but: str) -> Any:
    """Return what a script says that works with these modules of the app, the rest pretended."""
    pretended = PRETENDED | {f"{name}.js": source for name, source in but.items()}
    for name, source in pretended.items():
        (folder / name).write_text(source, "utf-8")
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((FOLDER / "js" / name).read_bytes())
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    (folder / "run.js").write_text(script, "utf-8")
    return json.loads(run("", folder / "run.js"))


def told(response: str, folder: Path) -> list[Any]:
    """Return what the outbox tells the site after her answer to a question was refused."""
    calls = ran(ANSWERS.format(response=response), folder, "outbox.js", "questions.js")
    assert {"method": "POST", "path": "/me/safety-questions/q/answer"}.items() <= calls[0].items()
    return [one["body"] for one in calls if one["path"] == "/me/stuck"]


@pytest.mark.req("S-02", "A-05")
def test_an_answer_to_a_question_that_is_refused_for_good_is_told_to_the_site_once(
    world: World, tmp_path: Path
) -> None:
    response = str(uuid4())

    (stuck,) = told(response, tmp_path)
    taken = world.request("POST", f"{API}/me/stuck", json=stuck, headers=world.sign_in(PARTICIPANT))

    assert json.loads(stuck["body"]) == {"help_now": True, "hospital": "no"}
    assert taken.get_json() == {"is_new": True, "is_kept": True}
    with world.database.reading() as session:
        lines = session.query(WorkItem).filter_by(kind=WorkKind.STUCK_RECORD)
        assert [one.about for one in lines if response in one.about] == [f"{response}:not_found"]


@pytest.mark.req("S-02")
def test_what_was_refused_is_put_away_only_once_the_server_holds_the_very_same(
    tmp_path: Path,
) -> None:
    found = ran(
        PUT_AWAY, tmp_path, "outbox.js", "parked.js", "form/said.js", "form/checks.js",
        api=REFUSING,
    )  # fmt: skip

    assert found["content"] == [
        {"question": "哪里痛？", "answer": "很痛"},
        {"question": "sleep", "answer": "review.declined"},
    ]
    assert found["stood"] == [
        ["unsure", 1], ["not_kept", 1], ["not_kept", 1], ["kept", 0], ["kept", 1],
    ]  # fmt: skip
    mine, foreign = found["told"]
    assert (mine["response_id"], mine["refusal"]) == ("r2", "invalid_answers")
    assert json.loads(mine["body"])["answers"][0] == {"link_id": "pain", "value": "很痛"}
    assert foreign == {"response_id": "r3", "refusal": "other_participant"}
