from worker.sandbox.quota import KeylessQuota


def test_thirty_calls_a_minute_are_allowed_and_the_next_minute_begins_anew() -> None:
    now = [600.0]
    quota = KeylessQuota(lambda: now[0])

    assert [quota.take() for _ in range(31)] == [True] * 30 + [False]
    now[0] = 659.9
    assert not quota.take()
    now[0] = 660
    assert quota.take()


def test_a_thousand_calls_a_day_are_allowed_and_the_next_day_begins_anew() -> None:
    now = [0.0]
    quota = KeylessQuota(lambda: now[0])
    allowed = 0
    for minute in range(50):
        now[0] = minute * 60.0
        allowed += sum(quota.take() for _ in range(30))

    assert allowed == 1000
    now[0] = 86_400
    assert quota.take()
