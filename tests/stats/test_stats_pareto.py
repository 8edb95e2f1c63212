"""Generalised Pareto: scipy as the oracle of fit and survival, Anderson-Darling against its definition."""

import numpy as np
import pytest
from scipy.stats import genpareto, goodness_of_fit

from facelab.stats import pareto


@pytest.mark.parametrize("shape", [-0.4, -0.1, 0.0, 0.3])
def test_survival_and_its_inverse_agree_with_scipy(shape):
    y = np.linspace(0.01, 3, 40)
    np.testing.assert_allclose(pareto.survival(y, shape, 1.3), genpareto(shape, scale=1.3).sf(y), atol=1e-12)
    s = np.array([0.9, 0.1, 1e-6])
    np.testing.assert_allclose(pareto.survival(pareto.excess_at(s, shape, 1.3), shape, 1.3), s, rtol=1e-9)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4])
def test_the_fit_is_scipy_s_maximum_likelihood_fit(shape):
    y = genpareto(shape, scale=0.05).rvs(400, random_state=3)
    ours = pareto.fitted(y[None, :])
    theirs = genpareto.fit(y, floc=0)
    best = genpareto(ours[0][0], scale=ours[1][0]).logpdf(y).sum()
    assert best >= genpareto(theirs[0], scale=theirs[2]).logpdf(y).sum() - 1e-3
    assert (ours[0][0], ours[1][0]) == pytest.approx((theirs[0], theirs[2]), abs=5e-3)


def test_many_samples_are_fitted_as_one_by_one_and_the_unit_does_not_matter():
    y = genpareto(0.1).rvs((5, 200), random_state=1)
    shape, scale = pareto.fitted(y)
    for row in range(5):
        one = pareto.fitted(1000 * y[row : row + 1])
        assert (one[0][0], one[1][0]) == pytest.approx((shape[row], 1000 * scale[row]), rel=1e-5, abs=1e-6)


def test_an_end_that_piles_up_is_held_at_the_least_regular_shape():
    y = np.random.default_rng(0).random(500)
    assert pareto.fitted(y[None, :])[0][0] == pytest.approx(pareto.LEAST_SHAPE, abs=0.01)


def test_anderson_darling_agrees_with_scipy():
    y = genpareto(0.1).rvs(60, random_state=5)
    known = goodness_of_fit(
        genpareto, y, known_params={"c": 0.1, "loc": 0, "scale": 1}, statistic="ad", n_mc_samples=9, rng=1
    )
    assert pareto.anderson_darling(y[None, :], np.array([0.1]), np.array([1.0]))[0] == pytest.approx(known.statistic)


def test_log_likelihood_and_its_derivatives_agree_with_scipy_and_with_the_maximum():
    y = genpareto(-0.2, scale=2).rvs(300, random_state=2)
    value = pareto.log_likelihood(y, np.array([-0.2, 0.0, 0.1, -2.0]), np.array([2.0, 1.5, 1.0, 0.1]))
    expected = [genpareto(c, scale=s).logpdf(y).sum() for c, s in ((-0.2, 2), (0, 1.5), (0.1, 1))]
    np.testing.assert_allclose(value[:3], expected)
    assert np.isneginf(value[3])
    shape, scale = (v[0] for v in pareto.fitted(y[None, :]))
    scores, information = pareto.scores_and_information(y, shape, np.log(scale))
    assert np.abs(scores.sum(axis=0)).max() < 1e-2
    np.testing.assert_allclose(information[1, 1] / len(y), 1 / (1 + 2 * shape), rtol=0.2)
    assert np.linalg.eigvalsh(information).min() > 0
