"""Optuna's search for the best settings: asks for points, is told what they gave, keeps no secret.

The search is seeded and asks for as many points at once as are measured at once, so the same call gives the same
points. It lives in memory unless it is given a file of its own, from which it goes on the next time.
"""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput
from facelab.experiments.sweep_space import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from facelab.experiments.objective import Objective

WORST = 1e9


class Search:
    """A search over `space` for what `objective` calls best.

    Parameters
    ----------
    space : mapping of str to Range or sequence
        What may be chosen for each setting.
    objective : Objective
        What is best.
    seed : int
        Of the sampler.
    storage : Path, optional
        A file of the search's own; in memory where there is none. What it holds counts as done.

    Raises
    ------
    BadInput
        The file is no search of Optuna.
    """

    def __init__(
        self,
        space: Mapping[str, Range | Sequence[Any]],
        objective: Objective,
        *,
        seed: int = 1,
        storage: Path | None = None,
    ) -> None:
        import optuna

        self.space, self.objective = dict(space), objective
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=seed)
        with _quiet():
            try:
                self._study = optuna.create_study(
                    sampler=sampler,
                    storage=None if storage is None else f"sqlite:///{storage.resolve()}",
                    study_name=str(objective),
                    load_if_exists=True,
                )
            except Exception as error:  # noqa: BLE001  (SQLAlchemy's and Optuna's own, one for each kind of wrong file)
                first = (str(error).strip().splitlines() or [type(error).__name__])[0]
                raise BadInput(f"this is no search of Optuna ({first[:200]})", place=str(storage)) from None
        self._open: dict[int, Any] = {}

    @property
    def done(self) -> int:
        """How many points were told, in this call and, where the search has a file, before."""
        with _quiet():
            return sum(trial.state.is_finished() for trial in self._study.get_trials(deepcopy=False))

    def ask(self, number: int) -> dict[str, Any]:
        """The settings of the next point, which is called `number` until it is told."""
        with _quiet():
            trial = self._study.ask()
            self._open[number] = trial
            return {name: _suggested(trial, name, values) for name, values in self.space.items()}

    def tell(self, number: int, values: Mapping[str, float | None]) -> None:
        """What point `number` gave, by the names that the objective uses; nothing where it could not be measured."""
        trial = self._open.pop(number)
        excess = [limit.excess(values) for limit in self.objective.limits]
        loss = self.objective.loss(values)
        with _quiet():
            for limit, beyond in zip(self.objective.limits, excess):
                trial.set_constraint(str(limit), beyond if math.isfinite(beyond) else WORST)
            self._study.tell(trial, loss if math.isfinite(loss) else WORST)


def _suggested(trial: Any, name: str, values: Range | Sequence[Any]) -> Any:
    """What `trial` chooses for the setting `name`."""
    if not isinstance(values, Range):
        # Optuna takes plain values only; a list is chosen by its place
        return values[trial.suggest_int(name, 0, len(values) - 1)]
    if values.whole:
        return trial.suggest_int(name, int(values.low), int(values.high), log=values.log)
    return trial.suggest_float(name, values.low, values.high, log=values.log)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's notices about features that may change, and SQLAlchemy's, off the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
