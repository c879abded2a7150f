from trackbook.domain.reproduction import Check, decide


def test_what_could_not_be_compared_is_told_with_the_verdict() -> None:
    held = [Check("status", "status", "holds"), Check("metric", "loss", "holds")]
    assert decide("finished", "finished", held) == ("reproduced", "1 metric is as recorded.")
    left = [Check("artifact", "model.pkl", "not_compared"), Check("output", "cell 3", "not_compared")]
    assert decide("finished", "finished", [*held, *left]) == (
        "reproduced",
        "1 metric is as recorded. 1 artifact and 1 cell's outputs could not be compared.",
    )
    assert decide("finished", "finished", [held[0], *left])[0] == "not_comparable"
