"""A platform is known by blood measured on two; an unknown one, or a poor sample, is not used."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.expression import errors as e
from models.expression import register as command
from models.expression.kinds import Kind, Scale
from models.expression.platforms import FOLDER, load_platform, load_platforms, save_platform
from models.expression.quality import profile_correlation, zero_share
from models.expression.register import Identity, register, standard_scores
from models.expression.sample import Sample
from models.expression.scorer import REGISTER, Scorer
from models.simulate import platforms as simulated
from models.simulate.expression import World, as_samples, measure
from tests.expression_samples import (
    ARRAY,
    RNA,
    blood,
    declared,
    genes,
    lines,
    panels,
    sample,
    scorer,
    table,
    two,
)

IDENTITY = Identity(id="new", label="New", version="1", specimen="whole-blood", date="2026-11-22")


def samples(platform: str, n: int = 40, seed: int = 9) -> dict[str, Sample]:
    values = blood(n, seed)[1][platform]
    return as_samples(genes(), values, two().machines[platform].kind)


def refused(content: bytes, said=None, **more) -> str:
    with pytest.raises(e.ExpressionError) as caught:
        scorer().score(content, said or declared(**more))
    return f"{caught.value.message} {caught.value.remedy}"


def test_the_shipped_platforms_are_what_the_code_makes():
    for name, platform in load_platforms().items():
        fresh = two().platforms[name]
        assert platform.genes == fresh.genes
        assert platform.profile == pytest.approx(fresh.profile, abs=1e-4)
        assert platform.limits == fresh.limits
        assert platform.simulated
        for panel, known in platform.recentring.items():
            assert dataclasses.asdict(known) == pytest.approx(
                dataclasses.asdict(fresh.recentring[panel])
            )


def test_the_command_writes_the_shipped_platforms(tmp_path, capsys):
    assert simulated.main(["--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == [RNA, ARRAY]
    written = (tmp_path / ARRAY / "platform.json").read_bytes()
    assert written == (FOLDER / ARRAY / "platform.json").read_bytes()


def test_one_blood_on_two_registered_platforms_has_nearly_one_score():
    """Thirty fresh bloods: each panel's scores agree to a tenth of a standard deviation on average
    (a quarter for the panels of five and six genes, whose errors do not average out).
    """
    own = [standard_scores(scorer(), p, samples(p, 30, 77)) for p in (RNA, ARRAY)]
    for panel in panels().panels:
        gaps = [abs(own[0][s][panel.id] - own[1][s][panel.id]) for s in own[0]]
        assert np.mean(gaps) < (0.25 if panel.size < 10 else 0.1), panel.id


def test_the_scores_are_the_latent_ones_in_standard_deviations():
    latent = blood(40, 9)[0]
    found = standard_scores(scorer(), RNA, samples(RNA))
    for panel in ("neutrophil", "interferon_alpha", "tnf_nfkb"):
        ours = np.array([found[s][panel] for s in found])
        assert np.corrcoef(ours, latent[panel])[0, 1] > 0.97
        assert ours.std() == pytest.approx(1.0, abs=0.35)


def test_without_recentring_the_array_would_be_read_off_the_mark():
    """What a registration is for: the raw scores of the same blood lie elsewhere on the array."""
    own = {p: two().platforms[p].recentring for p in (RNA, ARRAY)}
    shifts = [abs(own[ARRAY][k].location - r.location) / r.scale for k, r in own[RNA].items()]
    assert max(shifts) > 0.1


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([np.log2, np.sqrt]), st.integers(0, 5))
def test_taking_logarithms_leaves_a_score_as_it_is(change, row):
    own = sample(ARRAY, row)
    log = scorer().scored(Sample(genes(), np.log2(own), Scale(Kind.INTENSITY, True)), ARRAY)
    plain = scorer().scored(Sample(genes(), own, Scale(Kind.INTENSITY)), ARRAY)
    odd = scorer().scored(Sample(genes(), change(own), Scale(Kind.INTENSITY, True)), ARRAY)
    assert {k: s.raw for k, s in log.scores.items()} == {k: s.raw for k, s in plain.scores.items()}
    assert {k: s.raw for k, s in odd.scores.items()} == {k: s.raw for k, s in plain.scores.items()}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_leaves_every_score_as_it_is(seed):
    order = np.random.default_rng(seed).permutation(len(genes()))
    own = sample()
    names = tuple(genes()[i] for i in order)
    first = scorer().scored(Sample(genes(), own, Scale(Kind.TPM)), RNA)
    second = scorer().scored(Sample(names, own[order], Scale(Kind.TPM)), RNA)
    assert {k: s.raw for k, s in first.scores.items()} == {
        k: s.raw for k, s in second.scores.items()
    }


def test_a_file_comes_out_as_panels_with_quality_and_what_is_missing():
    found = scorer().score(table(), declared())
    assert set(found.scores) == {p.id for p in panels().panels}
    assert {c.id for c in found.quality} == {"coverage", "zeros", "correlation"}
    assert all(c.passed for c in found.quality)
    assert "not public" in found.missing["tnfi_nonresponse"]
    assert found.scores["neutrophil"].measured == 51


def test_an_unknown_platform_says_how_many_samples_and_which_command():
    said = refused(table(), platform="another")
    assert "not registered" in said
    assert "10 samples (better 30)" in said
    assert REGISTER in said
    assert "another" not in said.replace("another specimen", "")
    assert "not declared" in refused(table(), platform="")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"specimen": "synovium"}, "another specimen"),
        ({"specimen": ""}, "no specimen"),
        ({"scale": "count"}, "rank differently"),
        ({"scale": "volts"}, "no known kind"),
    ],
)
def test_another_specimen_or_kind_than_registered_is_not_used(more, said):
    assert said in refused(table(), **more)


def test_too_few_of_the_platforms_genes():
    kept = list(range(0, len(genes()), 2))
    half = lines([genes()[i] for i in kept], sample()[kept] * 2.0)
    assert "50% of the genes" in refused(half)


def test_a_panel_with_too_few_genes_is_missing_and_the_others_are_not():
    gone = set(panels().panel("interferon_six").up[:3])
    kept = [i for i, g in enumerate(genes()) if g not in gone]
    found = scorer().score(lines([genes()[i] for i in kept], sample()[kept]), declared())
    assert "3 of 6 genes" in found.missing["interferon_six"]
    assert "neutrophil" in found.scores


def test_another_kind_of_blood_fails_the_profile():
    rng = np.random.default_rng(3)
    said = refused(lines(genes(), sample()[rng.permutation(len(genes()))]))
    assert "rank correlation" in said
    assert "repeated" in said


def test_a_sample_of_many_zeros_fails():
    thin = np.where(sample() < np.median(sample()), 0.0, sample())
    assert "lowest value" in refused(lines(genes(), thin))


def test_a_shallow_sample_fails_where_counts_are_registered():
    rng = np.random.default_rng(4)
    world = two().world
    machine = world.machine(Kind.COUNT, rng)
    latent = {p.id: rng.standard_normal(12) for p in panels().panels}
    counts = measure(world.blood(latent, rng), machine, rng)
    platform = register(IDENTITY, as_samples(world.genes, counts, Kind.COUNT), panels())
    counted = Scorer(panels(), {"new": platform})
    deep = Sample(world.genes, counts[0], Scale(Kind.COUNT))
    assert {c.id for c in counted.scored(deep, "new").quality} >= {"total"}
    shallow = Sample(world.genes, np.floor(counts[0] / 4), Scale(Kind.COUNT))
    with pytest.raises(e.PlatformError, match="sum of all genes"):
        counted.scored(shallow, "new")


def test_a_score_beyond_belief_is_missing():
    platform = two().platforms[RNA]
    narrow = dataclasses.replace(platform.recentring["nk"], scale=1e-4)
    strict = dataclasses.replace(platform, recentring={**platform.recentring, "nk": narrow})
    found = Scorer(panels(), {RNA: strict}).score(table(), declared())
    assert "6 standard deviations" in found.missing["nk"]
    assert "t_cell" in found.scores


def test_a_panel_that_changed_since_registration_is_missing():
    platform = two().platforms[RNA]
    old = dataclasses.replace(platform.recentring["nk"], sha256="other")
    changed = dataclasses.replace(platform, recentring={**platform.recentring, "nk": old})
    found = Scorer(panels(), {RNA: changed}).score(table(), declared())
    assert "changed since" in found.missing["nk"]
    assert "t_cell" in found.scores


def test_location_and_scale_are_those_of_the_pairs_by_hand():
    """On paired blood the recentred scores have the reference's mean and spread exactly."""
    reference = standard_scores(scorer(), RNA, samples(RNA))
    platform = register(IDENTITY, samples(ARRAY), panels(), (RNA, reference))
    new = Scorer(panels(), {"new": platform})
    ours = standard_scores(new, "new", samples(ARRAY))
    for panel in ("nk", "interferon_six"):
        mine, theirs = (np.array([s[panel] for s in x.values()]) for x in (ours, reference))
        assert mine.mean() == pytest.approx(theirs.mean(), abs=1e-9)
        assert mine.std() == pytest.approx(theirs.std(), abs=1e-9)
        assert platform.recentring[panel].error > 0.0
    assert platform.reference == RNA


