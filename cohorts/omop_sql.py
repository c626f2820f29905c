"""The questions that are asked of OMOP tables. Every column comes in as text and is cast here."""

from __future__ import annotations

REQUIRED = ("person", "concept", "measurement", "condition_occurrence", "drug_exposure")
"""Tables without which no chart could be made."""

TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "person": (
        ("person_id", "gender_concept_id", "year_of_birth"),
        ("month_of_birth", "day_of_birth", "care_site_id"),
    ),
    "death": (("person_id", "death_date"), ()),
    "concept": (("concept_id", "concept_code", "vocabulary_id"), ("concept_name",)),
    "concept_ancestor": (("ancestor_concept_id", "descendant_concept_id"), ()),
    "measurement": (
        ("measurement_id", "person_id", "measurement_concept_id", "measurement_date"),
        (
            "value_as_number",
            "value_as_concept_id",
            "operator_concept_id",
            "unit_concept_id",
            "unit_source_value",
            "range_low",
            "range_high",
            "measurement_source_concept_id",
        ),
    ),
    "observation": (
        ("observation_id", "person_id", "observation_concept_id", "observation_date"),
        (
            "value_as_number",
            "value_as_concept_id",
            "unit_concept_id",
            "unit_source_value",
            "observation_source_concept_id",
        ),
    ),
    "condition_occurrence": (
        ("condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date"),
        ("condition_source_concept_id",),
    ),
    "drug_exposure": (
        ("drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date"),
        ("drug_exposure_end_date", "verbatim_end_date", "days_supply"),
    ),
}
"""Table -> columns that must be there, and columns that are read where they are."""

GAP_DAYS = 30
"""Between two exposures of one drug era: the persistence window of OHDSI."""

# One row for each concept that means a code of the decision; several codes may mean one concept.
_CODES = """
CREATE TABLE codes AS
SELECT DISTINCT c.concept_id, w.system, c.concept_code AS code, c.concept_name AS display
FROM raw_concept c JOIN wanted w
  ON w.vocabulary = c.vocabulary_id AND NOT w.prefix AND w.code = c.concept_code
UNION
SELECT DISTINCT c.concept_id, w.system, c.concept_code, c.concept_name
FROM raw_concept c JOIN wanted w
  ON w.vocabulary = c.vocabulary_id AND w.prefix AND starts_with(c.concept_code, w.code)
UNION
SELECT concept_id, system, code, '' FROM own
"""
_CODINGS = """
CREATE TABLE codings AS
SELECT concept_id,
       list({system: system, code: code, display: display} ORDER BY system, code) AS codes
FROM codes GROUP BY concept_id
"""
# What a result answers with may be any concept of a known vocabulary, listed or not.
_ANSWERS = """
CREATE VIEW answers AS
SELECT c.concept_id, [{system: s.system, code: c.concept_code, display: c.concept_name}] AS codes
FROM raw_concept c JOIN systems s ON s.vocabulary = c.vocabulary_id
"""
_FACTS = """
CREATE TABLE facts AS
SELECT TRY_CAST(person_id AS BIGINT) AS person, 'measurement-' || measurement_id AS name,
       measurement_date[:10] AS day, measurement_concept_id AS concept,
       measurement_source_concept_id AS source, TRY_CAST(value_as_number AS DOUBLE) AS value,
       operator_concept_id AS operator, unit_concept_id AS unit,
       unit_source_value AS written_unit, value_as_concept_id AS answer,
       TRY_CAST(range_low AS DOUBLE) AS low, TRY_CAST(range_high AS DOUBLE) AS high
FROM raw_measurement
WHERE measurement_concept_id IN (SELECT concept_id FROM codings)
   OR measurement_source_concept_id IN (SELECT concept_id FROM codings)
UNION ALL
SELECT TRY_CAST(person_id AS BIGINT), 'observation-' || observation_id, observation_date[:10],
       observation_concept_id, observation_source_concept_id,
       TRY_CAST(value_as_number AS DOUBLE), NULL, unit_concept_id, unit_source_value,
       value_as_concept_id, NULL, NULL
FROM raw_observation
WHERE observation_concept_id IN (SELECT concept_id FROM codings)
   OR observation_source_concept_id IN (SELECT concept_id FROM codings)
"""
# A product is a descendant of its ingredient (RxNorm) and of its class (ATC); both may be listed.
_INGREDIENTS = """
CREATE TABLE ingredients AS
SELECT concept_id AS concept, concept_id AS meant FROM codings
UNION
SELECT a.descendant_concept_id, a.ancestor_concept_id
FROM raw_concept_ancestor a JOIN codings k ON k.concept_id = a.ancestor_concept_id
"""
_EXPOSURES = """
CREATE TABLE exposures AS
SELECT TRY_CAST(d.person_id AS BIGINT) AS person, i.meant,
       TRY_CAST(d.drug_exposure_start_date[:10] AS DATE) AS start,
       greatest(TRY_CAST(d.drug_exposure_start_date[:10] AS DATE), coalesce(
           TRY_CAST(d.verbatim_end_date[:10] AS DATE),
           TRY_CAST(d.drug_exposure_end_date[:10] AS DATE),
           TRY_CAST(d.drug_exposure_start_date[:10] AS DATE)
               + CAST(coalesce(TRY_CAST(d.days_supply AS DOUBLE), 0) AS INTEGER))) AS until
FROM raw_drug_exposure d JOIN ingredients i ON i.concept = d.drug_concept_id
WHERE TRY_CAST(d.drug_exposure_start_date[:10] AS DATE) IS NOT NULL
"""
PREPARE = (_CODES, _CODINGS, _ANSWERS, _FACTS, _INGREDIENTS, _EXPOSURES)
"""In this order, once the views and the wanted codes are there."""

