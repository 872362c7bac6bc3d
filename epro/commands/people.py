"""The first site and the first accounts, which nobody could add from within."""

import click

from epro.access import STAFF_ROLES, Role
from epro.commands.common import opened_parts, operator
from epro.errors import NotFound
from epro.services import contact_data, sites, sponsor_contacts, staff
from epro.services.contact_data import NewAddresses
from epro.services.sites import SiteFacts

ROLES = sorted(role.value for role in STAFF_ROLES)


@click.group("staff")
def accounts() -> None:
    """Accounts of the people who run the trial."""


@accounts.command("add")
@click.option("--username", prompt="User name", help="What the person signs in with.")
@click.option("--full-name", prompt="Full name", help="As it stands on records and signatures.")
@click.option("--email", prompt="E-mail", help="Kept sealed.")
@click.option("--phone", help="For urgent text messages, as in +8613800138000. Kept sealed.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES),
    help="May be given more than once.",
)  # fmt: skip
@click.option("--site", "site_code", metavar="SITE", help="Its code; left out: at every site.")
@click.password_option(prompt="Password", help="Asked for; better not put on a command line.")
def add_user(
    username: str,
    full_name: str,
    email: str,
    phone: str | None,
    roles: tuple[str, ...],
    site_code: str | None,
    password: str,
) -> None:
    """Open an account; prints, this once, what the person's authenticator app needs.

    \b
    Example:
      epro staff add --username li.na --full-name "Li Na" --email li.na@example.org \\
          --phone +8613800138000 --role coordinator --site SZ01
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        try:
            added = staff.add_user(
                session, operator(), username=username, full_name=full_name, email=email,
                phone=phone, password=password, roles=[Role(role) for role in roles],
                site=site_code, keyring=parts.keyring, now=parts.clock.now(),
            )  # fmt: skip
        except NotFound as absent:
            raise click.ClickException(f"There is no site {site_code}.") from absent
    click.echo(f"Account {added.user.username} is open.")
    click.echo("For the authenticator app, shown only now; hand it over in person:")
    click.echo(f"  {added.otpauth_uri}")


@accounts.command("contact")
@click.option("--username", required=True, help="Whose account.")
@click.option("--phone", help="As in +8613800138000; `none` takes it away. Left out: it stays.")
@click.option("--email", help="Left out: it stays.")
@click.option("--reason", required=True, help="Why, for the record.")
def change_contact(username: str, phone: str | None, email: str | None, reason: str) -> None:
    """Change where the owner of an account is alerted, if no colleague can do it on the console.

    \b
    Example:
      epro staff contact --username li.na --phone +8613900139000 --reason "new number"
    """
    new = NewAddresses(
        phone=None if phone == "none" else phone, email=email, removes_phone=phone == "none"
    )
    with opened_parts() as parts, parts.database.transaction() as session:
        user = staff.find_to_change(session, username)
        if user is None:
            raise click.ClickException(f"There is no account {username} in use.")
        changed = contact_data.set_addresses(
            session, operator(), user, new, reason=reason, keyring=parts.keyring,
            now=parts.clock.now(),
        )  # fmt: skip
    click.echo(f"Changed of {username}: {', '.join(changed) or 'nothing'}.")
    if "phone" in changed and phone != "none":
        click.echo("Its test call is due now: /console/duty")


@click.group()
def site() -> None:
    """The places that enrol."""


@site.command("add")
@click.option("--code", required=True, help="Two capital letters and two digits, as in SZ01.")
@click.option("--name-zh", required=True, help="Its name in Chinese.")
@click.option("--name-en", required=True, help="Its name in English.")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="IANA time zone.")
@click.option("--phone", required=True, help="The number on participants' screens.")
@click.option("--phone-24h", required=True, help="The number that answers at night as well.")
def add_site(code: str, name_zh: str, name_en: str, zone: str, phone: str, phone_24h: str) -> None:
    """Add a site; the same facts again change nothing.

    \b
    Example:
      epro site add --code SZ01 --name-zh 示例医院 --name-en "Example Hospital" \\
          --phone "0755-5550 0100" --phone-24h "0755-5550 0199"
    """
    facts = SiteFacts(
        code=code, name_zh=name_zh, name_en=name_en, zone=zone, phone=phone, phone_24h=phone_24h
    )
    with opened_parts() as parts, parts.database.transaction() as session:
        sites.add_site(session, operator(), facts, now=parts.clock.now())
    click.echo(f"Site {code} is on record.")


@site.command("phones")
@click.option("--code", required=True, help="The site.")
@click.option("--phone", help="The number on participants' screens; left out: it stays.")
@click.option("--phone-24h", help="The number that answers at night as well; left out: it stays.")
@click.option("--reason", required=True, help="Why, for the record.")
def set_phones(code: str, phone: str | None, phone_24h: str | None, reason: str) -> None:
    """Change the numbers that participants are told to call; print sheets with them anew.

    \b
    Example:
      epro site phones --code SZ01 --phone-24h "0755-5550 0188" --reason "new switchboard"
    """
    if phone is None and phone_24h is None:
        raise click.UsageError("Say which number: --phone, --phone-24h, or both.")
    with opened_parts() as parts, parts.database.transaction() as session:
        try:
            place = sites.get_site(session, code)
        except NotFound as absent:
            raise click.ClickException(f"There is no site {code}.") from absent
        sites.set_phones(
            session, operator(), place, phone=phone, phone_24h=phone_24h, reason=reason,
            now=parts.clock.now(),
        )  # fmt: skip
        numbers = f"{place.phone}, at any hour {place.phone_24h}"
    click.echo(f"{code}: participants call {numbers}. Test calls of new numbers are due now.")


@site.command("sponsor-contact")
@click.option("--code", required=True, help="The site.")
@click.option("--name", required=True, help="Who that is.")
@click.option("--email", help="Kept sealed.")
@click.option("--phone", help="As in +8613800138000. Kept sealed.")
def set_sponsor_contact(code: str, name: str, email: str | None, phone: str | None) -> None:
    """Set whom at the sponsor an unanswered alarm of a site tells last; it learns the site only.

    \b
    Example:
      epro site sponsor-contact --code SZ01 --name "Safety desk" --email safety@example.org
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        try:
            place = sites.get_site(session, code)
        except NotFound as absent:
            raise click.ClickException(f"There is no site {code}.") from absent
        sponsor_contacts.set_contact(
            session, operator(), place, name=name, email=email, phone=phone,
            keyring=parts.keyring, now=parts.clock.now(),
        )  # fmt: skip
    click.echo(f"The sponsor's contact of {code} is on record.")