@pytest.mark.parametrize("n", [1, 9])
def test_fewer_than_ten_samples_or_pairs_register_nothing(n):
    with pytest.raises(e.PlatformError, match="fewer than 10"):
        register(IDENTITY, samples(ARRAY, n), panels())
    reference = standard_scores(scorer(), RNA, samples(RNA))
    few = dict(list(reference.items())[:n])
    with pytest.raises(e.PlatformError, match="pairs of samples"):
        register(IDENTITY, samples(ARRAY), panels(), (RNA, few))


def test_a_platform_that_does_not_measure_a_panel_registers_the_others():
    gone = set(panels().panel("plasmablast").up)
    kept = [i for i, g in enumerate(genes()) if g not in gone]
    fewer = {
        name: Sample(tuple(genes()[i] for i in kept), s.values[kept], s.scale)
        for name, s in samples(ARRAY).items()
    }
    platform = register(IDENTITY, fewer, panels())
    assert "plasmablast" not in platform.recentring
    own = fewer["S1"]
    found = Scorer(panels(), {"new": platform}).scored(own, "new")
    assert "Register the platform again" in found.missing["plasmablast"]


def test_a_platform_is_read_as_it_was_written(tmp_path):
    folder = save_platform(two().platforms[ARRAY], tmp_path, b"probe,gene\n1_at,OAS1\n")
    found = load_platform(folder)
    assert found.probes == {"1_at": "OAS1"}
    assert found.recentring == two().platforms[ARRAY].recentring
    assert load_platforms(tmp_path).keys() == {ARRAY}
    assert load_platforms(tmp_path / "none") == {}


