"""Dates keep what is known and invent nothing: no day, no hour, no zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.quantities import Precision
from fhir.dates import UnusableDateError, lacks_zone, moment

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
clocks = st.times()
# every offset in use on earth lies between these, in quarter hours
zones = st.integers(-12 * 4, 14 * 4).map(lambda q: timezone(timedelta(minutes=15 * q)))


@pytest.mark.parametrize(
    ("written", "earliest", "latest", "precision"),
    [
        ("2019", "2018-12-31T10:00:00Z", "2020-01-01T11:59:59.999999Z", Precision.YEAR),
        ("2019-02", "2019-01-31T10:00:00Z", "2019-03-01T11:59:59.999999Z", Precision.MONTH),
        ("2019-12", "2019-11-30T10:00:00Z", "2020-01-01T11:59:59.999999Z", Precision.MONTH),
        ("2020-02-29", "2020-02-28T10:00:00Z", "2020-03-01T11:59:59.999999Z", Precision.DAY),
        ("2020-02-29T23:30:00+01:00", "2020-02-29T22:30:00Z", "2020-02-29T22:30:00Z", None),
        ("2020-02-29T23:30:00.973Z", "2020-02-29T23:30:00.973Z", "2020-02-29T23:30:00.973Z", None),
        ("2020-02-29T23:30Z", "2020-02-29T23:30:00Z", "2020-02-29T23:30:59.999999Z", None),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "2017-01-01T00:00:00Z", None),
        ("2020-02-29T08:15:00", "2020-02-28T18:15:00Z", "2020-02-29T20:15:00Z", Precision.DAY),
        (" 2020-02-29 ", "2020-02-28T10:00:00Z", "2020-03-01T11:59:59.999999Z", Precision.DAY),
    ],
)
def test_a_date_spans_what_it_leaves_open(written, earliest, latest, precision):
    when = moment(written)

    assert when.earliest == datetime.fromisoformat(earliest)
    assert when.latest == datetime.fromisoformat(latest)
    assert when.precision is (precision or Precision.INSTANT)
    assert when.text == written.strip()


@pytest.mark.parametrize(
    "written",
    [
        "2019-02-29",
        "2019-13",
        "2019-00-01",
        "0202-01-01",
        "9999-12-31",
        "2019-1-1",
        "19-01-01",
        "2026-W45-1",
        "20261102",
        "2026-11-02 08:15:00Z",
        "2026-11-02T25:00:00Z",
        "2026-11-02T08:15:00+15:00",
        "2026-11-02T08Z",
        "٢٠٢٦-١١-٠٢",
        "yesterday",
        "",
        None,
        20261102,
        ["2026-11-02"],
    ],
)
def test_what_is_no_date_is_refused_without_being_repeated(written):
    with pytest.raises(UnusableDateError) as refused:
        moment(written)

    assert not written or str(written) not in str(refused.value)


@given(day=days, clock=clocks, zone=zones)
def test_a_bare_day_contains_every_instant_of_that_day_in_every_zone(day, clock, zone):
    # the reason for the wide bounds: a look-back must not be passed or failed by an invented zone
    truth = datetime.combine(day, clock, tzinfo=zone)

    for written in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        when = moment(written)
        assert when.earliest <= truth <= when.latest


@given(day=days, clock=clocks, zone=zones)
def test_an_unzoned_time_contains_that_clock_in_every_zone(day, clock, zone):
    clock = clock.replace(microsecond=0, fold=0)
    when = moment(datetime.combine(day, clock).isoformat())

    assert when.earliest <= datetime.combine(day, clock, tzinfo=zone) <= when.latest
    assert lacks_zone(when)


@given(day=days, clock=clocks, zone=zones)
def test_a_zoned_time_is_exactly_that_instant(day, clock, zone):
    truth = datetime.combine(day, clock.replace(fold=0), tzinfo=zone)
    when = moment(truth.isoformat(timespec="microseconds"))

    assert when.earliest == when.latest == truth
    assert not lacks_zone(when)


@given(day=days)
def test_a_more_exact_date_lies_within_the_less_exact(day):
    year, month, exact = (moment(day.isoformat()[:n]) for n in (4, 7, 10))

    assert year.earliest <= month.earliest <= exact.earliest
    assert exact.latest <= month.latest <= year.latest


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_an_error_of_its_own_kind(written):
    try:
        when = moment(written)
    except UnusableDateError:
        return
    assert when.earliest <= when.latest


def test_a_day_is_26_hours_wider_than_itself():
    when = moment("2026-11-02")
    noon_utc = datetime.combine(date(2026, 11, 2), time(12), tzinfo=UTC)

    assert when.earliest < noon_utc < when.latest
    assert when.latest - when.earliest == timedelta(hours=50) - timedelta(microseconds=1)