@site.command("alerting")
@click.option("--code", required=True, help="The site.")
@click.option("--calls", type=click.Choice(["on", "off"]), help="Let phones ring for urgent flags.")
@click.option("--digest-at", help="Local time of the daily mail about what waits, as in 08:30.")
@click.option("--number-check-days", type=int, help="Days between test calls; 1 to 31.")
def set_alerting(
    code: str, calls: str | None, digest_at: str | None, number_check_days: int | None
) -> None:
    """Set how a site is alerted beside text messages and mail; what is left out stays.

    \b
    Example:
      epro site alerting --code SZ01 --calls on --digest-at 08:00
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        try:
            place = sites.get_site(session, code)
        except NotFound as absent:
            raise click.ClickException(f"There is no site {code}.") from absent
        sites.set_alerting(
            session, operator(), place, calls_by_voice=None if calls is None else calls == "on",
            digest_at=digest_at, number_check_days=number_check_days, now=parts.clock.now(),
        )  # fmt: skip
        rings, minute, days = place.calls_by_voice, place.digest_minute, place.number_check_days
    phones = "phones ring for urgent flags" if rings else "no phone rings"
    mail_at = f"{minute // 60:02}:{minute % 60:02}"
    click.echo(
        f"{code}: {phones}; the daily mail comes at {mail_at}; "
        f"numbers are test-called every {days} days."
    )


@site.command("data-protection")
@click.option("--code", required=True, help="The site.")
@click.option("--request-days", type=int, help="Calendar days to answer a request; 1 to 30.")
@click.option("--breach-hours", type=int, help="Hours to tell the regulator; 1 to 72.")
def set_data_protection(code: str, request_days: int | None, breach_hours: int | None) -> None:
    """Set by when a site answers requests about personal data and tells of breaches.

    What is left out stays; docs/data-protection.md says which law asks for what.

    \b
    Example:
      epro site data-protection --code SZ01 --request-days 20 --breach-hours 24
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        try:
            place = sites.get_site(session, code)
        except NotFound as absent:
            raise click.ClickException(f"There is no site {code}.") from absent
        sites.set_data_protection(
            session, operator(), place, request_days=request_days, breach_hours=breach_hours,
            now=parts.clock.now(),
        )  # fmt: skip
        days, hours = place.request_days, place.breach_hours
    click.echo(f"{code}: requests are answered in {days} days, breaches told in {hours} hours.")


COMMANDS = (accounts, site)