@pytest.mark.parametrize("name", ["platform.json", "genes.csv.gz", "SHA256SUMS"])
def test_a_platform_whose_files_changed_stops_the_start(tmp_path, name):
    folder = shutil.copytree(FOLDER / RNA, tmp_path / RNA)
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(e.RegistryError) as caught:
        load_platform(folder)
    assert "Register the platform again" in caught.value.remedy
    path.unlink()
    with pytest.raises(e.RegistryError):
        load_platform(folder)


@pytest.mark.parametrize("change", [{"id": "No Spaces!"}, {"recentring": {}}])
def test_a_platform_that_makes_no_sense_is_refused(change):
    platform = two().platforms[RNA]
    flat = {k: dataclasses.replace(r, scale=0.0) for k, r in platform.recentring.items()}
    with pytest.raises(e.RegistryError):
        dataclasses.replace(platform, **(change if change.get("id") else {"recentring": flat}))


def matrix(path, platform):
    values = blood(12, 31)[1][platform]
    head = "\t".join(["gene", *(f"B{i}" for i in range(len(values)))])
    rows = ["\t".join([g, *map(repr, column.tolist())]) for g, column in zip(genes(), values.T)]  # noqa: B905
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return str(path)


def test_the_command_registers_a_platform_from_two_tables(tmp_path, capsys):
    shutil.copytree(FOLDER / RNA, tmp_path / "platforms" / RNA)
    new, same = (matrix(tmp_path / f"{n}.tsv", n) for n in (ARRAY, RNA))
    words = "--label Ours --version 2 --scale intensity --specimen whole-blood --date 2026-11-22"
    common = [*words.split(), "--folder", str(tmp_path / "platforms")]
    pairs = ["--reference", RNA, "--reference-samples", same]
    alone = ["--as-reference"]
    assert command.main(["--id", "ours", "--samples", new, *pairs, *common]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["platform"], told["samples"], told["advised"]) == ("ours", 12, 30)
    found = Scorer(panels(), load_platforms(tmp_path / "platforms"))
    assert found.platforms["ours"].reference == RNA
    assert (
        command.main(["--id", "ours", "--samples", new, *common, *alone, "--scale", "log2-tpm"])
        == 1
    )
    assert "above 40" in capsys.readouterr().err
    for incomplete in ([], ["--reference", RNA], [*pairs, *alone]):
        with pytest.raises(SystemExit):
            command.main(["--id", "x", "--samples", new, *incomplete, *common])
    with pytest.raises(SystemExit):
        command.main(["--id", "x", "--samples", new, *pairs[:1], "nobody", *pairs[2:], *common])


def test_the_quality_figures_by_hand():
    assert zero_share(np.array([0.0, 0.0, 3.0, 4.0])) == 0.5
    assert profile_correlation(
        np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3])
    ) == pytest.approx(1)
    assert profile_correlation(np.ones(3), np.arange(3.0)) == 0.0


def test_a_world_needs_more_genes_than_its_panels():
    with pytest.raises(ValueError, match="size must exceed"):
        World.draw(panels().panels, 100, np.random.default_rng(1))
