"""Answers: dicts, attributes, both spellings, one of them printed."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from zehrava_gate import Answer, GateError, GateFailedError, GateOptionError, GatePendingError, Proposal


def test_a_member_is_read_as_item_and_attribute_under_both_spellings() -> None:
    answer = Proposal({"intentId": "int_1", "reason_code": "ok"})
    assert answer["intentId"] == answer["intent_id"] == answer.intent_id == answer.intentId == "int_1"
    assert answer["reasonCode"] == answer.reason_code == answer.get("reasonCode") == "ok"
    assert "intent_id" in answer
    assert "reasonCode" in answer


def test_of_two_spellings_with_one_value_the_first_is_kept_and_printed() -> None:
    answer = Answer({"riskScore": 0.35, "risk_score": 0.35, "a_b": 1, "aB": 2})
    assert list(answer) == ["riskScore", "a_b", "aB"]
    assert answer["risk_score"] == 0.35
    assert (answer["a_b"], answer["aB"]) == (1, 2)
    assert json.loads(json.dumps(answer)) == {"riskScore": 0.35, "a_b": 1, "aB": 2}


def test_an_absent_member_is_an_error_that_says_which_there_are() -> None:
    answer = Answer({"status": "approved"})
    with pytest.raises(KeyError, match="state"):
        answer["state"]
    with pytest.raises(AttributeError, match=r"'state'.*status"):
        _ = answer.state
    assert answer.get("state", 1) == 1
    assert not answer.__contains__(1)
    assert not hasattr(answer, "__wrapped__")


def test_an_answer_is_a_dict_that_copies_and_pickles() -> None:
    answer = Proposal({"intentId": "int_1", "nested": Answer({"aB": [1]})})
    copies: list[Any] = [copy.deepcopy(answer), copy.copy(answer), pickle.loads(pickle.dumps(answer))]
    for other in copies:
        assert other == {"intentId": "int_1", "nested": {"aB": [1]}}
        assert other.intent_id == "int_1"
        assert type(other) is Proposal
    assert "intent_id" in dir(answer)


@pytest.mark.parametrize("kind", [GateError, GateOptionError, GatePendingError, GateFailedError])
def test_an_error_survives_another_process(kind: type[GateError]) -> None:
    error = kind("it failed", 409, {"a": 1}, code="x", remedy="Do this.", links={"self": "u"}, retry_after=2.0)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.status, again.body, again.code) == ("it failed", 409, {"a": 1}, "x")
    assert str(again) == "it failed. Do this."
    assert again.args == ("it failed",)


def test_the_contract_s_error_is_made_of_message_status_and_body() -> None:
    error = GateError("HTTP 409", 409, {"status": "duplicate_blocked"})
    assert (str(error), error.status, error.body) == ("HTTP 409", 409, {"status": "duplicate_blocked"})