LAST_DAY = """
SELECT CAST(max(day) AS VARCHAR) FROM (
    SELECT max(TRY_CAST(day AS DATE)) AS day FROM facts
    UNION ALL SELECT max(until) FROM exposures
)
"""
ERAS = f"""
CREATE TABLE eras AS
WITH marked AS (
    SELECT *, CASE WHEN start <= max(until) OVER earlier + {GAP_DAYS} THEN 0 ELSE 1 END AS begins
    FROM exposures
    WINDOW earlier AS (PARTITION BY person, meant ORDER BY start, until
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY person, meant ORDER BY start, until
                                ROWS UNBOUNDED PRECEDING) AS era
    FROM marked
)
SELECT person, meant, era, min(start) AS start, max(until) AS until,
       max(until) + {GAP_DAYS} >= CAST($taken AS DATE) AS goes_on
FROM numbered GROUP BY person, meant, era
"""  # noqa: S608

COUNT = "SELECT count(DISTINCT person_id) FROM raw_person"
UNUSED = """
SELECT 'result of a person who is not in the export', count(*) FROM facts
WHERE person NOT IN (SELECT TRY_CAST(person_id AS BIGINT) FROM raw_person)
UNION ALL
SELECT 'drug of a person who is not in the export', count(*) FROM eras
WHERE person NOT IN (SELECT TRY_CAST(person_id AS BIGINT) FROM raw_person)
"""

PERSONS = """
SELECT TRY_CAST(p.person_id AS BIGINT) AS person, TRY_CAST(p.gender_concept_id AS INTEGER),
       TRY_CAST(p.year_of_birth AS INTEGER), TRY_CAST(p.month_of_birth AS INTEGER),
       TRY_CAST(p.day_of_birth AS INTEGER), p.care_site_id, d.died
FROM raw_person p LEFT JOIN (
    SELECT person_id, min(death_date)[:10] AS died FROM raw_death GROUP BY person_id
) d ON d.person_id = p.person_id
ORDER BY person
"""
_KNOWN = "SELECT TRY_CAST(person_id AS BIGINT) FROM raw_person"
RESULTS = f"""
SELECT f.person, f.name, f.day,
       list_concat(coalesce(a.codes, []), coalesce(b.codes, [])) AS codes, f.value, o.concept_name,
       u.concept_code, f.written_unit, coalesce(v.codes, []), f.low, f.high
FROM facts f
LEFT JOIN codings a ON a.concept_id = f.concept
LEFT JOIN codings b ON b.concept_id = f.source AND f.source <> f.concept
LEFT JOIN raw_concept o ON o.concept_id = f.operator
LEFT JOIN raw_concept u ON u.concept_id = f.unit AND u.vocabulary_id = 'UCUM'
LEFT JOIN answers v ON v.concept_id = f.answer
WHERE f.person IN ({_KNOWN})
ORDER BY f.person, f.name
"""  # noqa: S608
CONDITIONS = f"""
SELECT TRY_CAST(c.person_id AS BIGINT) AS person,
       'condition-' || c.condition_occurrence_id AS name, c.condition_start_date[:10],
       list_concat(coalesce(a.codes, []), coalesce(b.codes, []))
FROM raw_condition_occurrence c
LEFT JOIN codings a ON a.concept_id = c.condition_concept_id
LEFT JOIN codings b ON b.concept_id = c.condition_source_concept_id
    AND c.condition_source_concept_id <> c.condition_concept_id
WHERE (a.codes IS NOT NULL OR b.codes IS NOT NULL)
  AND TRY_CAST(c.person_id AS BIGINT) IN ({_KNOWN})
ORDER BY person, name
"""  # noqa: S608
DRUGS = f"""
SELECT e.person, 'drug-' || e.person || '-' || e.meant || '-' || e.era AS name,
       CAST(e.start AS VARCHAR), CASE WHEN e.goes_on THEN NULL ELSE CAST(e.until AS VARCHAR) END,
       k.codes
FROM eras e JOIN codings k ON k.concept_id = e.meant
WHERE e.person IN ({_KNOWN})
ORDER BY e.person, name
"""  # noqa: S608
