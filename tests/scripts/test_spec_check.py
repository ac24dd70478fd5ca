import tomllib

import pytest

from scripts import spec_check


def test_the_code_has_everything_that_was_asked_for(root):
    spec = tomllib.loads((root / "spec.toml").read_text("utf-8"))

    assert list(spec_check.problems(spec)) == []


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"directories": {"names": ["src", "attic"]}}, "directories: no directory attic"),
        ({"files": {"names": ["Makefile", "Rakefile"]}}, "files: no file Rakefile"),
        ({"settings": {"names": ["APP_ENV", "APP_VENN"]}}, "settings: no APP_VENN"),
        ({"defaults": {"CACHE_TTL_HOT": 31}}, "defaults: CACHE_TTL_HOT is 30, not 31"),
        ({"routes": {"names": ["GET /health", "PUT /health"]}}, "routes: no PUT /health"),
        ({"functions": {"names": ["require_role", "require_rolls"]}}, "functions: no require_rolls"),
        ({"commands": {"names": ["search", "guess"]}}, "commands: no guess"),
        ({"metrics": {"names": ["http_requests_total", "luck_total"]}}, "metrics: no luck_total"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_missing_is_named(spec, problem):
    assert list(spec_check.problems(spec)) == [problem]


@pytest.mark.parametrize(
    "spec", [{"block": {"fields": ["id"]}}, {"roles": {"ascending": ["admin", "reader", "ingestor"]}}], ids=["block", "roles"]
)
def test_another_order_or_set_is_a_problem(spec):
    assert len(list(spec_check.problems(spec))) == 1


def test_a_section_that_nothing_checks_is_refused():
    with pytest.raises(KeyError, match="colours"):
        list(spec_check.problems({"colours": {}}))
