"""What the DNS says of a domain, against what it should say: a table of zones."""

from __future__ import annotations

import pytest

from dangol.deliver.domain import Finding, Sending, check, count_lookups, organisation, sound

GOOD = {
    ("shop.example", "TXT"): ["other=1", "v=spf1 include:relay.example ~all"],
    ("relay.example", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"],
    ("s1._domainkey.shop.example", "TXT"): ["v=DKIM1; k=rsa; p=AB CD"],
    ("_dmarc.shop.example", "TXT"): ["v=DMARC1; p=none"],
    ("shop.example", "MX"): ["10 mx.shop.example."],
    ("mail.relay.example", "A"): ["192.0.2.5"],
    ("192.0.2.5", "PTR"): ["mail.relay.example."],
}
SENDING = Sending("shop.example", "mail.relay.example", "s1", "v=DKIM1; k=rsa; p=ABCD")


class Zone:
    """A DNS that says what it was told."""

    def __init__(self, *changes: tuple[str, str, list[str] | None]) -> None:
        self._records = dict(GOOD)
        for name, kind, answers in changes:
            self._records[name, kind] = answers or []
        self._silent = {(name, kind) for name, kind, answers in changes if answers is None}

    def ask(self, name: str, kind: str) -> list[str]:
        if (name, kind) in self._silent:
            raise TimeoutError("nobody answers")
        return self._records.get((name, kind), [])


def found(about: str, *changes: tuple[str, str, list[str] | None], sending: Sending = SENDING) -> Finding:
    return next(one for one in check(sending, Zone(*changes)) if one.about == about)


def test_a_good_domain() -> None:
    findings = check(SENDING, Zone())
    assert {one.about: one.standing for one in findings} == dict.fromkeys(
        ("spf", "dkim", "dmarc", "alignment", "mx", "ptr"), "good"
    )
    assert sound(findings)


@pytest.mark.parametrize(
    ("about", "change", "standing", "paste"),
    [
        ("spf", ("shop.example", "TXT", []), "bad", "v=spf1 a:mail.relay.example ~all"),
        ("spf", ("shop.example", "TXT", ["v=spf1 -all", "v=spf1 ~all"]), "bad", "v=spf1 a:mail.relay.example ~all"),
        ("spf", ("shop.example", "TXT", ["v=spf1 mx +all"]), "bad", "v=spf1 mx ~all"),
        ("spf", ("shop.example", "TXT", ["v=spf1 mx ?all"]), "advice", "v=spf1 mx ~all"),
        ("spf", ("shop.example", "TXT", ["v=spf1 " + "a:x.example " * 11 + "~all"]), "bad", ""),
        ("spf", ("shop.example", "TXT", None), "advice", ""),
        ("dkim", ("s1._domainkey.shop.example", "TXT", []), "bad", SENDING.key),
        ("dkim", ("s1._domainkey.shop.example", "TXT", ["v=DKIM1; p=EF"]), "bad", SENDING.key),
        ("dmarc", ("_dmarc.shop.example", "TXT", []), "bad", "v=DMARC1; p=none; rua=mailto:postmaster@shop.example"),
        ("dmarc", ("_dmarc.shop.example", "TXT", ["v=DMARC1"]), "bad",
         "v=DMARC1; p=none; rua=mailto:postmaster@shop.example"),
        ("mx", ("shop.example", "MX", ["0 ."]), "bad", "10 mail.relay.example."),
        ("ptr", ("192.0.2.5", "PTR", []), "advice", ""),
        ("ptr", ("192.0.2.5", "PTR", ["other.example."]), "advice", ""),
        ("ptr", ("mail.relay.example", "A", []), "bad", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_to_paste(
    about: str, change: tuple[str, str, list[str] | None], standing: str, paste: str
) -> None:
    one = found(about, change)
    assert (one.standing, one.value) == (standing, paste)


def test_without_a_key_of_our_own_failures_must_go_to_the_same_organisation() -> None:
    elsewhere = Sending("shop.example", bounces="relay.example")
    assert found("alignment", sending=elsewhere).standing == "bad"
    assert found("alignment", sending=Sending("news.shop.example", bounces="b.shop.example")).standing == "good"


def test_a_loop_of_includes_ends() -> None:
    zone = Zone(("a.example", "TXT", ["v=spf1 include:a.example include:b.example ~all"]))
    assert count_lookups("v=spf1 include:a.example ~all", zone, {"shop.example"}) == 3


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("shop.example", "shop.example"),
        ("a.b.shop.com", "shop.com"),
        ("mail.shop.co.kr", "shop.co.kr"),
        ("co.kr", "co.kr"),
    ],
)
def test_organisations(domain: str, owner: str) -> None:
    assert organisation(domain) == owner


@pytest.mark.parametrize(
    ("server", "named"),
    [
        ("mail.shop.example", "a:mail.shop.example"),
        ("", "mx"),
        ("127.0.0.1", "mx"),  # a relay beside the shop: who sends in the end is somebody else
        ("10.0.0.25", "mx"),
        ("8.8.8.8", "ip4:8.8.8.8"),
        ("2001:4860:4860::8888", "ip6:2001:4860:4860::8888"),
    ],
)
def test_the_server_is_named_as_spf_names_it(server: str, named: str) -> None:
    missing = ("shop.example", "TXT", [])
    sending = Sending("shop.example", server, "s1", "v=DKIM1; k=rsa; p=ABCD")
    assert found("spf", missing, sending=sending).value == f"v=spf1 {named} ~all"
    assert found("mx", ("shop.example", "MX", []), sending=sending).value.startswith("10 mail.shop.example")


def test_a_relay_in_the_shops_own_network_needs_no_name() -> None:
    sending = Sending("shop.example", "127.0.0.1", "s1", "v=DKIM1; k=rsa; p=ABCD")
    assert not [one for one in check(sending, Zone()) if one.about == "ptr"]
    public = check(Sending("shop.example", "192.0.2.5"), Zone())
    assert not [one for one in public if one.about == "ptr"], "a documentation address is no public one"
