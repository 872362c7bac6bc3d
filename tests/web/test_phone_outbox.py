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
const stores = { outbox: new Map(), meta: new Map(), draft: new Map(), sent: new Map() };
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
  if (!isQuestion) return { status: 200, data: {} };
  return { status: 404, data: { error: { code: "not_found" } } };
}
export const alone = (name, work) => work();
export const unlessUnreachable = (work) => work();
""",
    "clock.js": "export const now = () => 0, mark = () => 1, age = () => 0;",
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


def told(response: str, folder: Path) -> list[Any]:
    """Return what the outbox tells the site after her answer to a question was refused."""
    for name, script in PRETENDED.items():
        (folder / name).write_text(script, "utf-8")
    for name in ("outbox.js", "questions.js"):
        (folder / name).write_bytes((FOLDER / "js" / name).read_bytes())
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    (folder / "run.js").write_text(ANSWERS.format(response=response), "utf-8")
    calls = json.loads(run("", folder / "run.js"))
    assert {"method": "POST", "path": "/me/safety-questions/q/answer"}.items() <= calls[0].items()
    return [one["body"] for one in calls if one["path"] == "/me/stuck"]


@pytest.mark.req("S-02", "A-05")
def test_an_answer_to_a_question_that_is_refused_for_good_is_told_to_the_site_once(
    world: World, tmp_path: Path
) -> None:
    response = str(uuid4())

    (stuck,) = told(response, tmp_path)
    taken = world.request("POST", f"{API}/me/stuck", json=stuck, headers=world.sign_in(PARTICIPANT))

    assert taken.get_json() == {"is_new": True}
    with world.database.reading() as session:
        lines = session.query(WorkItem).filter_by(kind=WorkKind.STUCK_RECORD)
        assert [one.about for one in lines if response in one.about] == [f"{response}:not_found"]
