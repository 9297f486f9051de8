"""Options: declared once, the same on the command line and in Python, wrong values refused before anything is read."""

import inspect
from functools import partial
from pathlib import Path

import pytest

from dcase_explore import explore, load, report, show
from dcase_explore.asking import asked, declared, from_words
from dcase_explore.errors import ExploreError
from dcase_explore.options import Options, ReportOptions, RowOptions, TableOptions


def test_what_is_not_given_is_the_default() -> None:
    assert asked(Options) == Options()
    assert from_words(Options, data=None, class_name=None, scores=None, layout=None) == Options()


def test_one_name_or_source_stands_for_a_list_of_it() -> None:
    assert asked(RowOptions, data=Path("here"), class_name="valve") == asked(
        RowOptions, data=["here"], class_name=["valve"]
    )


def test_words_and_values_give_the_same() -> None:
    words = from_words(TableOptions, data=["x"], scores=["mine=a.csv"], class_name=["fan", "valve"])
    assert words == asked(TableOptions, data="x", scores={"mine": "a.csv"}, class_name=["fan", "valve"])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"audio": "sometimes"}, "there is no audio sometimes: there are lazy, all, none"),
        ({"split": "trian"}, "there is no split trian: did you mean train?"),
        ({"domain": "Source"}, "did you mean source?"),
        ({"limit": 0}, "limit takes 1 at least, not 0"),
        ({"limit": 2.5}, "limit takes a whole number, not 2.5"),
        ({"limit": True}, "limit takes a whole number, not True"),
        ({"scores": "mine.csv"}, "scores: give each a name, as in scores={'mine': str}"),
        ({"layout": 3}, "layout takes a name or a path, not 3"),
        ({"strict_layout": "yes"}, "strict_layout takes True or False"),
    ],
)
@pytest.mark.parametrize("call", [show])
def test_a_wrong_value_is_refused_before_anything_is_read(call, given: dict[str, object], sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ExploreError, match=f".*{sentence[:20]}") as refused:
        call("/nowhere at all", **given)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("call", [load, explore, show, partial(report, "/tmp/report.html")])
def test_an_option_that_is_not_there_is_named_with_the_nearest(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match="there is no option clas_name: did you mean class_name"):
        call("/nowhere at all", clas_name="valve")


@pytest.mark.parametrize(
    ("call", "kind"), [(load, RowOptions), (explore, RowOptions), (show, Options), (report, ReportOptions)]
)
def test_signature_and_text_of_each_call_hold_every_option(call, kind: type[RowOptions]) -> None:  # type: ignore[no-untyped-def]
    names = list(inspect.signature(call).parameters)
    for one in declared(kind)[1:]:
        assert one.name in names
        assert f"    {one.name} : " in call.__doc__
        assert one.option.help.split()[0] in call.__doc__
    assert "{options}" not in call.__doc__
