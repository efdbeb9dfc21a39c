"""The results of one run: its own records, other ones, other views."""

import json
from pathlib import Path

import pytest

from d3d_tf.commands import evaluate, export, visualize
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment import stages
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.sealed import sealed
from tests.d3d_tf.commands.conftest import spoil


def start(run, toy, **more):
    """Another run on the toy's records."""
    dataset = toy.dataset()
    run.start(
        toy.recipe,
        dataset.classes,
        Origin(records=dataset.folder, flow=dataset.flow, **more),
    )


def test_evaluate(copied_run, toy, only_scores, capsys):
    """All rows, as they were when the run was made.

    A copy: other processes' tests write results of the shared run, too.
    """
    before = copied_run.read_results()["metrics"]
    evaluate.run(checkpoint=[str(copied_run.folder)])
    assert capsys.readouterr().out.splitlines() == toy.shown.splitlines()[2:8]
    assert copied_run.read_results()["metrics"] == before


@pytest.fixture
def other_data(toy, tmp_path):
    """The toy's records under another name and digest."""
    dataset, folder = toy.dataset(), tmp_path / "elsewhere"
    folder.mkdir()
    for path in dataset.folder.iterdir():
        (folder / path.name).symlink_to(path)
    info = dataset.info | {"name": "other", "digest": "feedbeef01234567"}
    (folder / "dataset.json").unlink()
    (folder / "dataset.json").write_text(json.dumps(info))
    return str(folder)


@pytest.mark.large
def test_other_data_have_results_of_their_own(
    copied_run, other_data, monkeypatch, capsys
):
    """Those of the run, scores included, stay as they are."""

    def content():
        paths = [copied_run.results_path, copied_run.report_path]
        paths += sorted((copied_run.folder / "scores").iterdir())
        return {path: path.read_bytes() for path in paths}

    before = content()
    with pytest.raises(UserError, match="no results on .*elsewhere yet"):
        visualize.run(checkpoint=str(copied_run.folder), data=other_data)
    evaluate.run(checkpoint=[str(copied_run.folder)], data=other_data)
    folder = copied_run.folder / "evaluations" / "other-feedbeef"
    shown = capsys.readouterr().out
    assert shown.endswith(f"\nresults: {folder / 'results.json'}\n")
    results = json.loads((folder / "results.json").read_text())
    assert results["dataset"]["digest"] == "feedbeef01234567"
    # The same videos, so the same numbers.
    ours = copied_run.read_results()["metrics"]
    for name, entry in results["metrics"].items():
        if not name.endswith("ms_per_video"):
            assert entry == ours[name], name
    visualize.run(checkpoint=str(copied_run.folder), data=other_data)
    assert (folder / "report.html").exists()
    assert content() == before
    # A second time they are found again.
    for name in ("train", "score_split", "milliseconds_per_video"):
        monkeypatch.setattr(stages, name, None)
    evaluate.run(checkpoint=[str(copied_run.folder)], data=other_data)
    evaluate.run(checkpoint=[str(copied_run.folder)])
    assert (
        json.loads((folder / "results.json").read_text())["metrics"]
        == (results["metrics"])
    )


def test_evaluate_takes_records(toy, copied_run, only_scores, capsys):
    evaluate.run(
        checkpoint=[str(copied_run.folder)], data=str(toy.dataset().folder)
    )
    assert "D3D + RGB" in capsys.readouterr().out


def test_rows_whose_parts_are_there(toy, tmp_path, only_scores, capsys):
    """A teacher and a baseline make a two-stream row, and no student."""
    run = Run(tmp_path / "run")
    start(run, toy)
    (run.folder / "checkpoints").mkdir()
    for role in ("teacher", "baseline"):
        run.checkpoints(role).symlink_to(toy.run.checkpoints(role))
        run.costs(role).symlink_to(toy.run.costs(role))
        for split in toy.dataset().splits:
            run.scores(role, split).symlink_to(toy.run.scores(role, split))
    evaluate.run(checkpoint=[str(run.folder)])
    lines = capsys.readouterr().out.splitlines()
    assert [line[:16].strip() for line in lines[1:]] == [
        "Flow (teacher)",
        "RGB (baseline)",
        "Two-stream",
    ]
    with pytest.raises(UserError, match="no finished student"):
        export.run(checkpoint=str(run.folder))


def test_a_run_without_anything(toy, tmp_path):
    run = Run(tmp_path / "run")
    start(run, toy)
    with pytest.raises(UserError, match="no finished network.*goes on"):
        evaluate.run(checkpoint=[str(run.folder)])
    with pytest.raises(UserError, match="no finished student"):
        export.run(checkpoint=str(run.folder))
    with pytest.raises(UserError, match="no results"):
        visualize.run(checkpoint=str(run.folder))


def test_a_run_whose_records_are_gone(toy, tmp_path):
    run = Run(tmp_path / "run")
    run.start(toy.recipe, ["a"], Origin(records=tmp_path / "gone", flow={}))
    with pytest.raises(UserError, match="gone.*no finished records"):
        evaluate.run(checkpoint=[str(run.folder)])


