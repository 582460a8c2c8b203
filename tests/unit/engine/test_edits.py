"""Edits of a workflow file: what each does, that none breaks it, and that every one can be taken back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine import edits
from workflows.engine.edits.merge import MISSING
from workflows.engine.spec import END


def file(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": "demo", "name": "Demo", "steps": list(steps), **more}


A, B, C = ({"key": key, "action": "set_field"} for key in "abc")
ROUTE: dict[str, Any] = {"key": "route", "choose": [{"when": {"contact.score": 1}, "go": "b"}, {"else": "c"}]}


def keys(document: dict[str, Any]) -> list[str]:
    return [step["key"] for step in document["steps"]]


@pytest.mark.parametrize(
    ("edit", "order"),
    [
        (edits.AddStep({"key": "n"}), ["n", "a", "b", "c"]),
        (edits.AddStep({"key": "n"}, after="b"), ["a", "b", "n", "c"]),
        (edits.RemoveStep("b"), ["a", "c"]),
        (edits.MoveStep("c", after=None), ["c", "a", "b"]),
        (edits.MoveStep("a", after="c"), ["b", "c", "a"]),
        (edits.MoveStep("a", after="a"), ["a", "b", "c"]),
        (edits.RenameStep("b", "beta"), ["a", "beta", "c"]),
        (edits.Connect("a", "c"), ["a", "c", "b"]),
        (edits.Several((edits.RemoveStep("a"), edits.MoveStep("c", after=None))), ["c", "b"]),
    ],
)
def test_steps_stand_where_the_edit_puts_them(edit: edits.Edit, order: list[str]) -> None:
    assert keys(edit.apply(file(A, B, C))) == order


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (edits.AddStep({"key": "a"}), "taken"),
        (edits.AddStep({"name": "no key"}), "needs a key"),
        (edits.AddStep({"key": END}), "taken"),
        (edits.RemoveStep("x"), "no step x any more"),
        (edits.MoveStep("a", after="x"), "no step x any more"),
        (edits.RenameStep("a", "b"), "taken"),
        (edits.RenameStep("a", END), "not the word end"),
        (edits.Connect("a", "a"), "to itself"),
        (edits.Connect("a", END), "only a branch"),
        (edits.Disconnect("a", "b"), "move it instead"),
        (edits.Disconnect("route", "c"), "Everyone else"),
    ],
)
def test_what_cannot_be_done_says_why(edit: edits.Edit, says: str) -> None:
    with pytest.raises(edits.CannotEdit, match=says):
        edit.apply(file(ROUTE, A, B, C))


def test_taking_a_step_out_leads_its_ways_to_the_next() -> None:
    after = edits.RemoveStep("b").apply(file(ROUTE, B, C))
    assert after["steps"][0]["choose"] == [{"when": {"contact.score": 1}, "go": "c"}, {"else": "c"}]
    assert edits.RemoveStep("c").apply(after)["steps"][0]["choose"][-1] == {"else": END}


def test_taking_a_step_out_of_a_map_joins_what_was_around_it() -> None:
    after = edits.RemoveStep("b").apply(file(A, B | {"after": ["a"]}, C | {"after": ["b"]}, map_only=True))
    assert after["steps"][1]["after"] == ["a"]


def test_a_renamed_step_is_found_by_ways_and_criteria() -> None:
    approve = {"key": "ask", "approve": {"team": "ops", "else": "c"}}
    document = file(ROUTE, B, approve, C | {"after": ["b"]}, success=[{"says": "x", "to": {"step": "c"}}])
    after = edits.Several((edits.RenameStep("c", "z"), edits.RenameStep("b", "y"))).apply(document)
    assert after["steps"][0]["choose"] == [{"when": {"contact.score": 1}, "go": "y"}, {"else": "z"}]
    assert after["steps"][2]["approve"]["else"] == "z"
    assert after["steps"][3]["after"] == ["y"]
    assert after["success"][0]["to"] == {"step": "z"}


def test_a_branch_gets_its_new_way_before_that_of_everyone_else() -> None:
    after = edits.Connect("route", END).apply(file(ROUTE, B, C))
    assert [way.get("go", way.get("else")) for way in after["steps"][0]["choose"]] == ["b", END, "c"]
    assert edits.Disconnect("route", END).apply(after) == file(ROUTE, B, C)


def test_steps_of_a_map_are_connected_without_being_moved() -> None:
    document = file(A, B | {"after": []}, C | {"after": ["a"]}, map_only=True)
    after = edits.Connect("b", "c").apply(document)
    assert (keys(after), after["steps"][2]["after"]) == (["a", "b", "c"], ["a", "b"])
    assert edits.Disconnect("b", "c").apply(after) == document


def test_fields_are_set_and_taken_out_with_what_they_leave_empty() -> None:
    document = file(A)
    after = edits.SetField("a", ("guards", "limit", "at_most"), 2).apply(document)
    assert after["steps"][0]["guards"] == {"limit": {"at_most": 2}}
    assert edits.SetField("a", ("guards", "limit", "at_most"), MISSING).apply(after) == document
    assert edits.SetField(None, ("name",), "Other").apply(document)["name"] == "Other"
    assert edits.SetField("a", ("key",), "z").apply(document)["steps"][0]["key"] == "z"


def test_steps_without_keys_are_left_to_the_file() -> None:
    with pytest.raises(edits.CannotEdit, match="no key"):
        edits.MoveStep("a", None).apply(file({"action": "x"}, A))


# -- any sequence of edits ---------------------------------------------------------------------------------------------

KEYS = st.sampled_from("abcdefg")
TARGETS = KEYS | st.just(END)
VALUES = st.sampled_from([MISSING, "x", "y", 1, True, ["p"], {"a": 1}])
PATHS = st.sampled_from([("owner",), ("guards", "consent"), ("guards", "limit", "per"), ("when",)])
STEPS = st.one_of(
    st.builds(lambda key: {"key": key, "action": "set_field"}, KEYS),
    st.builds(
        lambda key, go, rest: {"key": key, "choose": [{"when": {"x": 1}, "go": go}, {"else": rest}]},
        KEYS,
        st.just(END),
        st.just(END),
    ),
)
EDITS: st.SearchStrategy[edits.Edit] = st.one_of(
    st.builds(edits.AddStep, STEPS, after=KEYS | st.none()),
    st.builds(edits.RemoveStep, KEYS),
    st.builds(edits.MoveStep, KEYS, after=KEYS | st.none()),
    st.builds(edits.RenameStep, KEYS, KEYS),
    st.builds(edits.Connect, KEYS, TARGETS),
    st.builds(edits.Disconnect, KEYS, TARGETS),
    st.builds(edits.SetField, KEYS, PATHS, VALUES),
)


def is_well_formed(document: dict[str, Any]) -> bool:
    names = keys(document)
    ways = [way for step in document["steps"] for way in step.get("choose", ())]
    ends = [way.get("go", way.get("else")) for way in ways]
    ends += [key for step in document["steps"] for key in step.get("after", ())]
    return len(set(names)) == len(names) and set(ends) <= {*names, END}


@settings(max_examples=300, deadline=None)
@given(st.lists(EDITS, max_size=12), st.booleans())
def test_any_sequence_keeps_the_document_well_formed_and_every_edit_can_be_taken_back(
    made: list[edits.Edit], map_only: bool
) -> None:
    document = file(A, ROUTE | {"choose": [{"when": {"x": 1}, "go": "c"}, {"else": END}]}, C, map_only=map_only)
    for edit in made:
        before = document
        try:
            document = edit.apply(before)
        except edits.CannotEdit:
            continue
        assert is_well_formed(document)
        assert edit.says(before)
        assert edits.inverse(edit, before).apply(document) == before
        assert keys(edits.inverse(edit, before).apply(document)) == keys(before)


@settings(max_examples=300, deadline=None)
@given(st.lists(EDITS, max_size=4), st.lists(EDITS, max_size=4))
def test_merging_is_taking_the_one_side_where_the_other_did_nothing(
    mine: list[edits.Edit], theirs: list[edits.Edit]
) -> None:
    base = file(A, B, C)
    one, other = after_all(base, mine), after_all(base, theirs)
    assert edits.merge(base=base, mine=one, theirs=base) == edits.Merged(one, ())
    assert edits.merge(base=base, mine=base, theirs=other) == edits.Merged(other, ())
    assert edits.merge(base=base, mine=one, theirs=one) == edits.Merged(one, ())
    both = edits.merge(base=base, mine=one, theirs=other)
    swapped = edits.merge(base=base, mine=other, theirs=one, prefer="mine")
    assert len(both.clashes) == len(swapped.clashes)
    names = [step["key"] for step in both.document["steps"]]
    assert len(set(names)) == len(names)


def after_all(document: dict[str, Any], made: list[edits.Edit]) -> dict[str, Any]:
    for edit in made:
        try:
            document = edit.apply(document)
        except edits.CannotEdit:
            continue
    return document


# -- two people --------------------------------------------------------------------------------------------------------


def test_changes_of_different_fields_of_one_step_are_both_kept() -> None:
    base = file(A, B)
    mine = edits.SetField("a", ("owner",), "ana").apply(base)
    theirs = edits.Several((edits.SetField("a", ("guards", "consent"), "email"), edits.RemoveStep("b"))).apply(base)
    merged = edits.merge(base=base, mine=mine, theirs=theirs)
    assert merged.document == file(A | {"owner": "ana", "guards": {"consent": "email"}})
    assert merged.clashes == ()


def test_the_same_field_changed_twice_is_asked_with_both_texts() -> None:
    base = file(A | {"owner": "x"})
    mine, theirs = (edits.SetField("a", ("owner",), name).apply(base) for name in ("mine", "theirs"))
    merged = edits.merge(base=base, mine=mine, theirs=theirs)
    assert merged.clashes == (edits.Clash(("steps", "a", "owner"), "x", "mine", "theirs"),)
    assert merged.document == theirs
    assert edits.merge(base=base, mine=mine, theirs=theirs, prefer="mine").document == mine


def test_a_step_that_one_takes_out_and_the_other_changes_is_asked_as_a_whole() -> None:
    base = file(A, B)
    mine, theirs = edits.SetField("b", ("owner",), "x").apply(base), edits.RemoveStep("b").apply(base)
    merged = edits.merge(base=base, mine=mine, theirs=theirs, prefer="mine")
    assert merged.document == mine
    assert [clash.path for clash in merged.clashes] == [("steps", "b")]
    assert merged.clashes[0].theirs is MISSING


def test_steps_added_by_both_stand_behind_what_each_put_them_behind() -> None:
    base = file(A, B)
    mine, theirs = edits.AddStep({"key": "m"}, "a").apply(base), edits.AddStep({"key": "t"}, "b").apply(base)
    merged = edits.merge(base=base, mine=mine, theirs=theirs)
    assert (keys(merged.document), merged.clashes) == (["a", "m", "b", "t"], ())


def test_two_different_orders_are_asked() -> None:
    base = file(A, B, C)
    mine, theirs = edits.MoveStep("c", None).apply(base), edits.MoveStep("a", "c").apply(base)
    merged = edits.merge(base=base, mine=mine, theirs=theirs)
    assert (keys(merged.document), [clash.path[-1] for clash in merged.clashes]) == (["b", "c", "a"], ["order"])


def test_a_rule_is_taken_as_a_whole() -> None:
    base = file(A | {"when": {"x": 1}})
    mine, theirs = (edits.SetField("a", ("when",), {"x": 1, more: 2}).apply(base) for more in "yz")
    assert [clash.path for clash in edits.merge(base=base, mine=mine, theirs=theirs).clashes] == [
        ("steps", "a", "when")
    ]
