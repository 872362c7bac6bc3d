"""What the web server loads."""

from epro.app import create_app
from epro.logs import configure_logging
from epro.settings import Settings

configure_logging()
app = create_app(Settings.from_env())
