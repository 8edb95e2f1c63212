"""Evaluations: a scenario, its chain of notebooks, and the MLflow run that keeps what came out.

The only importers of mlflow and papermill are here, and they do so late.
"""
