"""What a deployment chooses: a slip of the pen is an error, never the open demo."""

from __future__ import annotations

import re

import pytest

from settings import ROOT, SettingError, Settings

DEMO_PATIENTS = str(ROOT / "examples" / "demo_patients")
HOSPITAL = {"PUBLIC_URL": "https://app.example.org", "HOSTS": "app.example.org"}


def read(**given: str) -> Settings:
    return Settings.read({f"TREATMENT_RESPONSE_{name}": value for name, value in given.items()})


def refused(*words: str, **given: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(**given)
    said = f"{caught.value.message} {caught.value.remedy}"
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize("name", ["EHR", "EHRS_FILE", "ehrs", "PUBLICURL", ""])
def test_a_misspelt_setting_is_named_with_those_there_are(name):
    refused(f"TREATMENT_RESPONSE_{name} ", "TREATMENT_RESPONSE_EHRS", **{name: "ehr.toml"})


def test_variables_of_others_are_left_alone():
    assert Settings.read({"PATH": "/bin", "HOME": ""}).demo


@pytest.mark.parametrize("name", ["EHRS", "DEMO", "HOSTS", "AUDIT", "PUBLIC_URL", "SITE"])
@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_setting_is_named(name, nothing):
    refused(f"TREATMENT_RESPONSE_{name} is empty", **{name: nothing})


def test_every_setting_that_is_documented_is_known_and_the_other_way_round():
    table = (ROOT / "docs" / "deploy.md").read_text().split("## 2.")[0]
    documented = set(re.findall(r"`TREATMENT_RESPONSE_([A-Z_]+)`", table))
    documented |= set(re.findall(r"`_([A-Z_]+)`", table))
    with pytest.raises(SettingError) as caught:
        read(NO_SUCH="x")
    assert documented == set(re.findall(r"TREATMENT_RESPONSE_([A-Z_]+)", caught.value.remedy))


def test_a_laptop_has_the_demo_without_a_word():
    assert read().demo
    assert read(HOSTS="localhost, 127.0.0.1", PUBLIC_URL="http://localhost:8501").demo


@pytest.mark.parametrize(
    "given",
    [
        {"PUBLIC_URL": "https://app.example.org"},
        {"HOSTS": "127.0.0.1,app.example.org"},
        {"AUDIT": "postgresql://trail@/trail"},
        HOSPITAL,
    ],
)
def test_anywhere_else_the_demo_must_be_said(given):
    refused("TREATMENT_RESPONSE_EHRS is missing", "TREATMENT_RESPONSE_DEMO", **given)
    assert read(**given, DEMO="yes").demo
    assert not read(**given, DEMO="no").demo
    assert not read(**given, EHRS="ehr.toml").demo
    assert read(**given, EHRS="ehr.toml", DEMO="yes").demo


@pytest.mark.parametrize("ehrs", [{}, {"EHRS": "ehr.toml"}])
@pytest.mark.parametrize("name", ["PUBLIC_URL", "HOSTS"])
def test_a_folder_of_exports_is_never_offered_to_a_network(tmp_path, ehrs, name):
    given = {name: HOSPITAL[name], "DEMO": "yes", **ehrs}
    refused("TREATMENT_RESPONSE_BUNDLES", "this machine alone", **given, BUNDLES=str(tmp_path))
    assert read(**given, BUNDLES=DEMO_PATIENTS).demo
    assert read(**given, BUNDLES="examples/../examples/demo_patients").demo
    assert not read(**given | {"DEMO": "no", "BUNDLES": str(tmp_path)}).demo
    assert read(BUNDLES=str(tmp_path)).demo


@pytest.mark.parametrize(
    "url",
    [
        "app.example.org",
        "http://app.example.org",
        "https://a?b",
        "https://[a",
        "ftp://a",
        "https://app.example.org/below",
        "https://app.example.org/launch",
    ],
)
def test_a_public_address_that_cannot_be_used_is_named(url):
    refused("TREATMENT_RESPONSE_PUBLIC_URL is", "https", PUBLIC_URL=url, DEMO="yes")


def test_our_pages_have_one_origin_on_a_network():
    assert read(**HOSPITAL, EHRS="e").origin == "https://app.example.org"
    assert read(**HOSPITAL | {"PUBLIC_URL": "https://app.example.org:8443/"}, EHRS="e").origin == (
        "https://app.example.org:8443"
    )
    assert read().origin == ""


@pytest.mark.parametrize("word", ["YES", "true", "1", "maybe"])
def test_yes_and_no_are_the_only_words_for_the_demo(word):
    refused("TREATMENT_RESPONSE_DEMO is", "yes or no", DEMO=word)


def test_the_sample_of_a_proxy_logs_no_address_and_limits_what_comes_before_a_login():
    text = (ROOT / "docs" / "deploy.md").read_text()
    sample = text.split("```nginx\n")[1].split("```")[0]
    for line in (
        "access_log off;",
        "error_log /dev/null crit;",
        "client_max_body_size 20m;",
        'add_header Strict-Transport-Security "max-age=31536000" always;',
        "zone=launches:10m rate=10r/s;",
        "location ~ ^/(launch|standalone)$ {",
        "limit_req zone=launches burst=50 nodelay;",
    ):
        assert line in sample
    assert sample.count("{") == sample.count("}")
