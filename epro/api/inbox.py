"""The development inbox as a page: what would have gone to phones and mailboxes.

Exists only where messages of some channel stay on this machine, which production refuses.
"""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, render_template, request

from epro.api.context import public, reading
from notifications import inbox
from notifications.messages import ChannelName, DevelopmentMessage
from questionnaires.definition import Language, Translated

FOLDER = Path(__file__).parent / "templates"
blueprint = Blueprint("inbox", __name__, url_prefix="/dev", template_folder=str(FOLDER))

NEWEST = 200
# Only for people at their desk; participants' zones play no part here.
ZONE = ZoneInfo("Asia/Shanghai")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
WORDS: Mapping[str, Translated] = {
    "title": Translated("开发收件箱", "Development inbox"),
    "explanation": Translated(
        "这里是本机没有真正发出的消息，最新的在最上面。",
        "Messages that did not really leave this machine, the newest first.",
    ),
    "empty": Translated("还没有消息。", "No messages yet."),
    "to": Translated("收件人", "To"),
    ChannelName.SMS: Translated("短信", "Text message"),
    ChannelName.EMAIL: Translated("电子邮件", "E-mail"),
    ChannelName.VOICE: Translated("语音电话", "Voice call"),
}


@blueprint.get("/inbox")
@public
def show_inbox() -> Response:
    """Show what the inbox holds as a page, or as JSON to whoever asks for that."""
    with reading() as session:
        messages = inbox.newest(session, limit=NEWEST)
    kinds = ["text/html", "application/json"]
    if request.accept_mimetypes.best_match(kinds, default=kinds[0]) != kinds[0]:
        return jsonify({"items": [_as_json(message) for message in messages]})
    is_english = request.args.get("language") == Language.EN
    language = Language.EN if is_english else Language.ZH
    page = render_template(
        "inbox.html",
        messages=messages,
        language=language,
        words={name: text.in_language(language) for name, text in WORDS.items()},
        zone=ZONE,
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Vary"] = "Accept"
    return response


@blueprint.get("/inbox.css")
@public
def inbox_style() -> Response:
    """Return how the page looks."""
    return Response((FOLDER / "inbox.css").read_text(encoding="utf-8"), mimetype="text/css")


def _as_json(message: DevelopmentMessage) -> dict[str, object]:
    return {
        "message_id": str(message.message_id),
        "channel": message.channel.value,
        "to": message.address,
        "language": message.language,
        "subject": message.subject,
        "body": message.body,
        "received_at": message.received_at,
    }
