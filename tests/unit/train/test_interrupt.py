"""Signals become a flag for a while; a second one ends the process at once."""

import os
import signal
import threading

import pytest

from dimts.train.interrupt import deferred


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_flag_and_a_second_one_ends(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with deferred() as stop:
        assert not stop.asked
        os.kill(os.getpid(), number)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_handlers_come_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError), deferred():
        raise RuntimeError
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_cannot_and_need_not() -> None:
    asked: list[bool] = []

    def work() -> None:
        with deferred() as stop:
            asked.append(stop.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]
