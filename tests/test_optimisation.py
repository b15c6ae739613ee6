"""How a training walks: learning rate, moving average, precision, and when it stops."""

from pathlib import Path

import pytest
import torch

from training.optimisation import Patience, chosen_precision, learning_rate, moving_average
from training.settings import LoopSettings
from training.validation import out_of_balance


def test_training_stops_when_the_validation_loss_has_settled() -> None:
    patience = Patience(2)
    assert [patience.over(loss) for loss in (5.0, 4.0, 3.99, 3.5, 3.5, 3.499)] == [False] * 5 + [True]
    never = Patience(0)
    assert not any(never.over(1.0) for _ in range(9))


def test_patience_goes_on_where_a_stopped_training_was() -> None:
    whole, first, second = Patience(3), Patience(3), Patience(3)
    losses = (5.0, 4.0, 4.0, 4.1, 4.2)
    said = [whole.over(loss) for loss in losses]
    for loss in losses[:3]:
        first.over(loss)
    second.load(first.state())
    assert [second.over(loss) for loss in losses[3:]] == said[3:] == [False, True]


def test_losses_out_of_balance_are_said() -> None:
    assert "style outweighs" in out_of_balance({"content": 0.1, "style": 9.0})
    assert "content outweighs" in out_of_balance({"content": 9.0, "style": 0.1})
    assert out_of_balance({"content": 2.0, "style": 3.0}) == ""


def test_the_moving_average_follows_by_hand() -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    average = moving_average(network, 0.9)
    expected = 0.0
    for step, value in enumerate((1.0, 2.0, 4.0)):
        torch.nn.init.constant_(network.weight, value)
        average.update_parameters(network)
        expected = value if step == 0 else expected + (1 - (1 + step) / (10 + step)) * (value - expected)
        assert average.module.get_parameter("weight").item() == pytest.approx(expected)


def test_the_precision_is_chosen_and_said() -> None:
    assert chosen_precision("32-true", "cpu") == ("32-true", "32-true")
    chosen, words = chosen_precision("auto", "cpu")
    assert chosen in ("bf16-mixed", "32-true") and chosen in words and "processor" in words


def test_the_learning_rate_rises_then_falls() -> None:
    settings = LoopSettings(Path())
    rates = [learning_rate(settings, step, 100) for step in range(100)]
    assert rates[0] < rates[19] and rates[19] > rates[50] > rates[99] > 0
    constant = LoopSettings(Path(), schedule="constant")
    assert learning_rate(constant, 99, 100) == settings.lr
