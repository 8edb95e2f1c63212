"""The tuned config: a threshold with its proof, written, read and checked."""

from facelab.deploy.tuned_config import SCHEMA_VERSION, TunedConfig, read_tuned, tuned_schema, write_tuned

__all__ = ["SCHEMA_VERSION", "TunedConfig", "read_tuned", "tuned_schema", "write_tuned"]
