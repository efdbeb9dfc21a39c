"""A run folder goes on with the same experiment and refuses another."""

import hashlib
import json
from pathlib import Path

import pytest

from d3d_tf import config
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from tests.harness import made_up_flow

RECIPE = Recipe(name="mine", seed=3)
FLOW = made_up_flow()
LABELS = ["jump", "über die Hürde", "wave hand"]
# printf 'jump\nüber die Hürde\nwave hand\n' | sha256sum
SHA256 = "fafa87e773bb481b39446bfe5fd98c81592b69addbfa7c6774b8f89386456721"


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path / "runs" / "mine")
    run.start(RECIPE, LABELS, Origin(records=Path("records/x-12"), flow=FLOW))
    return run


def contents(run):
    return {p.name: p.read_bytes() for p in run.folder.iterdir() if p.is_file()}


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_started_run_tells_what_it_is(run):
    assert run.recipe() == RECIPE
    assert run.labels() == LABELS
    assert run.origin() == {
        "labels_sha256": SHA256,
        "recipe_sha256": sha256_of(run.recipe_path),
        "records": "records/x-12",
        "teacher": None,
        "flow": FLOW,
        "flow_mismatch": None,
    }
    assert run.exists() and not Run(run.folder / "x").exists()


def test_the_teacher_is_remembered(tmp_path):
    run = Run(tmp_path / "student")
    run.start(
        RECIPE,
        LABELS,
        Origin(
            records=Path("r"),
            flow=FLOW,
            teacher=Path("runs/other"),
            flow_mismatch={"runs/other": {}, "r": FLOW},
        ),
    )
    assert run.origin() == {
        "labels_sha256": SHA256,
        "recipe_sha256": sha256_of(run.recipe_path),
        "records": "r",
        "teacher": "runs/other",
        "flow": FLOW,
        "flow_mismatch": {"runs/other": {}, "r": FLOW},
    }


def test_the_files_are_where_the_contract_says(tmp_path):
    run = Run(tmp_path)
    assert run.recipe_path == tmp_path / "recipe.yaml"
    assert run.results_path == tmp_path / "results.json"
    assert run.report_path == tmp_path / "report.html"
    assert run.export_path == tmp_path / "export"
    assert run.checkpoints("student").parent == tmp_path / "checkpoints"
    assert run.tensorboard("student").parent == tmp_path / "tensorboard"


def test_roles_and_splits_do_not_share_files(tmp_path):
    run = Run(tmp_path)
    roles = ("teacher", "baseline", "student")
    paths = [
        path
        for role in roles
        for path in (
            run.checkpoints(role),
            run.tensorboard(role),
            run.costs(role),
            run.scores(role, "train"),
            run.scores(role, "test"),
        )
    ]
    assert len(set(paths)) == 5 * len(roles)


def test_the_same_experiment_goes_on(run):
    (run.folder / "checkpoints").mkdir()
    before = contents(run)
    run.start(RECIPE, LABELS, Origin(records=Path("records/x-12"), flow=FLOW))
    assert contents(run) == before
    assert (run.folder / "checkpoints").is_dir()


@pytest.mark.parametrize(
    ("setting", "difference"),
    [
        ("seed=4", "seed is 3 there, 4 here"),
        ("train.steps=9", "train.steps is 140000 there, 9 here"),
        ("clip.flip=false", "clip.flip is True there, False here"),
    ],
)
def test_another_recipe_is_refused_and_nothing_changes(
    run, setting, difference
):
    before = contents(run)
    other = config.override(RECIPE, [setting])
    with pytest.raises(UsageError) as caught:
        run.start(other, LABELS, Origin(records=Path("elsewhere"), flow=FLOW))
    assert difference in str(caught.value)
    assert str(run.folder) in str(caught.value)
    assert "--run_dir" in str(caught.value)
    assert contents(run) == before


@pytest.mark.parametrize("labels", [LABELS[::-1], LABELS[:2], [*LABELS, "x"]])
def test_other_classes_are_refused(run, labels):
    with pytest.raises(UsageError, match="classes is"):
        run.start(RECIPE, labels, Origin(records=Path("r"), flow=FLOW))
    assert run.labels() == LABELS


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"x is no run: no recipe\.yaml"):
        Run(tmp_path / "x").recipe()


def test_results_are_read_as_written(run):
    assert run.read_results() == {}
    results = {"metrics": {"student/top1": {"value": 0.1, "n": 3}}, "s": "ü"}
    run.write_results(results)
    assert run.read_results() == results


def test_records_of_the_same_flow_are_taken(run):
    assert run.require_flow(dict(FLOW), Path("r"), allow=False) is None


