"""Signatures: canonical bytes by the standard's own examples, keys on disk, and what breaks them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from facelab.deploy import TunedConfig, read_tuned, write_tuned
from facelab.deploy.signature import (
    canonical_bytes,
    config_id,
    key_id,
    new_keys,
    private_key,
    public_key,
    signed,
    signed_bytes,
    signer_of,
)
from facelab.errors import BadInput


@pytest.fixture
def key() -> Ed25519PrivateKey:
    """The first test key of RFC 8032, section 7.1."""
    return Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )


def test_canonical_json_is_that_of_rfc_8785() -> None:
    """The example of its section 3.2.2, with the numbers of its appendix B."""
    given = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "string": "\u20ac$\u000f\nA'B\"\\\\\"/",
             "literals": [None, True, False]}  # fmt: skip
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_bytes(given).decode() == expected


def test_a_number_without_canonical_form_is_refused() -> None:
    with pytest.raises(BadInput, match="no canonical JSON"):
        canonical_bytes({"x": float("inf")})


def test_the_public_key_is_that_of_rfc_8032(key: Ed25519PrivateKey) -> None:
    raw = key.public_key().public_bytes_raw().hex()
    assert raw == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert len(key_id(key.public_key())) == 64


def test_what_is_signed_survives_the_file_and_names_its_signer(
    config: TunedConfig, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    write_tuned(tmp_path / "t.json", signed(config, key))
    assert signer_of(read_tuned(tmp_path / "t.json"), [key.public_key()]) == key_id(key.public_key())


def test_the_signature_is_outside_of_what_is_signed(config: TunedConfig, key: Ed25519PrivateKey) -> None:
    done = signed(config, key)
    assert signed_bytes(done) == signed_bytes(config)
    assert config_id(done) == config_id(config)
    assert signed(done, key) == done


def test_any_change_breaks_the_signature(config: TunedConfig, key: Ed25519PrivateKey) -> None:
    done = signed(config, key)
    changed = done.model_copy(update={"title": "another terminal"})
    with pytest.raises(BadInput, match="changed since"):
        signer_of(changed, [key.public_key()])


def test_a_key_that_is_not_trusted_signs_for_nobody(config: TunedConfig, key: Ed25519PrivateKey) -> None:
    assert signer_of(signed(config, key), [Ed25519PrivateKey.generate().public_key()]) is None
    assert signer_of(config, [key.public_key()]) is None


def test_new_keys_are_for_their_owner_and_are_never_overwritten(tmp_path: Path, config: TunedConfig) -> None:
    private, public = new_keys(tmp_path, "ours")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert signer_of(signed(config, private_key(private)), [public_key(public)]) is not None
    with pytest.raises(BadInput, match="never overwritten"):
        new_keys(tmp_path, "ours")


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a\\b"])
def test_a_key_is_called_by_a_plain_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="plain word"):
        new_keys(tmp_path, name)


def test_wrong_key_files_are_told_apart(tmp_path: Path) -> None:
    private, public = new_keys(tmp_path, "k")
    with pytest.raises(BadInput, match="holds a private key"):
        public_key(private)
    with pytest.raises(BadInput, match="other users may read"):
        private_key(public)
    (tmp_path / "junk").write_text("no key")
    (tmp_path / "junk").chmod(0o600)
    with pytest.raises(BadInput, match="no private key"):
        private_key(tmp_path / "junk")
    with pytest.raises(BadInput, match="no public key"):
        public_key(tmp_path / "junk")
    with pytest.raises(BadInput, match="no such key file"):
        public_key(tmp_path / "absent")
    other = rsa.generate_private_key(65537, 2048)
    pem = other.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "rsa.pub").write_bytes(pem)
    with pytest.raises(BadInput, match="another kind than Ed25519"):
        public_key(tmp_path / "rsa.pub")
    (tmp_path / "large").write_bytes(b"x" * 20_000)
    with pytest.raises(BadInput, match="too large"):
        public_key(tmp_path / "large")


def test_an_edit_of_the_file_by_hand_is_noticed(config: TunedConfig, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    """One digit of one count, changed together with its rate so that the file stays consistent."""
    path = tmp_path / "t.json"
    write_tuned(path, signed(config, key))
    said = json.loads(path.read_text())
    rate = said["operating_point"]["fnir"]
    rate["errors"], rate["rate"] = 0, 0.0
    path.write_text(json.dumps(said))
    with pytest.raises(BadInput, match="changed since"):
        signer_of(read_tuned(path), [key.public_key()])
