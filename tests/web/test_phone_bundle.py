"""The scripts that the phone app's modules are made into: same, smaller, refused in doubt."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from epro.web.phone import shell
from epro.web.phone.bundle import NotBundled, bundled
from epro.web.phone.script import NotRead, tight, tokens
from tests.web.node import run

VERSION = "from epro.web.phone import shell; print(shell.read_bundle().version)"
# Whatever a careless hand would spoil: marks of comments in texts, regular expressions with quotes
# and slashes, a statement that ends with its line, signs that would merge, templates in templates,
# constants that follow on each other and others that only seem to.
TRICKY = """
// a remark with a ` and a \"
const count = 3 /* of them */;
let total = count - -1
let other = total + +count
const found = ["// none", '/* none */', `// ${count} /* ${`"${total}"`} */ \\``];
const quoted = /["'`/]\\/[/"]/g.test('a"/"') , ratio = count / total / 2;
function later() {
  return
  count;
}
const html = (parts, ...values) => parts.join("|").replace(/\\s+/g, " ") + values.join();
const drawn = html`
  <p class="a  b">
    two  spaces ${count}
    <b>${[1, 2].map((one) => html`<i>${one}</i>`)}</b>
  </p>
`;
const plain = `
  kept   as it
  is`;
const one = { a: 1 };
const two = () => { const inner = one.a; const more = inner + 1; return more; };
for (const step of [1, 2]) total += step;
const three = two()
total += 1; const four = three + 1; const five = `${four}`;
const six = 6;
function runs() { let at = 0; for (; at < 3; at += 1); }
function waits() { let at = 0; while (at++ < 3) ; }
const seven = () => { runs(); waits(); if (two()) { return 7; } };
if (ratio) /x/.test("x")
total
++other
module.exports = { count, total, other, found, quoted, ratio, five, six, seven: seven() };
Object.assign(module.exports, { nothing: later(), drawn, plain })
"""
REPORT = (
    "const m = { exports: null }; ((module) => {%s})(m); console.log(JSON.stringify(m.exports));"
)


def test_a_script_made_small_says_what_it_said() -> None:
    small = tight(TRICKY)

    said, before = run(REPORT % small), run(REPORT % TRICKY)

    # Space beside a tag is dropped when the app's own templates are read; only there may it differ.
    assert said.replace("> ", ">").replace(" <", "<").replace(" |", "|").replace("| ", "|") == (
        before.replace("> ", ">").replace(" <", "<").replace(" |", "|").replace("| ", "|")
    )
    assert "two  spaces" in small
    assert "remark" not in small
    assert "of them" not in small
    assert "inner=one.a,more=" in small
    assert "total+=1;const four" in small
    assert "at+=1);}" in small
    assert "return 7}}" in small
    assert len(small) < len(TRICKY) * 0.9


def test_every_module_is_read_to_its_last_letter() -> None:
    for name, content in shell.read_modules().files.items():
        if name.startswith("js/"):
            source = content.decode()
            assert "".join(one.text for one in tokens(source)) == source, name


@pytest.mark.parametrize(
    "source", ["'no end\n'", "`no end", "a = {", "a = }", "`${ a`", "x = /no end\n/"]
)
def test_what_has_no_end_is_refused(source: str) -> None:
    with pytest.raises(NotRead):
        list(tokens(source))


def test_the_scripts_are_the_same_every_time_in_every_process() -> None:
    elsewhere = subprocess.run(
        [sys.executable, "-c", VERSION], env=os.environ | {"PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    made = shell.read_bundle()

    assert elsewhere.stdout.strip() == made.version
    assert {name for name in made.files if name.endswith(".js")} == {"app.js", "seldom.js"}


def test_what_lies_on_disk_is_read_once_and_anew_when_any_of_it_changes(tmp_path: Path) -> None:
    for place in shell.SERVED:
        shutil.copytree(shell.FOLDER / place, tmp_path / place)
    first = shell.read_modules(tmp_path)
    assert shell.read_modules(tmp_path) is first

    (tmp_path / "js/place.js").write_text("export const base = 1;\n", "utf-8")
    changed = shell.read_modules(tmp_path)
    (tmp_path / "js/screens/another.js").write_text("export const more = 2;\n", "utf-8")
    added = shell.read_modules(tmp_path)
    (tmp_path / "js/screens/another.js").unlink()
    removed = shell.read_modules(tmp_path)

    assert len({first.version, changed.version, added.version}) == 3
    assert "js/screens/another.js" in added.files
    assert removed.version == changed.version


def test_what_is_loaded_later_shares_what_is_there_and_brings_the_rest(tmp_path: Path) -> None:
    files = {
        "a.js": b'import { count } from "./n.js";\nconsole.log(count());\n'
        b'import("./late.js").then(({ say }) => console.log(say()));\n',
        "n.js": b"let at = 0;\nexport function count() {\n  return ++at;\n}\nexport const x = 1;\n",
        "late.js": b'import { count as more } from "./n.js";\nimport { word } from "./w.js";\n'
        b'export const say = () => word + more();\nexport { word } from "./w.js";\n',
        "w.js": b'export const word = "late";\n',
    }
    (tmp_path / "package.json").write_text('{"type": "module"}', "utf-8")

    made = bundled(files, "a.js")
    for name, script in made.items():
        (tmp_path / name).write_text(script, "utf-8")

    assert list(made) == ["a.js", "late.js"]
    assert run("", tmp_path / "a.js").split() == ["1", "late2"]
    assert '"late"' not in made["a.js"]


@pytest.mark.parametrize(
    "source",
    [
        'import x from "./b.js";\n',
        'import "./b.js";\n',
        "export default 1;\n",
        "export let count = 1;\n",
        'import { a } from "./nothing.js";\n',
        'import { b } from "./b.js";\nexport const a = 1;\n',
        'import("./nothing.js");\n',
        'import("./c.js");\nimport("./d.js");\n',
        'import { c } from "./c.js";\nimport("./c.js");\n',
        'import("./e.js");\n',
        "const where = './c.js'; import(where);\n",
        "const open = `\n",
    ],
    ids=[
        "default", "effect", "default-out", "let", "absent", "circle", "absent-later", "two-later",
        "later-and-now", "still-later", "anywhere", "no-end",
    ],
)  # fmt: skip
def test_what_cannot_be_made_one_script_is_refused(source: str) -> None:
    files = {
        "a.js": source.encode(),
        "b.js": b'import { a } from "./a.js";\nexport const b = a;\n',
        "c.js": b"export const c = 1;\n",
        "d.js": b"export const d = 1;\n",
        "e.js": b'import("./d.js");\n',
    }

    with pytest.raises(NotBundled):
        bundled(files, "a.js")