def test_records_of_another_flow_are_refused_unless_allowed(run):
    other = made_up_flow(library="another solver")
    with pytest.raises(UserError) as caught:
        run.require_flow(other, Path("records/y"), allow=False)
    difference = (
        f"library: 'made up' in {run.folder}, 'another solver' in records/y"
    )
    assert difference in str(caught.value)
    assert "frame_rate" not in str(caught.value)
    found = run.require_flow(other, Path("records/y"), allow=True)
    assert found == {str(run.folder): FLOW, "records/y": other}


def test_a_run_whose_flow_is_not_known(run):
    """One of a version that did not save how it was made."""
    old = {"records": "r", "teacher": None}
    (run.folder / "origin.json").write_text(json.dumps(old))
    for ask in (
        run.origin,
        lambda: run.require_flow(FLOW, Path("r"), allow=True),
    ):
        with pytest.raises(UsageError, match=f"{run.folder}.*start another"):
            ask()


CONVERTED = {"converted": {"family": "slim"}}


def test_where_weights_came_from(tmp_path):
    run = Run(tmp_path / "x")
    run.start(RECIPE, LABELS, Origin(records=None, flow={}, weights=CONVERTED))
    assert run.weights() == CONVERTED and run.is_converted()
    assert run.origin()["records"] is None


def test_a_run_from_scratch_has_no_weights_of_others(run):
    assert run.weights() is None and not run.is_converted()


def test_another_start_is_refused(tmp_path):
    run = Run(tmp_path / "x")
    given = {"init": [{"run": "runs/a"}]}

    def start(weights):
        run.start(
            RECIPE,
            LABELS,
            Origin(records=Path("r"), flow=FLOW, weights=weights),
        )

    start(given)
    start(given)
    with pytest.raises(UsageError, match="from runs/a and .* from scratch"):
        start(None)
    with pytest.raises(UsageError, match="runs/a and .* from runs/b"):
        start({"init": [{"run": "runs/b"}]})
    assert run.weights() == given


def test_a_start_may_be_spelt_in_another_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run(tmp_path / "x")
    for name in ("runs/a", str(tmp_path / "runs" / "a")):
        weights = {"init": [{"run": name}]}
        run.start(
            RECIPE,
            LABELS,
            Origin(records=Path("r"), flow=FLOW, weights=weights),
        )
    assert run.weights() == weights


def test_other_videos_are_refused(tmp_path):
    """Those of the same classes, too: the networks never saw them."""
    run = Run(tmp_path / "x")

    def start(records, dataset, flow=FLOW):
        run.start(
            RECIPE,
            LABELS,
            Origin(records=Path(records), flow=flow, dataset=dataset),
        )

    start("records/a", "0123")
    start("moved/a", "0123")
    with pytest.raises(UsageError, match="moved/a, those of records/b are oth"):
        start("records/b", "4567")
    assert run.origin()["records"] == "moved/a"
    # Of another flow, which was accepted before it came here.
    start("records/c", "89ab", made_up_flow(library="another solver"))
    start("records/a", "0123")


def test_an_older_run_has_the_data_set_in_its_results(run):
    run.write_results({"dataset": {"digest": "0123"}, "metrics": {}})
    with pytest.raises(UsageError, match="are others"):
        run.start(
            RECIPE, LABELS, Origin(records=Path("b"), flow=FLOW, dataset="4567")
        )


def test_another_teacher_is_refused_once_a_student_learns(tmp_path):
    run = Run(tmp_path / "x")

    def start(teacher):
        run.start(
            RECIPE,
            LABELS,
            Origin(records=Path("r"), flow=FLOW, teacher=teacher),
        )

    start(None)
    start(tmp_path / "a")
    run.checkpoints("student").mkdir(parents=True)
    start(tmp_path / "b" / ".." / "a")
    with pytest.raises(UsageError, match="/a, now it is .* the run itself"):
        start(None)
    with pytest.raises(UsageError, match="of .*/a, now .* of .*/b .--teacher"):
        start(tmp_path / "b")


def test_a_converted_run_compares_what_its_authors_told(tmp_path):
    run = Run(tmp_path / "x")
    told = {"flow": {"saturation": FLOW["flow"]["saturation"]}}
    run.start(
        RECIPE, LABELS, Origin(records=None, flow=told, weights=CONVERTED)
    )
    assert run.require_flow(FLOW, Path("r"), allow=False) is None
    other = FLOW | {"flow": FLOW["flow"] | {"saturation": 15.0}}
    with pytest.raises(UserError, match="flow.saturation: 20.0 in .* 15.0"):
        run.require_flow(other, Path("r"), allow=False)