def test_borrowed_networks(toy, tmp_path, only_scores, capsys):
    """A run that borrowed its teacher still finds it in the other run."""
    run = Run(tmp_path / "run")
    start(run, toy, teacher=toy.run.folder)
    evaluate.run(checkpoint=[str(run.folder)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[3].startswith("Two-stream")


def test_networks_of_another_flow_are_refused(
    copied_run, other_flow, only_scores
):
    dataset = other_flow("solver X")
    before = copied_run.results_path.read_bytes()
    with pytest.raises(UserError, match="'solver X' in .*records by solver X"):
        evaluate.run(
            checkpoint=[str(copied_run.folder)], data=str(dataset.folder)
        )
    assert copied_run.results_path.read_bytes() == before


def test_networks_of_another_flow_that_is_accepted(
    toy, copied_run, other_flow, only_scores
):
    dataset = other_flow("solver X")
    evaluate.run(
        checkpoint=[str(copied_run.folder)],
        data=str(dataset.folder),
        allow_flow_mismatch=True,
    )
    results = copied_run.read_results()
    assert results["flow_mismatch"] == {
        str(copied_run.folder): toy.dataset().flow,
        str(dataset.folder): dataset.flow,
    }
    assert results["flow"] == dataset.flow
    # On its own records all is well, as before.
    evaluate.run(checkpoint=[str(copied_run.folder)])
    assert copied_run.read_results()["flow_mismatch"] is None


def test_what_was_accepted_once_does_not_open_the_door(
    toy, tmp_path, other_flow, only_scores
):
    """A run with a teacher of another flow; then records of a third."""
    run = Run(tmp_path / "run")
    accepted = {"a": toy.dataset().flow, "b": {}}
    start(run, toy, teacher=toy.run.folder, flow_mismatch=accepted)
    evaluate.run(checkpoint=[str(run.folder)])
    assert run.read_results()["flow_mismatch"] == accepted
    with pytest.raises(UserError, match="'solver Y'"):
        evaluate.run(
            checkpoint=[str(run.folder)],
            data=str(other_flow("solver Y").folder),
        )


def test_a_baseline_has_no_flow_to_differ(
    toy, tmp_path, other_flow, only_scores, capsys
):
    run = Run(tmp_path / "run")
    start(run, toy)
    (run.folder / "checkpoints").mkdir()
    run.checkpoints("baseline").symlink_to(toy.run.checkpoints("baseline"))
    run.costs("baseline").symlink_to(toy.run.costs("baseline"))
    for split in toy.dataset().splits:
        path = toy.run.scores("baseline", split)
        run.scores("baseline", split).symlink_to(path)
    evaluate.run(
        checkpoint=[str(run.folder)], data=str(other_flow("solver X").folder)
    )
    assert "RGB (baseline)" in capsys.readouterr().out


@pytest.mark.large
def test_evaluate_by_other_views(toy, copied_run):
    """2 clips x 3 crops of 5 of 5 frames, then one of 6, for which all are
    short; the copy's networks are restored and not trained.
    """
    before = copied_run.read_results()["metrics"]
    settings = ["clips=2", "evaluation.crops=3", "clip_frames=5"]
    evaluate.run(checkpoint=[str(copied_run.folder)], settings=settings)
    results = copied_run.read_results()
    assert results["protocol"].startswith(
        "2 clips (from the beginning to the end) x 3 crops x 5 frames at 25 "
        "fps, mean of the soft-max scores; "
        "bare"
    )
    assert results["recipe"]["evaluation"] == {
        "clips": 2,
        "crops": 3,
        "clip_frames": 5,
    }
    assert results["metrics"].keys() == before.keys()
    evaluate.run(
        checkpoint=[str(copied_run.folder)], settings=["clip_frames=6"]
    )
    assert copied_run.read_results()["protocol"].startswith(
        "1 clip x 1 centre crop x 6 frames at 25 fps; 8 of 8 videos of "
        "same_colours are shorter and begin again at their end; 8 of 8 videos "
        "of shuffled_colours"
    )
    evaluate.run(checkpoint=[str(copied_run.folder)])
    again = copied_run.read_results()["metrics"]
    for name, entry in before.items():
        if "top" in name:
            assert again[name] == entry


@pytest.mark.large
def test_results_in_a_file(copied_run, tmp_path, capsys):
    """The run's own results, scores included, stay as they are."""
    before = copied_run.results_path.read_bytes()
    scores = copied_run.scores("student", "train").read_bytes()
    out = tmp_path / "two.json"
    evaluate.run(
        checkpoint=[str(copied_run.folder)], settings=["clips=2"], out=str(out)
    )
    assert json.loads(out.read_text())["recipe"]["evaluation"]["clips"] == 2
    assert f"results: {out}" in capsys.readouterr().out
    assert copied_run.results_path.read_bytes() == before
    assert copied_run.scores("student", "train").read_bytes() == scores
    aside = copied_run.folder / "evaluations" / "two"
    assert (aside / "results.json").read_bytes() == out.read_bytes()


def test_results_of_one_run_are_json(toy):
    with pytest.raises(UsageError, match="a file such as RESULTS.json"):
        evaluate.run(checkpoint=[str(toy.run.folder)], out="folder")


def test_evaluate_changes_nothing_but_views(toy, only_scores):
    with pytest.raises(UsageError, match="cannot change clip.size"):
        evaluate.run(checkpoint=[str(toy.run.folder)], settings=["clip.size=8"])


def test_an_unfinished_fine_tuning_goes_on_by_its_own_mode(toy, tmp_path):
    run = Run(tmp_path / "run")
    start(run, toy, finetuned=True)
    with pytest.raises(UserError, match="start --mode=finetune --run_dir"):
        evaluate.run(checkpoint=[str(run.folder)])
    with pytest.raises(UserError, match="start --mode=finetune --run_dir"):
        export.run(checkpoint=str(run.folder))


@pytest.mark.large
def test_data_of_another_frame_rate(copied_run, other_data, capsys):
    """The protocol tells that of the data, and a line tells the difference."""
    path = Path(other_data) / "dataset.json"
    info = json.loads(path.read_text())
    info["recipe"]["data"]["frame_rate"] = 12.5
    path.write_text(sealed(info))
    evaluate.run(checkpoint=[str(copied_run.folder)], data=other_data)
    assert capsys.readouterr().out.startswith(
        f"warning: {copied_run.folder} knows videos of 25 frames per second, "
        "these records have 12.5.\n"
    )
    folder = copied_run.folder / "evaluations" / "other-feedbeef"
    protocol = json.loads((folder / "results.json").read_text())["protocol"]
    assert protocol.startswith("1 clip x 1 centre crop x 4 frames at 12.5 fps")


@pytest.mark.large
def test_evaluate_and_visualize_on_test_videos_alone(copied_run, other_data):
    """A benchmark's test set, for one, comes without training videos."""
    path = Path(other_data) / "dataset.json"
    info = json.loads(path.read_text())
    del info["splits"]["train"]
    path.write_text(sealed(info))
    evaluate.run(checkpoint=[str(copied_run.folder)], data=other_data)
    folder = copied_run.folder / "evaluations" / "other-feedbeef"
    metrics = json.loads((folder / "results.json").read_text())["metrics"]
    ours = copied_run.read_results()["metrics"]
    assert metrics["student/top1"] == ours["student/top1"]
    assert "student/train_top1" not in metrics
    visualize.run(checkpoint=str(copied_run.folder), data=other_data)
    assert "&ndash;" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"metrics": 1}', b"\xff\xfe", b"null"]
)
def test_damaged_results_are_made_again(
    copied_run, only_scores, content, capsys
):
    """By evaluate, from the scores; before, visualize says so."""
    path = copied_run.results_path
    before = copied_run.read_results()["metrics"]
    path.write_bytes(content)
    again = f"--mode=evaluate --checkpoint={copied_run.folder} makes it again"
    with pytest.raises(UserError, match=f"{path} is damaged .*: {again}"):
        visualize.run(checkpoint=str(copied_run.folder))
    evaluate.run(checkpoint=[str(copied_run.folder)])
    shown = capsys.readouterr().out
    assert shown.startswith(f"warning: {path} is damaged ")
    assert "set aside as damaged-results.json.\n" in shown
    assert copied_run.read_results()["metrics"] == before
    aside = copied_run.folder / "damaged-results.json"
    assert aside.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("student.json", lambda path: path.write_bytes(b'{"dataset": "')),
        ("student-same_colours.npz", spoil),
        *(
            pytest.param(name, fault, marks=pytest.mark.large)
            for name, fault in (
                ("student.json", lambda path: path.write_text("{}")),
                ("student-same_colours.npz", lambda p: p.write_bytes(b"")),
                ("student-same_colours.npz", lambda path: path.unlink()),
                (  # Scores that are right, of other videos.
                    "student-same_colours.npz",
                    lambda path: path.write_bytes(
                        path.with_name(
                            "student-shuffled_colours.npz"
                        ).read_bytes()
                    ),
                ),
            )
        ),
    ],
)
def test_damaged_scores_are_made_again(toy, copied_run, name, fault, capsys):
    fault(copied_run.folder / "scores" / name)
    evaluate.run(checkpoint=[str(copied_run.folder)])
    shown = capsys.readouterr().out
    assert "warning: " in shown and name in shown
    assert "D3D (student) is scored again.\n" in shown
    ours, before = (r.read_results()["metrics"] for r in (copied_run, toy.run))
    for metric, entry in before.items():
        if not metric.endswith("ms_per_video"):
            assert ours[metric] == entry, metric
    capsys.readouterr()
    evaluate.run(checkpoint=[str(copied_run.folder)])
    assert "warning" not in capsys.readouterr().out
